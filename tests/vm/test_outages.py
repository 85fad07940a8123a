# SPDX-License-Identifier: GPL-2.0-or-later
# needs: plain
"""A session is back soon after a reset, after each of seven short outages, and after a long one; no I/O fails meanwhile"""
import os
import time

from lib import *

VM_TIME = 300
LONG = int(os.environ.get("OUTAGE_SECONDS", 20))  # 600: the ten minutes that tests/unit/session-recovery takes by its own clock
TIME2WAIT = 2
SLACK = 0.5  # for a machine that does other things, too


def up(sid):
    return get(f"/sys/class/iscsi_session/session{sid}/state") == "LOGGED_IN"


def outage(target, sid, seconds):
    """Gives how long the session was still away when the target was well again."""
    target.enable(False)
    start = time.monotonic()
    wait("the loss is noticed", 15, lambda: not up(sid), step=0.01)
    time.sleep(max(0, seconds - (time.monotonic() - start)))
    target.enable(True)
    start = time.monotonic()
    wait("the session is back", 60, lambda: up(sid), step=0.01)
    return time.monotonic() - start


def back_within(target, sid, seconds, most):
    took = outage(target, sid, seconds)
    say(f"away for {seconds} s, back after {took:.2f} s")
    check(took <= (most + SLACK) * PATIENCE, f"back {took:.1f} s after an outage of {seconds} s, and not within {most} s")


def test():
    target = Target("away", [ram("d0", 8)])
    Host.look()
    daemon = Iscsid()
    discover()
    adm("-m node -l")
    sid = session_of(target)
    traffic = Traffic(disk(target))
    time.sleep(3)
    say("-- resets")
    for _ in range(3):
        back_within(target, sid, 0, TIME2WAIT + 0.5)
        time.sleep(2.5)
    say("-- short outages")
    for _ in range(7):
        back_within(target, sid, 3, 2)
        time.sleep(2)
    say("-- long ones")
    back_within(target, sid, 10, 5)
    back_within(target, sid, LONG, 5)
    daemon.turns()
    say(f"{traffic.finish()} rounds of I/O without an error")


if __name__ == "__main__":
    main(test)
