# SPDX-License-Identifier: GPL-2.0-or-later
"""A log that nobody reads (stderr, /dev/log, a file on the lost disk) holds up no session, and what was lost is counted"""
import fcntl
import re
import socket

from lib import *

MOUNT = "/run/disk"


class Deaf(Iscsid):
    """iscsid with a standard error of the test's choice."""

    def __init__(self, stderr, *args):
        self.log = "/dev/null"
        self.process = subprocess.Popen([ISCSID, *args], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr)
        self.pid = self.process.pid
        Iscsid.running.append(self)


def comes_back(target, what):
    sid = session_of(target)
    state = f"/sys/class/iscsi_session/session{sid}/state"
    target.enable(False)
    wait("the loss is noticed", 15, lambda: get(state) != "LOGGED_IN", step=0.01)
    target.enable(True)
    start = time.monotonic()
    wait(f"{what}: the session is back", 20, lambda: get(state) == "LOGGED_IN", step=0.01)
    say(f"{what}: back after {time.monotonic() - start:.2f} s")


def many_lines(target):
    """More than a pipe or a socket holds."""
    for _ in range(12):
        adm(f"-m node -T {target.name} -l", quiet=True, timeout=20)
        adm(f"-m node -T {target.name} -u", quiet=True, timeout=20)
    adm(f"-m node -T {target.name} -l", quiet=True, timeout=20)


def pipe_unread(target):
    reading, writing = os.pipe()
    fcntl.fcntl(writing, 1031, 4096)  # F_SETPIPE_SZ
    daemon = Deaf(writing, "-f", "-d", "8")
    wait("iscsid listens", 20, daemon.listens)
    many_lines(target)
    comes_back(target, "a pipe that nobody reads")
    os.set_blocking(reading, False)
    while True:
        try:
            os.read(reading, 1 << 20)
        except BlockingIOError:
            break
    adm(f"-m node -T {target.name} -u", quiet=True)
    lines = os.read(reading, 1 << 20).decode()
    contains(lines.splitlines()[0], "lines of the log were lost", "the first line after those that were lost")
    daemon.stop()


def syslog_unread(target):
    with contextlib.suppress(FileNotFoundError):
        os.unlink("/dev/log")
    log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    log.bind("/dev/log")
    check(Deaf(None, "-d", "8").process.wait(20) == 0, "iscsid goes to the background")
    Iscsid.running.pop()
    pid = int(get(PIDFILE))
    many_lines(target)
    comes_back(target, "a /dev/log that nobody reads")
    log.setblocking(False)
    first = log.recv(8192).decode()
    check(re.match(r"<3[01]>\w{3} [ 0-9]\d \d\d:\d\d:\d\d iscsid\[\d+\]: ", first), first)
    with contextlib.suppress(BlockingIOError):
        while True:
            log.recv(8192)
    adm(f"-m node -T {target.name} -u", quiet=True)
    contains(log.recv(8192).decode(), "lines of the log were lost", "the first line after those that were lost")
    os.kill(pid, signal.SIGTERM)
    wait("iscsid ends", 10, lambda: not os.path.exists(f"/proc/{pid}"))
    log.close()
    os.unlink("/dev/log")


def file_on_the_disk(target):
    first = Iscsid()
    adm(f"-m node -T {target.name} -l", quiet=True)
    device = disk(target)
    subprocess.run(["mkfs.ext4", "-q", device], check=True)
    os.makedirs(MOUNT)
    subprocess.run(["mount", "-o", "sync", device, MOUNT], check=True)
    first.stop()
    with open(f"{MOUNT}/log", "w") as log:
        daemon = Deaf(log, "-f", "-d", "8")
    wait("iscsid listens", 20, daemon.listens)
    subprocess.run(["sync"], check=True)
    put("/proc/sys/vm/drop_caches", 3)
    comes_back(target, "a file on the lost disk")
    wait("the file has the line of the recovery", 10, lambda: "FAILED --CONN_UP--> LOGGED_IN" in get(f"{MOUNT}/log"))
    target.enable(False)
    time.sleep(1)
    equal(daemon.kill(seconds=3), -signal.SIGKILL, "iscsid's status")  # while its log cannot be written
    target.enable(True)
    Iscsid()
    wait("the session is back", 20, lambda: logged_in())
    subprocess.run(["umount", MOUNT], check=True)
    adm(f"-m node -T {target.name} -u", quiet=True)


def test():
    target = Target("log", [ram("d0", 64)])
    daemon = Iscsid()
    discover()
    daemon.stop()
    pipe_unread(target)
    syslog_unread(target)
    file_on_the_disk(target)


if __name__ == "__main__":
    main(test)
