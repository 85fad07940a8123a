# SPDX-License-Identifier: GPL-2.0-or-later
"""The daemon as a service: one only, in the background, started by its socket, open to look at and closed to change"""
import os
import signal
import socket
import subprocess
import sys

from lib import *

# What systemd does for a socket unit: the socket is fd 3, and two variables say so.
ACTIVATE = r'''
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
s.bind(sys.argv[1]); os.chmod(sys.argv[1], 0o666); s.listen(16)
if s.fileno() != 3:
    os.dup2(s.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])
'''


def only_one_runs(daemon):
    second = Iscsid(ready=False)
    wait("a second iscsid ends", 10, lambda: not second.alive())
    check(second.kill() != 0, "a second iscsid ended with status 0")
    check(daemon.alive(), "the first one is gone")
    equal(get(PIDFILE), str(daemon.pid), "pid file")
    adm("-m session", rc=21)


def goes_to_the_background():
    p = subprocess.run([ISCSID], timeout=20, capture_output=True, text=True)
    equal(p.returncode, 0, f"iscsid's status ({p.stderr.strip()})")
    pid = int(wait("pid file", 5, lambda: get(PIDFILE)))
    equal(get(f"/proc/{pid}/comm"), "iscsid", "the name of the process in the pid file")
    adm("-m session", rc=21)
    os.kill(pid, signal.SIGTERM)
    wait("iscsid ends", 10, lambda: not os.path.exists(f"/proc/{pid}"))
    check(get(PIDFILE) is None, "the pid file stays")


def stopped_by_a_command(target):
    daemon = Iscsid()
    adm("-m node -l", quiet=True)
    adm("-k 0")
    Iscsid.running.remove(daemon)
    equal(daemon.process.wait(10), 0, "the daemon's status")
    equal(len(logged_in()), 1, "sessions that remain")
    daemon = Iscsid()
    adm("-m node -u", quiet=True)
    daemon.stop()


def starts_by_its_socket(target):
    os.makedirs(os.path.dirname(SOCKET), exist_ok=True)
    if os.path.exists(SOCKET):
        os.unlink(SOCKET)
    daemon = Iscsid(wrapper=[sys.executable, "-c", ACTIVATE, SOCKET])
    adm("-m node -l")
    adm("-m node -u")
    daemon.stop()
    check(os.path.exists(SOCKET), "iscsid has removed the socket that is not its own")
    os.unlink(SOCKET)


def reports_its_state_to_systemd():
    """A unit with Type=notify counts as started when READY=1 arrives: then requests must be accepted."""
    for name in "/run/notify", "\0lab-notify":
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.bind(name)
            s.settimeout(20 * PATIENCE)
            daemon = Iscsid(ready=False, env={"NOTIFY_SOCKET": name.replace("\0", "@")})
            equal(s.recv(100), b"READY=1", "the first state")
            check(daemon.listens(), "READY=1 came before the socket")
            daemon.stop()
            equal(s.recv(100), b"STOPPING=1", "the state after SIGTERM")


def nobody_may_look_and_not_change(target):
    daemon = Iscsid()
    adm("-m node -l")

    def as_nobody(*args):
        return subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", ISCSIADM, *args],
                              capture_output=True, text=True, timeout=30)
    p = as_nobody("-m", "session")
    equal(p.returncode, 0, f"nobody looks ({p.stderr.strip()})")
    p = as_nobody("-m", "session", "-u")
    check(p.returncode != 0, "nobody may log out")
    say(p.stderr.strip())
    equal(len(logged_in()), 1, "sessions")
    daemon.stop()


def hung_it_holds_up_no_listing():
    """Only a word or two of a listing are the daemon's."""
    daemon = Iscsid()
    equal(len(logged_in()), 1, "sessions")
    os.kill(daemon.pid, signal.SIGSTOP)
    try:
        for level in range(4):
            got = adm(f"-m session -P {level}", quiet=True)
            say(f"-P {level} while iscsid hangs: {got.seconds:.1f} s")
            check(got.seconds < 3 * PATIENCE, f"-P {level} waits for a daemon that hangs: {got.seconds:.1f} s")
    finally:
        os.kill(daemon.pid, signal.SIGCONT)
    daemon.stop()


def survives_nonsense():
    daemon = Iscsid()
    for data in (b"", b"\0", b"{}\0", b"nonsense\0" * 100, b'{"method":"org.example.None"}\0', b"[" * 100000 + b"\0",
                 b'{"method":"org.varlink.service.GetInfo","parameters":{},"unknown":1}\0', b"x" * (1 << 20)):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        s.settimeout(5)
        s.connect(SOCKET)
        try:
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
            say(f"{data[:40]!r}: {s.recv(200)[:120]!r}")
        except OSError as e:
            say(f"{data[:40]!r}: {e}")
        s.close()
    idle = [socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) for _ in range(200)]
    for s in idle:
        s.settimeout(5)
        try:
            s.connect(SOCKET)
        except OSError:
            break
    adm("-m session", rc=0)
    check(daemon.alive(), "iscsid died of nonsense")
    for s in idle:
        s.close()
    adm("-m session -u")
    daemon.stop()


def test():
    if PEER:
        skip("the packaged daemon does other things")
    target = Target("d", [null("n0")])
    daemon = Iscsid()
    discover()
    only_one_runs(daemon)
    daemon.stop()
    goes_to_the_background()
    stopped_by_a_command(target)
    starts_by_its_socket(target)
    reports_its_state_to_systemd()
    nobody_may_look_and_not_change(target)
    hung_it_holds_up_no_listing()
    survives_nonsense()


if __name__ == "__main__":
    main(test)
