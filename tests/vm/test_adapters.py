# SPDX-License-Identifier: GPL-2.0-or-later
# needs: qemu simhba
"""Every adapter: discovery, login, I/O, recovery and logout through its plugin and iscsid"""
import os
import shutil
import subprocess
import time

from lib import *
from test_plugin import plugins

VM_TIME = 90
# Of every kind one, in the order of their host numbers.
KINDS = ["qla4xxx", "bnx2i", "cxgb3i", "cxgb4i", "be2iscsi", "qedi", "ocs"]
WITH_PATHS = ("bnx2i", "qedi")
NAME = "iqn.2024-01.org.example:sim0"
TO = "10.66.0.200"


def network():
    """A network device with a way to the target, for those adapters whose paths user space finds."""
    subprocess.run(["modprobe", "dummy", "numdummies=0"], check=True)
    for words in ("link add sim0 type dummy", "addr add 10.66.0.1/24 dev sim0", "link set sim0 up",
                  f"neigh add {TO} lladdr 02:00:00:00:00:c8 dev sim0 nud permanent"):
        subprocess.run(["ip", *words.split()], check=True)


def answers_paths(pid):
    """Whether iscsid has joined the group in which drivers ask for paths."""
    for line in get("/proc/net/netlink").splitlines()[1:]:
        words = line.split()
        if words[1] == "8" and int(words[3], 16) & 2:
            return True
    return False


def make_iface(host, kind):
    name = f"i{host}"
    adm("-m iface -o new -I", name, quiet=True)
    for key, value in (("transport_name", kind), ("hwaddress", get(f"/sys/class/iscsi_host/host{host}/hwaddress"))):
        adm(f"-m iface -I {name} -o update -n iface.{key} -v {value}", quiet=True)
    return name


def login(host, kind):
    """From discovery to I/O; gives what selects the node, the session and its disk."""
    name = make_iface(host, kind)
    node = f"-m node -T {NAME} -p {TO} -I {name}"
    contains(adm(f"-m discovery -t st -p {TO} -I {name}").out, f"{TO}:3260,1 {NAME}\n", "discovery")
    adm(node, "--login")
    sids = logged_in()
    equal(len(sids), 1, "sessions")
    path = wait("its disk", 20, lambda: disks(sids[0]))[0]
    wait(path, 10, lambda: os.path.exists(path))
    write_and_compare(path, 1)
    return node, sids[0], path


def recover(sid, path):
    """A connection that breaks is mended, in the same session."""
    simhba_log()
    simhba_do(f"conn_error {sid} 1011")
    wait("bound anew", 30, lambda: any("BIND_CONN" in line for line in simhba_log(clear=False)))
    wait("logged in anew", 30, lambda: get(f"/sys/class/iscsi_session/session{sid}/state") == "LOGGED_IN")
    write_and_compare(path, 1)


def outlives_daemon(sid, path):
    """The daemon is stopped, as for an update, and started again: the adapter is asked nothing, the session stays."""
    for daemon in list(Iscsid.running):
        simhba_log()
        daemon.stop()
        time.sleep(1)
        equal([line for line in simhba_log() if "EP_POLL" not in line], [], "what a daemon that ends sends")
        equal(get(f"/sys/class/iscsi_session/session{sid}/state"), "LOGGED_IN", "the session without its daemon")
        write_and_compare(path, 1)
    Iscsid("-d", "3")


def adapter(host, kind):
    start = time.monotonic()
    node, sid, path = login(host, kind)
    recover(sid, path)
    if kind in ("qla4xxx", "be2iscsi"):
        outlives_daemon(sid, path)
    adm(f"-m session -P 3 -r {sid}", quiet=True)
    adm(node, "--logout")
    equal(sessions(), {}, "sessions left")
    say(f"{kind}: {time.monotonic() - start:.1f} s")


def refused(host, kind):
    """A login that the target refuses is told as such."""
    node = f"-m node -T {NAME} -p {TO} -I i{host}"
    adm(f"-m discovery -t st -p {TO} -I i{host}", quiet=True)  # the discoveries through the other ifaces have removed the record
    adm(node, "-o update -n node.session.initial_login_retry_max -v 1", quiet=True)
    simhba_set(fail_login=0x0201)
    adm(node, "--login", rc=5 if kind == "qla4xxx" else 24)
    simhba_set(fail_login=0)
    equal(sessions(), {}, "sessions left")


def driver_made():
    """The adapter's own sessions are shown, and left alone."""
    adm("-m host -H 1 -C flashnode -x 2 -o login")
    sid = logged_in()[0]
    equal(get(f"/sys/class/iscsi_session/session{sid}/creator"), "-1", "its creator")
    contains(adm("-m session").out, "(flash)", "sessions")
    simhba_log()
    simhba_do(f"conn_error {sid} 1011")
    time.sleep(3)
    check(not any(word in line for line in simhba_log() for word in ("EP_CONNECT", "BIND_CONN", "START_CONN")),
          "the daemon recovers a session that is not its own")
    adm("-m host -H 1 -C flashnode -x 2 -o logout")
    equal(sessions(), {}, "sessions left")


def without_address(kind):
    """An adapter that connects through a host: the only one is taken, and the transport's name alone is no iface."""
    adm(f"-m iface -o new -I bare{kind}", quiet=True)
    adm(f"-m iface -I bare{kind} -o update -n iface.transport_name -v {kind}", quiet=True)
    contains(adm(f"-m discovery -t st -p {TO} -I bare{kind}").out, f"{TO}:3260,1 {NAME}\n", "discovery")
    adm(f"-m node -T {NAME} -p {TO} -I bare{kind} --login")
    adm(f"-m node -T {NAME} -p {TO} -I bare{kind} --logout")
    equal(sessions(), {}, "sessions left")
    return adm(f"-m iface -I {kind}", rc=None).rc


def plugin_comes_later():
    """A daemon that was started without the plugin of a session that is up: nothing is lost, and the file need only be put back."""
    node = f"-m node -T {NAME} -p {TO} -I i4"
    adm(f"-m discovery -t st -p {TO} -I i3 -I i4", quiet=True)
    adm(node, "--login")
    sid, folder = logged_in()[0], plugins()
    for daemon in list(Iscsid.running):
        daemon.stop()
    shutil.move(f"{folder}/cxgbi.so", "/run/cxgbi.so")
    Iscsid("-d", "3")
    adm(f"-m session -r {sid} -u", rc=12)
    other = f"-m node -T {NAME} -p {TO} -I i3"
    adm(other, "--login", rc=12)
    shutil.move("/run/cxgbi.so", f"{folder}/cxgbi.so")
    adm(other, "--login")
    adm(other, "--logout")
    simhba_do(f"conn_error {sid} 1011")
    wait("logged in anew", 30, lambda: get(f"/sys/class/iscsi_session/session{sid}/state") == "LOGGED_IN")
    adm(f"-m session -r {sid} -u")
    equal(sessions(), {}, "sessions left")


def test():
    network()
    simhba(",".join(KINDS), ports=1, netdevs=",".join(["sim0"] * len(KINDS)))
    daemon = Iscsid("-d", "3")
    paths = answers_paths(daemon.pid)
    for host, kind in enumerate(KINDS, 1):
        if kind in WITH_PATHS and not paths:
            say(f"{kind}: iscsid does not answer path requests yet")
            continue
        adapter(host, kind)
    refused(1, "qla4xxx")
    refused(5, "be2iscsi")
    driver_made()
    equal(without_address("ocs"), without_address("be2iscsi"), "the transport's name as an iface")
    plugin_comes_later()


if __name__ == "__main__":
    main(test)
