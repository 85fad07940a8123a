# SPDX-License-Identifier: GPL-2.0-or-later
"""scripts/bench login: the time that one `iscsiadm -m node -l` of N sessions takes, miscsi's and the packaged open-iscsi's.

Every single time is taken in a kernel that was booted for it. One that has logged in and out 64 sessions before is slower with the next
ones, whoever asks (0.3 s became 0.8 s after four rounds of bare logins), which says nothing of the programs.
"""
import argparse
import os
import statistics
import subprocess
import sys

VM = ["tests/vm/vm", "-t", "600", "--overlay", "build/vm/root", "--", "python3", "-B", "tests/vm/bench.py", "once"]
SIDES = ["miscsi", "open-iscsi"]


def once(side, count):
    p = subprocess.run([*VM, str(count), "--only", side, "--peer-root", os.path.abspath("build/cache/open-iscsi")],
                       capture_output=True, text=True)
    if p.returncode:
        sys.exit(f"{side}, {count} sessions: {p.stdout}{p.stderr}")
    return float(p.stdout.split()[-1])


def main():
    ap = argparse.ArgumentParser(prog="scripts/bench login")
    ap.add_argument("count", type=int, nargs="*", default=[8, 64], help="numbers of sessions")
    ap.add_argument("-n", "--runs", type=int, default=3)
    ap.add_argument("-v", "--verbose", action="store_true", help="each run's time, too")
    ap.add_argument("--only", choices=SIDES)
    a = ap.parse_intermixed_args()
    sides = [s for s in SIDES if a.only in (None, s)]
    counts = sorted(a.count)
    each = {s: [] for s in sides}
    print(f"one `iscsiadm -m node -l` of N sessions to N targets, each in a kernel booted for it, median of {a.runs}")
    print("    N " + "".join(f"{s:>26} " for s in sides) + "     ratio", flush=True)
    for count in counts:
        times = {s: [] for s in sides}
        for _ in range(a.runs):
            for s in sides:
                times[s].append(once(s, count))
        median = {s: statistics.median(t) for s, t in times.items()}
        line = f"{count:5} " + "".join(f"{median[s]:8.3f} s {median[s] / count * 1000:7.1f} ms each".rjust(26) + " " for s in sides)
        print(line + (f"{median[SIDES[1]] / median[SIDES[0]]:8.1f} x" if len(sides) == 2 else ""), flush=True)
        for s in sides:
            each[s].append(median[s] / count)
            if a.verbose:
                print(f"      {s}: " + " ".join(f"{t:.3f}" for t in times[s]))
    if len(counts) > 1:
        for s in sides:
            print(f"{s}: a session among {counts[-1]} takes {each[s][-1] / each[s][0]:.2f} times as long as one among {counts[0]}")


main()
