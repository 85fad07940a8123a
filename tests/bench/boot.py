# SPDX-License-Identifier: GPL-2.0-or-later
"""The time that iscsistart needs from the interface having its address until the root's disk is there, beside the floor (scale_floor.c),
which makes the kernel's requests alone. Used by scripts/bench boot, as root in a guest of its own."""
import argparse
import os
import socket
import statistics
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "vm"))
import lib

LATE = "10.77.1.1"  # of the interface that comes while iscsistart waits
NAME = "iqn.2026-11.example:t"


def ip(*words):
    subprocess.run(["ip", *words], check=True)


def until_disk(began):
    while not lib.disks():
        time.sleep(0.0005)
        lib.check(time.monotonic() - began < 60, "no disk")
    return time.monotonic() - began


def logout(floor):
    subprocess.run([floor, "logout"], check=True, stdout=subprocess.DEVNULL)
    lib.wait("the session is gone", 20, lambda: not lib.sessions(), step=0.002)


def login(began, floor, *command):
    """Gives the seconds since then until the disk is there."""
    p = command[0] if isinstance(command[0], subprocess.Popen) else subprocess.Popen(command, stdout=subprocess.DEVNULL)
    seconds = until_disk(began)
    lib.equal(p.wait(), 0, "the status of the login")
    logout(floor)
    return seconds


def iscsistart(address):
    return ["/usr/sbin/iscsistart", "-i", lib.INITIATOR, "-t", NAME + "0", "-g", "1", "-a", address]


def of_floor(floor):
    return login(time.monotonic(), floor, floor, "login", "1", lib.INITIATOR, NAME)


def of_start(floor):
    return login(time.monotonic(), floor, *iscsistart("127.0.0.1"))


def add_address():
    """RTM_NEWADDR itself: to start ip(8) would be a part of the time."""
    local = socket.inet_aton(LATE)
    body = struct.pack("=BBBBI", socket.AF_INET, 32, 0, 0, socket.if_nametoindex("lo"))
    for kind in 1, 2:  # IFA_ADDRESS, IFA_LOCAL
        body += struct.pack("=HH", 8, kind) + local
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as s:
        s.send(struct.pack("=IHHII", 16 + len(body), 20, 0x605, 1, 0) + body)
        lib.equal(struct.unpack_from("=i", s.recv(4096), 16)[0], 0, "the answer to RTM_NEWADDR")


def both_wait(floor, *command):
    """It waits already, each time for another while."""
    ip("address", "del", LATE + "/32", "dev", "lo")
    p = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    time.sleep(2.5 + time.monotonic() % 1)
    began = time.monotonic()  # of both: on one CPU, iscsistart may be further than this program when the call returns
    add_address()
    p.stdin.write(b"x")
    p.stdin.close()
    return login(began, floor, p)


def of_waiting_floor(floor):
    return both_wait(floor, floor, "when-told", "1", lib.INITIATOR, NAME)


def of_waiting(floor):
    return both_wait(floor, *iscsistart(LATE))


def main():
    args = argparse.ArgumentParser()
    args.add_argument("-n", type=int, default=9)
    args.add_argument("--floor", required=True)
    args = args.parse_args()
    lib.prepare()
    ip("link", "set", "lo", "up")
    ip("address", "add", LATE + "/32", "dev", "lo")
    lib.Target("t0", [lib.ram("d0", 8)], ["0.0.0.0:3260"])
    kinds = {"floor": of_floor, "started": of_start, "waiting floor": of_waiting_floor, "waiting": of_waiting}
    times = {kind: [] for kind in kinds}
    for _ in range(args.n):
        for kind, fn in kinds.items():
            times[kind].append(fn(args.floor))
    for kind, t in times.items():
        floor = times["waiting floor" if "waiting" in kind else "floor"]
        print(f"{kind:14} ms: least {min(t) * 1000:7.1f}  median {statistics.median(t) * 1000:7.1f}  most {max(t) * 1000:7.1f}"
              f"   of the floor: {min(t) / min(floor):.2f} {statistics.median(t) / statistics.median(floor):.2f}")


if __name__ == "__main__":
    main()
