# SPDX-License-Identifier: GPL-2.0-or-later
# needs: qemu simhba
"""Traps of the kernel's interface (doc/TRAPS.md) that only a kernel and an adapter can spring, the endless loop above all"""
import glob
import json
import socket
import subprocess
import threading
import time

from lib import *
from nl import Netlink, Transport
from test_adapters import NAME, TO, make_iface

VM_TIME = 60
KINDS = ["qla4xxx", "cxgb4i", "be2iscsi"]
BOUND = 20  # seconds for a command that ends in one; without end in the kernel's loop
HOLD = 6000 if SANITIZED else 4000  # ms
# What is answered by a multicast, and a piece of each answer.
ASKING = {
    "-m host -H 1 -C chap -o show": "host.auth.username = simuser0",
    "-m host -H 1 -C stats": "mactx_frames: 1000",
    "-m session -s": "txdata_octets: ",
}


def listeners():
    """The port numbers of those who hear the kernel's events; what a process of ours opens first has its own number in it."""
    found = []
    for line in get("/proc/net/netlink").splitlines()[1:]:
        words = line.split()
        if words[1] == "8" and int(words[3], 16) & 1:
            found.append(int(words[2]))
    return found


def hears(pid):
    return any(port & 0x3fffff == pid for port in listeners())


