# SPDX-License-Identifier: GPL-2.0-or-later
"""The part of scripts/bench scale that runs in the guest: system calls and CPU time of iscsid, with its helpers, for each session that it
logs in, adopts and logs out, beside two floors (scale_floor.c): the same requests and nothing else, and the same with the isolation that
doc/DESIGN.md demands (requests and scans in helper processes, a file of each session).

clock_gettime() is not counted: outside user-mode Linux it is no system call.
"""
import argparse
import contextlib
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "vm"))
import lib  # noqa: E402
from lib import say  # noqa: E402

STEPS = ("login", "adoption", "logout")
FLOORS = ((), ("-i",))
COUNTS = "/run/calls"
STRACE = ["strace", "-f", "-qq", "-c", "-o", COUNTS]


def family(pid):
    """A process and its helpers."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        return [pid] + [p for child in f.read().split() for p in family(int(child))]


USED = {}


def cpu(pids):
    """Seconds that they have used, by the clock of each process; of one that has ended, when it was looked at last."""
    for p in pids:
        with contextlib.suppress(OSError):
            USED[p] = time.clock_gettime(~p << 3 | 2)
    return sum(USED.get(p, 0) for p in pids)


def calls():
    """The number of each system call in strace's summary."""
    found = {}
    with open(COUNTS, encoding="ascii") as f:
        for line in f:
            words = line.split()
            if len(words) > 4 and words[0][0].isdigit() and words[-1] not in ("total", "clock_gettime"):
                found[words[-1]] = int(words[3])
    return found


class Strace:
    """Counts the calls of processes that run."""

    def __init__(self, pids):
        self.process = subprocess.Popen([*STRACE, *[w for p in pids for w in ("-p", str(p))]])
        lib.wait("strace is attached", 30, lambda: all("TracerPid:\t0" not in lib.get(f"/proc/{p}/status", "") for p in pids))

    def end(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)
        return calls()


def idle(pids):
    """Waits until they do nothing any more: scans and removals end after the command."""
    last = -1.0
    while cpu(pids) - last > 0.002:
        last = cpu(pids)
        time.sleep(0.7)


def none_left():
    lib.wait("all hosts are gone", 120, lambda: not os.listdir("/sys/class/iscsi_host"))
    time.sleep(1)


def of_command(daemon, words, strace):
    """What a command costs the daemon: calls, or seconds of CPU time."""
    pids = family(daemon.pid)
    idle(pids)
    tracer, before = strace and Strace(pids), cpu(pids)
    lib.adm(words, timeout=600, quiet=True)
    idle(pids)
    return tracer.end() if strace else {"seconds": cpu({*pids, *family(daemon.pid)}) - before}


def of_start(strace):
    """What a daemon costs from its start until it has adopted what there is."""
    d = lib.Iscsid(wrapper=STRACE if strace else ())
    idle(family(d.pid))
    seconds = cpu(family(d.pid))
    if strace:
        lib.Iscsid.running.remove(d)
        os.kill(family(d.pid)[1], signal.SIGKILL)
        d.process.wait(60)
        return calls()
    d.kill()
    return {"seconds": seconds}


def of_floor(floor, words, strace):
    p = subprocess.run([*(STRACE if strace else ()), *floor, *words], stdout=subprocess.PIPE, check=True, text=True)
    return calls() if strace else {"seconds": int(p.stdout) / 1e6}


def difference(a, b):
    return {k: v - b.get(k, 0) for k, v in a.items()}


def measure_floor(floor, count, strace):
    """{step: the floor's}"""
    nothing = of_floor(floor, ["login", "0", "", ""], strace)
    found = {"login": of_floor(floor, ["login", str(count), lib.INITIATOR, "iqn.2026-11.example:b"], strace)}
    lib.wait("the floor has logged in", 10, lambda: len(lib.logged_in()) == count)
    found["adoption"] = of_floor(floor, ["adoption"], strace)
    found["logout"] = of_floor(floor, ["logout"], strace)
    none_left()
    return {step: difference(found[step], nothing) for step in STEPS}


def measure(floor, count, strace):
    """{step: (ours, a floor's, …)} for all sessions"""
    found, start, d = {}, of_start(strace), lib.Iscsid()
    found["login"] = of_command(d, "-m node -l", strace)
    lib.equal(len(lib.logged_in()), count, "sessions logged in")
    d.kill()
    found["adoption"] = difference(of_start(strace), start)
    d = lib.Iscsid()
    found["logout"] = of_command(d, "-m node -u", strace)
    none_left()
    d.kill()
    least = [measure_floor([floor, *options], count, strace) for options in FLOORS]
    return {step: (found[step], *(values[step] for values in least)) for step in STEPS}


def total(values):
    return sum(values.values())


def show(count, step, counted, times, verbose):
    ours, *least = (total(c) / count for c in counted[step])
    fast, *floors = (min(total(t[step][i]) for t in times) / count * 1e3 for i in range(1 + len(FLOORS)))
    line = f"{count:5} {step:9}{ours:7.1f}{fast:7.2f} ms"
    for n, ms in zip(least, floors):
        line += f"{n:8.1f}{ms:7.2f} ms{ours / n:6.2f}x{fast / ms:6.2f}x"
    say(line)
    for who, values in zip(("iscsid", "floor", "isolated"), counted[step] if verbose else ()):
        say(f"      {who}: " + ", ".join(f"{k} {v / count:.1f}" for k, v in sorted(values.items(), key=lambda kv: -kv[1]) if v * 10 > count))


def main():
    ap = argparse.ArgumentParser(prog="scripts/bench scale", description="calls and CPU time of iscsid for each session")
    ap.add_argument("count", type=int, nargs="*", default=[64, 256], help="numbers of sessions")
    ap.add_argument("-n", "--runs", type=int, default=3, help="of which the shortest time counts")
    ap.add_argument("-v", "--verbose", action="store_true", help="which calls these are")
    ap.add_argument("--floor", required=True)
    a = ap.parse_intermixed_args()
    lib.prepare()
    lib.own_plugins()
    store, there = lib.null("bench"), 0
    say("system calls and CPU time a session, of iscsid with its helpers, of the floor, and of the floor with helpers and files")
    say(f"{'':15}{'iscsid':>17}{'floor':>18}{'calls':>7}{'time':>7}{'isolated':>18}{'calls':>7}{'time':>7}")
    for count in sorted(a.count):
        for i in range(there, count):
            lib.Target(f"b{i}", [store])
        there = count
        d = lib.Iscsid()
        lib.discover(quiet=True)
        d.kill()
        times = [measure(a.floor, count, False) for _ in range(a.runs)]
        counted = measure(a.floor, count, True)
        for step in STEPS:
            show(count, step, counted, times, a.verbose)


if __name__ == "__main__":
    try:
        main()
    except lib.Failed as e:
        say(f"failed: {e}")
        lib.Iscsid.show_logs()
        sys.exit(1)
    finally:
        for daemon in list(lib.Iscsid.running):
            daemon.kill()
