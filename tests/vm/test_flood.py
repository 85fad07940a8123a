# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients that flood iscsid with calls or send huge ones: a login of root takes hardly longer, and no turn of the loop is long"""
import json
import os
import socket
import subprocess
import sys
import time

from lib import *

VM_TIME = 600
COUNT = 32
RATIO = 1.7
ATTEMPTS = 4
FLOOD = r'''
import os, socket
os.setuid(65534)
socks = []
for i in range(4):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.connect("%s")
    s.setblocking(False)
    socks.append(s)
call = b'{"method":"org.miscsi.ListSessions"}\0' * 100
print("flooding", flush=True)
import select
while True:
    r, w, _ = select.select(socks, socks, [])
    for s in r:
        s.recv(1 << 20)
    for s in w:
        try:
            s.send(call)
        except BlockingIOError:
            pass
'''


def call(method, parameters=None, seconds=60):
    """One call; gives the reply and the seconds."""
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.settimeout(seconds)
    s.connect(SOCKET)
    message = json.dumps({"method": "org.miscsi." + method, "parameters": parameters or {}}).encode() + b"\0"
    start, got = time.monotonic(), b""
    try:
        s.sendall(message)
        while not got.endswith(b"\0"):
            part = s.recv(1 << 20)
            if not part:
                break
            got += part
    except OSError as e:
        return {"error": str(e)}, time.monotonic() - start
    return json.loads(got[:-1] or "{}"), time.monotonic() - start


def rescans_are_bounded(daemon):
    before = daemon.pss()
    for count in (4000, 20000, 1000000):
        for same in (False, True):
            reply, took = call("Rescan", {"sids": [7] * count if same else list(range(1000, 1000 + count))})
            results = len(reply.get("parameters", {}).get("results", []))
            other = call("ListSessions")[1]
            say(f"Rescan of {count} unknown sessions{', all the same' if same else ''}: {took:.2f} s, {results} results; then a list: {other:.2f} s; "
                f"{reply.get('error', '')}")
            check(took < 3 * PATIENCE, f"Rescan of {count} took {took:.1f} s")
            check(other < 1 * PATIENCE, f"a list after it took {other:.1f} s")
            equal(results, (1 if same else count) if count <= 4096 else 0, "results")
    if not SANITIZED:  # which keep what was freed
        wait("memory comes back", 5, lambda: daemon.pss() < before + 2048)


def logins():
    """Seconds of a login of all, and of their logout."""
    login = adm("-m node -l", quiet=True, timeout=120).seconds
    equal(len(logged_in()), COUNT, "sessions")
    adm("-m node -u", quiet=True, timeout=120)
    return login


def a_flood_does_not_slow_down_root():
    logins()
    calm = min(logins() for _ in range(2))
    flood = subprocess.Popen([sys.executable, "-c", FLOOD % SOCKET], stdout=subprocess.PIPE, text=True)
    equal(flood.stdout.readline(), "flooding\n", "the flood")
    flooded = min(logins() for _ in range(2))
    flood.kill()
    flood.wait()
    say(f"login of {COUNT}: {calm:.2f} s; beside a flood of ListSessions by nobody: {flooded:.2f} s, {flooded / calm:.2f} times as long")
    return flooded / calm


def attempt():
    """What was too slow of a daemon that has been through all of it."""
    Host.look()
    daemon = Iscsid()
    ratio = a_flood_does_not_slow_down_root()
    rescans_are_bounded(daemon)
    too_long = daemon.long_turn()
    daemon.stop()
    return too_long or (f"a login took {ratio:.2f} times as long" if ratio >= RATIO and not SANITIZED else "")


def test():
    if PEER:
        skip("written for this daemon's interface")
    targets(COUNT, [null("n0")])
    daemon = Iscsid()
    discover(quiet=True)
    daemon.stop()
    # on a busy host a guest counts time that it did not have: what is slow is slow each time
    for _ in range(ATTEMPTS):
        too_slow = attempt()
        if not too_slow:
            return
        say(too_slow)
    raise Failed(too_slow)


if __name__ == "__main__":
    main(test)
