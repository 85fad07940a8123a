# SPDX-License-Identifier: GPL-2.0-or-later
# needs: qemu simhba
"""Logins on adapters: CHAP and redirection by PDUs, refusals by firmware, and the end of sessions that an adapter made"""
import subprocess
import time

from lib import *
from test_adapters import NAME, TO, make_iface

VM_TIME = 60
USER, SECRET, USER_IN, SECRET_IN = "bootuser", "bootsecret12", "simtarget", "simsecret999"  # tests/simhba/sim.h
KINDS = ["qla4xxx", "cxgb4i", "be2iscsi"]  # in the order of their host numbers
FLASH = "iqn.2024-01.org.example:sim-flash0"


def node_of(host, kind):
    node = f"-m node -T {NAME} -p {TO} -I {make_iface(host, kind)}"
    adm(node, "-o new", quiet=True)
    return node


def credentials(node, **settings):
    for key, value in settings.items():
        adm(node, ["-o", "update", "-n", f"node.session.auth.{key}", "-v", value], quiet=True)


def works(node):
    adm(node, "-l")
    write_and_compare(wait("its disk", 10, lambda: disks(logged_in()[0]))[0], 1)


def chap(node):
    """One-way and mutual; what is wrong is told as over software."""
    adm(node, "-l", quiet=True)
    adm(node, "-u", quiet=True)
    simhba_set(need_chap=1)
    adm(node, "-l", rc=24)
    credentials(node, authmethod="CHAP", username=USER, password=SECRET)
    works(node)
    sid = logged_in()[0]
    equal(get(f"/sys/class/iscsi_session/session{sid}/username"), USER, "who we are")
    simhba_log()
    simhba_do(f"conn_error {sid} 1011")
    wait("bound anew", 30, lambda: any("BIND_CONN" in line for line in simhba_log(clear=False)))
    wait("logged in anew", 30, lambda: get(f"/sys/class/iscsi_session/session{sid}/state") == "LOGGED_IN")
    adm(node, "-u", quiet=True)
    credentials(node, password="wrong-secret-0")
    adm(node, "-l", rc=24)
    credentials(node, password=SECRET, username_in=USER_IN, password_in=SECRET_IN)
    works(node)
    adm(node, "-u", quiet=True)
    credentials(node, password_in="wrong-secret-1")
    adm(node, "-l", rc=19)
    equal(sessions(), {}, "sessions left")
    simhba_set(need_chap=0)
    credentials(node, authmethod="None", username_in="", password_in="")


def redirect(node):
    simhba_set(redirect="10.66.0.201:3260")
    works(node)
    sid = logged_in()[0]
    equal([get(f"/sys/class/iscsi_connection/connection{sid}:0/{a}") for a in ("persistent_address", "address")],
          [TO, "10.66.0.201"], "where it should go, where it is")
    adm(node, "-u", quiet=True)
    simhba_set(redirect="none")


def firmware_refuses(node):
    """As often as the settings say, and no longer than somebody waits."""
    simhba_set(fail_login=0x0201)
    simhba_log()
    took = adm(node, "-l", rc=5, timeout=60).seconds
    tries = sum("START_CONN" in line for line in simhba_log())
    equal(tries, 8, "logins that the firmware was asked for")
    check(took < 30 * PATIENCE, f"{took} s for refusals")
    simhba_set(fail_login=0, no_answer=1)
    adm(node, "-o update -n node.conn[0].timeo.login_timeout -v 2", quiet=True)
    adm(node, "-o update -n node.session.initial_login_retry_max -v 3", quiet=True)
    took = adm(node, "-l", rc=8, timeout=60).seconds
    check(took < 12 * PATIENCE, f"{took} s for a firmware that is mute")
    simhba_set(no_answer=0)
    equal(sessions(), {}, "sessions left")


def adapters_own():
    """However it is named, the adapter ends it; beside it those of iscsid."""
    def own():
        adm("-m host -H 1 -C flashnode -x 2 -o login", quiet=True)
        return wait("its session", 10, lambda: [s for s in sessions() if get(sessions()[s] + "/creator") == "-1"])[0]
    for words in ("-m session -u", "-m node -u", f"-m node -T {FLASH} -u", "-m session -r {} -u", "-m session -r /sys/class/iscsi_session/session{} -u"):
        sid = own()
        adm("-m session -R", quiet=True)
        simhba_log()
        out = adm(words.format(sid)).out
        equal(out, f"Logout sid {sid}.\nLogout of sid {sid} successful.\n", words)
        equal(sessions(), {}, f"sessions left by {words}")
    sid = own()
    adm("-m node -U all", rc=21)
    equal(list(sessions()), [sid], "sessions left by -U all")
    put(HOME + "/iscsid.conf", get(HOME + "/iscsid.conf") + "\niscsid.safe_logout = Yes\n")
    path = wait("its disk", 10, lambda: disks(sid))[0]
    subprocess.run(["mkswap", path], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["swapon", path], check=True)
    contains(adm("-m session -u", rc=28).err, "is in use as swap space", "a disk in use")
    subprocess.run(["swapoff", path], check=True)
    both = node_of(3, "be2iscsi")
    adm(both, "-l", quiet=True)
    equal(len(sessions()), 2, "sessions")
    adm("-m session -u")
    equal(sessions(), {}, "sessions left")


def test():
    simhba(",".join(KINDS), ports=1)
    Iscsid("-d", "3")
    for host, kind in enumerate(KINDS[1:], 2):
        start = time.monotonic()
        node = node_of(host, kind)
        chap(node)
        redirect(node)
        say(f"{kind}: {time.monotonic() - start:.1f} s")
    firmware_refuses(node_of(1, "qla4xxx"))
    adapters_own()


if __name__ == "__main__":
    main(test)
