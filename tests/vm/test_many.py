# SPDX-License-Identifier: GPL-2.0-or-later
"""64 sessions by one command: all up with their disks, all gone again, time per session and memory within bounds"""
from lib import *

VM_TIME = 240
COUNT = 16 if SANITIZED else 64
IDLE_KIB = 8 * 1024  # with all code locked
PER_SESSION_KIB = 16


def test():
    targets(COUNT, [null("n0")])
    daemon = Iscsid()
    Host.look()
    idle = daemon.pss()
    equal(len(discover(quiet=True).out.splitlines()), COUNT, "discovered targets")
    got = adm("-m node -l", timeout=180, quiet=True)
    say(f"login of {COUNT}: {got.seconds:.2f} s")
    equal(got.out.count(" successful.\n"), COUNT, "successful logins")
    equal(len(logged_in()), COUNT, "sessions logged in")
    wait(f"{COUNT} disks", 30, lambda: len(disks()) == COUNT)
    time.sleep(1)  # what the logins needed is returned after half a second
    full = daemon.pss()
    each = (full - idle) / COUNT
    say(f"iscsid: {idle} KiB idle, {full} KiB with {COUNT} sessions: {each:.1f} KiB each")
    for level in (0, 1, 3):
        got_list = adm(f"-m session -P {level}", quiet=True)
        say(f"-m session -P {level}: {got_list.seconds:.2f} s")
    if not PEER:
        daemon.turns()
    out = adm("-m node -u", timeout=120, quiet=True)
    say(f"logout of {COUNT}: {out.seconds:.2f} s")
    equal(sessions(), {}, "sessions after logout")
    if SANITIZED or PEER:
        return
    check(idle <= IDLE_KIB, f"{idle} KiB idle, more than {IDLE_KIB}")
    check(each <= PER_SESSION_KIB, f"{each:.1f} KiB a session, more than {PER_SESSION_KIB}")


if __name__ == "__main__":
    main(test)
