# SPDX-License-Identifier: GPL-2.0-or-later
"""What hangs in the kernel or in a library holds up its own session alone: scans of dead disks, names that no server answers"""
import argparse
import contextlib
import os
import socket
import subprocess
import sys
import threading
import time

from lib import *

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../fake"))
import target as script  # noqa: E402

VM_TIME = 300
DEAD = 8
NAMES = 16


def dead_target():
    """A target that takes logins and answers no SCSI command; gives its port."""
    server = script.Target(argparse.Namespace(misbehaviour="scsi-dead", targets=DEAD, tpgt=1, chunk=8000, port=0, verbose=False,
                                              chap=""))
    threading.Thread(target=server.serve, daemon=True).start()
    return server.port


def hang_scans(port, count):
    """Logs in to that many dead disks: the command is told of a success, and the scans go on."""
    before = len(sessions())
    for n in range(count):
        adm(f"-m node -T {script.NAME % n} -p 127.0.0.1:{port} -o new", quiet=True)
    adm(f"-m node -p 127.0.0.1:{port} -l", quiet=True, timeout=30)
    equal(len(sessions()) - before, count, "new sessions with dead disks")


def arrives(target, limit):
    """Logs in to a good target; its disk is there within the limit."""
    start = time.monotonic()
    adm(f"-m node -T {target.name} -p {PORTAL} -l")
    disk(target, 90)
    took = time.monotonic() - start
    say(f"the disk of {target.name} came after {took:.1f} s")
    check(took < limit * PATIENCE, f"the disk of {target.name} came after {took:.1f} s")
    write_and_compare(disk(target), 1)


def hung_scans_delay_no_other_disk(good):
    Iscsid()
    hang_scans(dead_target(), DEAD)
    arrives(good, 3)
    a_stop_does_not_wait_for_scans(Iscsid.running[0])


def a_stop_does_not_wait_for_scans(daemon):
    start = time.monotonic()
    daemon.stop()
    took = time.monotonic() - start
    say(f"SIGTERM during hung scans: {took:.2f} s")
    check(took < 1 * PATIENCE, f"SIGTERM during hung scans took {took:.1f} s")


def a_killed_daemon_is_replaced_during_hung_scans(good):
    old = Iscsid()
    if session_count(good) == 0:
        arrives(good, 3)
    traffic = Traffic(disk(good))
    hang_scans(dead_target(), DEAD)
    start = time.monotonic()
    Iscsid.running.remove(old)
    old.process.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):
        old.process.wait(5)
    gone = time.monotonic() - start
    new = Iscsid(ready=False)
    with contextlib.suppress(Failed):
        wait("the new iscsid listens", 8, new.listens)
    adm("-m session", quiet=True)
    took = time.monotonic() - start
    say(f"killed: gone after {gone:.2f} s, a new one serves after {took:.2f} s")
    check(took < 3 * PATIENCE, f"a new iscsid serves {took:.1f} s after the old one was killed, if at all: {get(new.log)}")
    say(f"the healthy session comes back {recovered(good):.1f} s after its portal; {traffic.finish()} rounds of I/O without an error")


def session_count(target):
    return len([s for s, p in sessions().items() if get(p + "/targetname") == target.name])


def recovered(target):
    """Takes the target away for a moment; gives the seconds until its session is back."""
    sid = session_of(target)
    target.enable(False)
    wait("the loss is noticed", 10, lambda: sid not in logged_in())
    target.enable(True)
    start = time.monotonic()
    wait("the session comes back", 20, lambda: sid in logged_in())
    return time.monotonic() - start


def silent_name_server():
    """Every name but those of /etc/hosts is asked of a server that never answers."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.53", 53))
    for path, text in (("/etc/resolv.conf", "nameserver 127.0.0.53\noptions timeout:30\n"), ("/etc/nsswitch.conf", "hosts: files dns\n"),
                       ("/etc/hosts", "127.0.0.1 localhost disk.example\n")):
        with open(path, "w") as f:
            f.write(text)
    return server


def hanging_names_delay_no_other_name(good):
    daemon = Iscsid()
    server = silent_name_server()
    adm(f"-m node -T {good.name} -p disk.example:3260 -o new", quiet=True)
    for n in range(NAMES):
        adm(f"-m node -T {script.NAME % n} -p hangs{n}.example:3260 -o new", quiet=True)
    for n in range(NAMES):
        adm(f"-m node -T {script.NAME % n} -p hangs{n}.example:3260 -l --no_wait", quiet=True)
    start = time.monotonic()
    adm(f"-m node -T {good.name} -p disk.example:3260 -l", timeout=90)
    took = time.monotonic() - start
    say(f"a login by a name of /etc/hosts beside {NAMES} hanging names: {took:.2f} s")
    check(took < 3 * PATIENCE, f"a name of /etc/hosts waited for hanging ones: {took:.1f} s")
    adm(f"-m node -T {good.name} -p disk.example:3260 -u", quiet=True)
    start = time.monotonic()
    daemon.stop()
    took = time.monotonic() - start
    say(f"SIGTERM during {NAMES} look-ups: {took:.2f} s")
    check(took < 1 * PATIENCE, f"SIGTERM waited for look-ups: {took:.1f} s")
    server.close()


def test():
    if PEER:
        skip("written for this daemon's times")
    good = Target("good", [ram("d0", 16)])
    config({"node.session.timeo.replacement_timeout": 120})
    parts = {
        "names": hanging_names_delay_no_other_name,
        "scans": hung_scans_delay_no_other_disk,
        "kill": a_killed_daemon_is_replaced_during_hung_scans,
    }
    discover()
    only = os.environ.get("ONLY", "").split()
    for name, part in parts.items():
        if not only or name in only:
            part(good)


if __name__ == "__main__":
    main(test)
