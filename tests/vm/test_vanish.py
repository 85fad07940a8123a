# SPDX-License-Identifier: GPL-2.0-or-later
"""Sockets listen before sessions are taken over; the limit of files is raised; a session that vanishes during a rescan is passed over"""
import glob
import os
import signal
import socket
import struct
import subprocess
import time

import nl
from lib import *

COUNT = 24


def connects():
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        s.connect(SOCKET)
        return s
    except OSError:
        s.close()
        return None


def clients_are_heard_before_sessions_are_taken_over():
    daemon = Iscsid(ready=False)
    s, start = None, time.monotonic()
    while not s and time.monotonic() - start < 20:
        s = connects()
    heard, log = time.monotonic() - start, get(daemon.log, "")
    check(s, "iscsid does not listen")
    check("took over" not in log, f"a client was heard only after the sessions were taken over, after {heard:.2f} s")
    s.settimeout(20)
    s.sendall(b'{"method":"org.miscsi.ListSessions"}\0')
    data = b""
    while not data.endswith(b"\0"):
        data += s.recv(1 << 20)
    equal(data.count(b'"sid":'), COUNT, "sessions in the reply to the first client")
    say(f"a client was heard after {heard:.3f} s, and had its reply after {time.monotonic() - start:.3f} s")
    limit = [line.split()[3:5] for line in get(f"/proc/{daemon.pid}/limits").splitlines() if line.startswith("Max open files")][0]
    say(f"open files: {limit}")
    equal(limit[0], limit[1], "the limit of open files and what it can be raised to")
    s.close()
    return daemon


def end_session(sid):
    """As another program ends it."""
    kernel = nl.Netlink(hear=False)
    for kind, u in ((nl.STOP_CONN, struct.pack("=IIQI", sid, 0, 0, nl.TERM)), (nl.DESTROY_CONN, struct.pack("=II", sid, 0)),
                    (nl.DESTROY_SESSION, struct.pack("=I", sid))):
        kernel.request("tcp", kind, u)
    kernel.close()


def a_session_that_vanishes_is_passed_over(daemon):
    """While iscsid hangs, the command has its list of sessions and waits."""
    gone = min(sessions())
    os.kill(daemon.pid, signal.SIGSTOP)
    p = subprocess.Popen([ISCSIADM, "-m", "session", "-R"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    lines = [p.stdout.readline() for _ in range(COUNT)]
    check(any(f"sid: {gone}," in line for line in lines), f"session {gone} is not rescanned: {lines}")
    end_session(gone)
    check(gone not in sessions(), "the session is still there")
    os.kill(daemon.pid, signal.SIGCONT)
    out, err = p.communicate(timeout=60)
    equal((p.returncode, err), (0, ""), "a rescan of sessions of which one vanished")


def test():
    if PEER:
        skip("written for this daemon's interface")
    targets(COUNT, [null("n0")])
    daemon = Iscsid()
    discover(quiet=True)
    adm("-m node -l", quiet=True, timeout=120)
    daemon.stop()
    a_session_that_vanishes_is_passed_over(clients_are_heard_before_sessions_are_taken_over())


if __name__ == "__main__":
    main(test)