class Command:
    """An iscsiadm whose end is not waited for by killing it: a process that is caught in the kernel does not die."""

    def __init__(self, words):
        self.words = words
        self.process = subprocess.Popen([ISCSIADM, *words.split()], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def finish(self, part, seconds=BOUND, rc=0):
        try:
            out, _ = self.process.communicate(timeout=seconds * (2 if SANITIZED else 1))
        except subprocess.TimeoutExpired:
            rescue = Netlink()  # the loop ends as soon as anybody joins
            self.process.kill()
            self.process.wait()
            rescue.close()
            raise Failed(f"iscsiadm {self.words} was caught in the kernel: nobody had subscribed") from None
        equal(self.process.returncode, rc, f"status of iscsiadm {self.words}: {out}")
        contains(out, part, self.words)


def trap_04_without_a_daemon():
    """Nobody at all listens: each command listens itself."""
    for words, part in ASKING.items():
        equal(listeners(), [], "who hears the kernel")
        Command(words).finish(part)
    new = "-m host -H 1 -C chap -o new -n host.auth.username -v trap4 -n host.auth.password -v secretsecret"
    for words, part in ((new, ""), ("-m host -H 1 -C chap -x 1 -o show", "trap4")):  # a new entry's place is looked for
        equal(listeners(), [], "who hears the kernel")
        Command(words).finish(part)


def trap_04_listens_before_it_asks():
    """While the kernel is kept busy the commands wait to ask: they listen then already. So it is no matter that the daemon is killed."""
    daemon = Iscsid()
    nl = Netlink(hear=False)
    t = Transport(nl, "cxgb4i", 2)
    ep = t.connect()[1]
    equal(listeners(), [p for p in listeners() if p & 0x3fffff == daemon.pid], "who hears the kernel: the daemon alone")
    simhba_log()
    simhba_set(block_poll_ms=HOLD)
    holder = threading.Thread(target=t.poll, args=(ep,))
    holder.start()
    wait("the kernel is busy", 5, lambda: any("EP_POLL" in line for line in simhba_log(clear=False)))
    commands = [Command(words) for words in ASKING]
    for c in commands:
        wait(f"iscsiadm {c.words} listens", HOLD / 1000 / PATIENCE, lambda c=c: hears(c.process.pid))
    daemon.kill()
    check(holder.is_alive(), "the kernel was not busy long enough to see it")
    check(not any("GET_" in line for line in simhba_log(clear=False)), "one was asked meanwhile")
    holder.join()
    for c in commands:
        c.finish(ASKING[c.words])
    simhba_set(block_poll_ms=0)
    t.disconnect(ep)
    nl.close()


def waits_in_the_kernel(name):
    """A thread of a process of that name that no signal reaches."""
    stats = [get(p, "") for p in glob.glob("/proc/[0-9]*/task/*/stat")]
    return any(f"({name}" in x and x.rsplit(")", 1)[1].split()[0] == "D" for x in stats)


def a_request_that_hangs_keeps_no_daemon():
    """iscsid is killed while a request of its own cannot go on in the kernel: the next one starts meanwhile."""
    daemon = Iscsid()
    nl = Netlink(hear=False)
    t = Transport(nl, "cxgb4i", 2)
    ep = t.connect()[1]
    node = f"-m node -T {NAME} -p {TO} -I {make_iface(2, 'cxgb4i')}"
    adm(node, "-o new", quiet=True)
    simhba_log()
    simhba_set(block_poll_ms=2 * HOLD)
    holder = threading.Thread(target=t.poll, args=(ep,))
    holder.start()
    wait("the kernel is busy", 5, lambda: any("EP_POLL" in line for line in simhba_log(clear=False)))
    login = subprocess.Popen([ISCSIADM, *node.split(), "--login"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait("a request of iscsid waits", HOLD / 1000, lambda: waits_in_the_kernel("iscsid"))
    daemon.kill()
    follower = Iscsid()
    check(holder.is_alive(), "iscsid could be ended, and the next one start, only when the kernel was done")
    holder.join()
    simhba_set(block_poll_ms=0)
    login.wait(BOUND)
    follower.stop()
    adm(node, "-o delete", quiet=True)
    t.disconnect(ep)
    nl.close()


def known_sessions():
    """Those that the daemon looks after."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
        s.settimeout(BOUND)
        s.connect(SOCKET)
        s.sendall(json.dumps({"method": "org.miscsi.ListSessions", "parameters": {}}).encode() + b"\0")
        data = b""
        while not data.endswith(b"\0"):
            data += s.recv(65536)
    return [x.get("sid") for x in json.loads(data[:-1])["parameters"]["sessions"]]


def trap_03_sessions_of_the_driver(sid):
    """The adapter's own session: a daemon that starts does not take it over, loses no time on its losses, and ends it as the adapter does."""
    Iscsid()
    equal(known_sessions(), [], "sessions that the daemon looks after")
    simhba_log()
    simhba_do(f"conn_error {sid} 1011")
    time.sleep(3)
    equal([line for line in simhba_log() if any(w in line for w in ("EP_CONNECT", "BIND", "START_CONN", "STOP_CONN"))], [],
          "what the daemon did about it")
    contains(adm("-m session").out, f"[{sid}]", "sessions")
    adm(f"-m session -r {sid} -u")
    contains("\n".join(simhba_log()), "LOGOUT_FLASHNODE_SID", "what ended it")
    equal(sessions(), {}, "sessions left")


def trap_06_an_iface_of_one_driver_with_the_address_of_another():
    """The kernel would hand the one's host to the other."""
    mac = get("/sys/class/iscsi_host/host1/hwaddress")
    adm("-m iface -o new -I mixed", quiet=True)
    for key, value in (("transport_name", "cxgb4i"), ("hwaddress", mac), ("mtu", "9000")):
        adm(f"-m iface -I mixed -o update -n iface.{key} -v {value}", quiet=True)
    adm(f"-m node -T {NAME} -p {TO} -I mixed -o new", quiet=True)
    simhba_log()
    for words in (f"-m node -T {NAME} -p {TO} -I mixed --login", f"-m discovery -t st -p {TO} -I mixed", "-m iface -I mixed -o apply",
                  f"-m iface -I mixed -C ping -a {TO} -c 1"):
        check(adm(words, rc=None).rc != 0, f"iscsiadm {words}")
    equal([line for line in simhba_log() if "host1" in line], [], "what another driver's host was sent")
    adm("-m node -I mixed -o delete", quiet=True)


def trap_09_a_connection_that_stays():
    """DESTROY_SESSION says EBUSY: that is told, and the removal is tried again."""
    daemon = Iscsid.running[-1]
    node = f"-m node -T {NAME} -p {TO} -I {make_iface(1, 'qla4xxx')}"
    adm(node, "-o new", quiet=True)
    adm(node, "--login")
    sid = logged_in()[0]
    simhba_set(keep_conn=1)
    simhba_log()
    contains(adm(node, "--logout", rc=10, timeout=10).err, "Device or resource busy", "what is said")
    time.sleep(2)
    equal(len([line for line in simhba_log() if "DESTROY_CONN" in line]), 1, "attempts")
    equal(list(sessions()), [sid], "sessions that the kernel keeps")
    check(daemon.alive(), "the daemon has ended")
    simhba_set(keep_conn=0)
    wait("the removal is tried again", 12, lambda: sessions() == {})
    wait("the daemon has let go of it", 5, lambda: known_sessions() == [])


def trap_12_a_disabled_iface_is_enabled_again():
    """Its folder has gone with it, and nothing that enables it may need to read that."""
    name = "qla4xxx." + get("/sys/class/iscsi_host/host1/hwaddress") + ".ipv6.0"
    folder = "/sys/class/iscsi_iface/ipv6-iface-1-0"
    adm("-m iface", quiet=True)  # adapters make ifaces of their own
    check(os.path.exists(folder), folder)
    for value in ("disable", "enable"):
        adm(f"-m iface -I {name} -o update -n iface.state -v {value}", quiet=True)
        simhba_log()
        adm(f"-m iface -I {name} -o apply")
        equal(len([line for line in simhba_log() if "SET_IFACE" in line]), 1, "messages")
        equal(os.path.exists(folder), value == "enable", f"{folder} after {value}")


def trap_14_a_new_flash_node_must_be_written():
    """Volatile until its first settings are: a login before says so. What cannot be set leaves what comes before it unset."""
    index = adm("-m host -H 1 -C flashnode -o new -A ipv4").out.split("index ")[-1].split()[0].strip(".")
    node = f"-m host -H 1 -C flashnode -x {index}"
    contains(adm(node, "-o login", rc=None).err, "has no settings yet", "login before")
    adm(node, "-o update -n flashnode.session.tpgt -v 7 -n flashnode.session.username -v bob", rc=7)
    check(get(f"/sys/bus/iscsi_flashnode/devices/flashnode_sess-1:{index}/tpgt") != "7", "set in part")
    adm(node, f"-o update -n flashnode.session.targetname -v {NAME} -n flashnode.conn[0].ipaddress -v {TO}")
    adm(node, "-o login")
    adm(node, "-o logout")
    adm(node, "-o delete")


def test():
    simhba(",".join(KINDS), ports=1)
    equal(listeners(), [], "who hears the kernel")
    adm("-m host -H 1 -C flashnode -x 2 -o login")
    sid = logged_in()[0]
    trap_04_without_a_daemon()
    trap_04_listens_before_it_asks()
    a_request_that_hangs_keeps_no_daemon()
    trap_03_sessions_of_the_driver(sid)
    trap_06_an_iface_of_one_driver_with_the_address_of_another()
    trap_09_a_connection_that_stays()
    trap_12_a_disabled_iface_is_enabled_again()
    trap_14_a_new_flash_node_must_be_written()


if __name__ == "__main__":
    main(test)
