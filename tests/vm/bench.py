# SPDX-License-Identifier: GPL-2.0-or-later
"""The part of scripts/bench that runs in the guest: miscsi and the packaged open-iscsi, one after the other, in one kernel."""
import argparse
import glob
import os
import sys
import time

import lib
from lib import say


class Side:
    """One of the two: its programs, and what was measured of it."""

    def __init__(self, name, root, peer):
        self.name, self.peer = name, peer
        self.iscsiadm, self.iscsid = root + "/usr/sbin/iscsiadm", root + "/usr/sbin/iscsid"
        self.libs = root + "/usr/lib/x86_64-linux-gnu" if peer else ""
        self.there = os.access(self.iscsiadm, os.X_OK) and os.access(self.iscsid, os.X_OK)

    def __enter__(self):
        lib.ISCSIADM, lib.ISCSID, lib.PEER = self.iscsiadm, self.iscsid, self.peer
        os.environ["LD_LIBRARY_PATH"] = self.libs
        for d in ("nodes", "send_targets", "ifaces"):
            lib.remove_tree(f"{lib.HOME}/{d}")
        self.daemon = lib.Iscsid()
        return self

    def __exit__(self, *_):
        self.daemon.kill()

    def login(self, count):
        """Logs in all nodes; gives the seconds that the one command took."""
        got = lib.adm("-m node -l", timeout=600, quiet=True)
        lib.equal(len(lib.logged_in()), count, f"{self.name}: sessions logged in")
        return got.seconds

    def logout(self):
        got = lib.adm("-m node -u", timeout=600, quiet=True)
        lib.wait("all sessions are gone", 60, lambda: not lib.sessions())
        # the kernel goes on taking their hosts apart: that is not to be counted for whoever logs in next
        lib.wait("all hosts are gone", 60, lambda: not glob.glob("/sys/class/iscsi_host/host*"))
        time.sleep(1)
        return got.seconds


def once(side, count):
    """One login of all, in a kernel that has done nothing else yet: its seconds are the last line."""
    store = lib.null("bench")
    for i in range(count):
        lib.Target(f"b{i}", [store])
    with side:
        lib.discover(quiet=True)
        say(f"{side.login(count):.3f}")


def memory(sides, counts):
    count = (counts or [64])[0]
    say(f"iscsid's memory (PSS, KiB) idle and with {count} sessions")
    lib.targets(count, [lib.null("bench")])
    for side in sides:
        with side:
            idle = side.daemon.pss()
            lib.discover(quiet=True)
            side.login(count)
            time.sleep(1)
            full = side.daemon.pss()
            side.logout()
        say(f"{side.name:>12}: {idle:6} idle {full:6} with {count} sessions {(full - idle) / count:7.1f} each")


def main():
    ap = argparse.ArgumentParser(prog="scripts/bench", description="measures miscsi beside the packaged open-iscsi")
    ap.add_argument("what", choices=["once", "memory"])
    ap.add_argument("count", type=int, nargs="*", help="numbers of sessions, rising")
    ap.add_argument("--only", choices=["miscsi", "open-iscsi"])
    ap.add_argument("--peer-root", default="/nonexistent")
    a = ap.parse_intermixed_args()
    a.count.sort()
    lib.prepare()
    sides = []
    for side in (Side("miscsi", "", False), Side("open-iscsi", a.peer_root, True)):
        if a.only in (None, side.name):
            if side.there:
                sides.append(side)
            else:
                say(f"{side.name} is not there ({side.iscsiadm}): left out")
    try:
        if a.what == "once":
            once(sides[0], a.count[0])
        else:
            memory(sides, a.count)
    except lib.Failed as e:
        say(f"failed: {e}")
        lib.Iscsid.show_logs()
        return 1
    return 0 if sides else 1


if __name__ == "__main__":
    sys.exit(main())
