# SPDX-License-Identifier: GPL-2.0-or-later
"""A login that nobody answers is ended by a logout, at once, in each way of having no answer, and by the next daemon; the next login works"""
import socket
import subprocess
import threading
import time

from lib import *

NOBODY = "127.0.0.9:3260"  # refused
MUTE = "127.0.0.8:3260"  # takes the connection and says nothing


def mute():
    s = socket.socket()
    s.bind(("127.0.0.8", 3260))
    s.listen(8)
    return s


def ended(target, portal, after):
    adm(f"-m node -T {target} -p {portal} -o new")
    login = subprocess.Popen([ISCSIADM, "-m", "node", "-T", target, "-p", portal, "-l"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             text=True)
    contains(login.stdout.readline(), "Logging in to", "the login")  # and then it asks the daemon
    time.sleep(after * PATIENCE)
    check(login.poll() is None, f"the login to {portal} has ended by itself: {login.poll()}")
    start = time.monotonic()
    got = adm(f"-m node -T {target} -p {portal} -u")
    say(f"{portal} after {after} s: {time.monotonic() - start:.2f} s; {got.out.strip()!r}")
    contains(got.out, "successful.", "the logout")
    out, err = login.communicate(timeout=10)
    equal(login.returncode, 32, f"the login's status; {err!r}")
    equal(sessions(), {}, "sessions that are left")
    contains(adm(f"-m node -T {target} -p {portal} -u", rc=21).err, "No matching sessions found", "second logout")


def left_half_done(target, daemon):
    """Who asked has been told that the daemon is gone; the next daemon does not go on with it."""
    login = subprocess.Popen([ISCSIADM, "-m", "node", "-T", target, "-p", MUTE, "-l"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait("the login's session", 10, sessions)
    daemon.kill()
    login.communicate(timeout=10)
    check(login.returncode not in (0, None), f"the login's status: {login.returncode}")
    equal(len(sessions()), 1, "sessions without a daemon")
    daemon = Iscsid()
    start = time.monotonic()
    while sessions() and time.monotonic() - start < 30:
        time.sleep(0.5)
    equal(sessions(), {}, "sessions that the next daemon has left")
    say(f"ended after {time.monotonic() - start:.1f} s")


def test():
    if PEER:
        skip("there, it goes on")
    target = Target("disk", [ram("d0", 16)])
    daemon = Iscsid()
    listener = mute()
    for after in (0.3, 3):
        ended(target.name, NOBODY, after)
        ended(target.name, MUTE, after)
    left_half_done(target.name, daemon)
    listener.close()
    discover()
    adm(f"-m node -T {target.name} -p {PORTAL} -l")
    disk(target)
    adm(f"-m node -T {target.name} -p {PORTAL} -u")


if __name__ == "__main__":
    main(test)
