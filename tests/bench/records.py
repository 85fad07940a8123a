# SPDX-License-Identifier: GPL-2.0-or-later
"""scripts/bench records: calls and time per record of iscsiadm, the packaged open-iscsi and the floor, on the same files.

Runs in a mount namespace of its own, or in a guest, where /etc/iscsi is a directory that it fills anew for each measurement. The programs
run in turn, so that a machine that is busy for a while is busy for each: of the ratios, pair by pair, the median is printed.
"""
import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HOME = "/etc/iscsi"
RECORD = """# BEGIN RECORD 2.1.8
node.name = %s
node.tpgt = 1
node.startup = manual
node.leading_login = No
iface.iscsi_ifacename = default
iface.transport_name = tcp
node.discovery_address = 192.0.2.1
node.discovery_port = 3260
node.discovery_type = send_targets
node.conn[0].address = %s
node.conn[0].port = 3260
node.conn[0].startup = manual
# END RECORD
"""
ONE = "iqn.2026-11.com.example:t%06d"
STEPS = (  # name, arguments of iscsiadm, argument of the floor
    ("list", "-m node", "names"),
    ("tree", "-m node -P 1", None),
    ("show", "-m node -o show", "list"),
    ("show one", "-m node -T " + ONE % 7 + " -o show", None),
    ("update", "-m node -o update -n node.startup -v automatic", None),
    ("delete", "-m node -o delete", None),
    ("discovery", "-m discovery -t st -p 127.0.0.1:%d", "make"),
)
CHANGES = ("update", "delete", "discovery")
ABSENT = ("discovery",)  # begins without records


def fill(count):
    """A target per record, as most storage has them."""
    for name in os.listdir(HOME):
        path = HOME + "/" + name
        shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
    os.makedirs(HOME + "/send_targets/192.0.2.1,3260")
    for i in range(count):
        target, address = ONE % i, "10.%d.%d.%d" % (i >> 16, i >> 8 & 255, i & 255)
        portal = "%s/nodes/%s/%s,3260,1" % (HOME, target, address)
        os.makedirs(portal, 0o700)
        with open(portal + "/default", "w", encoding="ascii") as f:
            f.write(RECORD % (target, address))
        os.symlink(portal, "%s/send_targets/192.0.2.1,3260/%s,%s,3260,1,default" % (HOME, target, address))
    with open(HOME + "/initiatorname.iscsi", "w", encoding="ascii") as f:
        f.write("InitiatorName=iqn.2026-11.com.example:bench\n")
    open(HOME + "/iscsid.conf", "w", encoding="ascii").close()


def run(argv, env, before=()):
    """Seconds on the clock, and of the processor."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        begun = time.monotonic()
        p = subprocess.Popen([*before, *argv], env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=errors)
        _, status, usage = os.wait4(p.pid, 0)
        seconds = time.monotonic() - begun
        p.returncode = status
        if status:
            errors.seek(0)
            sys.exit("%s: status %d\n%s" % (" ".join(argv), status >> 8, errors.read().decode()))
    return seconds, usage.ru_utime + usage.ru_stime


def calls(argv, env):
    with tempfile.NamedTemporaryFile("r") as f:
        run(argv, env, ("strace", "-f", "-c", "-o", f.name))
        return int(f.read().split("\n")[-2].split()[3])


def prepare(step, count, megabytes):
    """A discovery begins on a new file system: ext4 searches long for inodes while those of removed directories are kept back."""
    if step in ABSENT and megabytes:
        subprocess.run(["umount", HOME], check=True)
        disk(megabytes)
    if step in CHANGES:
        fill(0 if step in ABSENT else count)
        os.sync()


def calls_per_record(step, argv, env, count):
    """Without those that the program needs for a few records."""
    few, numbers = 10, []
    for n in (count, few):
        fill(n)
        numbers.append(calls(argv, env))
    return (numbers[0] - numbers[1]) / (count - few)


def measure(step, sides, count, runs, megabytes):
    """[[seconds, seconds of the processor] of each run] of each side. One run before them does not count: it finds nothing in memory."""
    if step not in CHANGES:
        fill(count)
        os.sync()
    got = [[] for _ in sides]
    for i in range(runs + 1):
        for at, (argv, env) in enumerate(sides):
            prepare(step, count, megabytes)
            one = run(argv, env)
            if i:
                got[at].append(one)
    return got


def median(runs, at):
    return statistics.median(r[at] for r in runs) * 1000


def ratio(ours, theirs, at):
    return statistics.median(b[at] / max(a[at], 1e-6) for a, b in zip(ours, theirs))


def disk(megabytes):
    """In a guest: /etc/iscsi on ext4, where a sync has an effect."""
    image = "/run/records.img"
    with open(image, "wb") as f:
        f.truncate(megabytes << 20)
    subprocess.run(["mkfs.ext4", "-q", "-N", str(megabytes * 400), image], check=True)
    os.makedirs(HOME, exist_ok=True)
    subprocess.run(["mount", "-o", "loop", image, HOME], check=True)


class Portal:
    """A portal that answers a discovery with so many targets, and the daemon that the packaged iscsiadm asks first."""

    def __init__(self, count, iscsid, env):
        subprocess.run(["modprobe", "iscsi_tcp"], check=False)
        self.there = os.path.exists("/sys/class/iscsi_transport/tcp")
        if not self.there:
            return
        fill(0)
        here = os.path.dirname(os.path.realpath(__file__))
        self.target = subprocess.Popen([sys.executable, here + "/../fake/target.py", "--targets", str(count)],
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.port = int(self.target.stdout.readline())
        self.daemon = subprocess.Popen([iscsid, "-f"], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(3)

    def close(self):
        if self.there:
            self.target.kill()
            self.daemon.kill()
            self.daemon.wait()


def main():
    ap = argparse.ArgumentParser(prog="scripts/bench records", description="calls and time per record")
    ap.add_argument("count", type=int, nargs="?", default=1000, help="records")
    ap.add_argument("-n", "--runs", type=int, default=5)
    ap.add_argument("--only", help="some of " + ", ".join(s[0] for s in STEPS))
    ap.add_argument("--miscsi", required=True)
    ap.add_argument("--floor", required=True)
    ap.add_argument("--peer-root", required=True)
    ap.add_argument("--guest", action="store_true", help="make a disk; without strace")
    a = ap.parse_args()
    peer_env = {"LD_LIBRARY_PATH": a.peer_root + "/usr/lib/x86_64-linux-gnu"}
    env = {"PATH": os.environ["PATH"], "LANG": "C"}
    there = [(path, e) for path, e in ((a.miscsi, env), (a.peer_root + "/usr/sbin/iscsiadm", {**env, **peer_env})) if os.path.exists(path)]
    megabytes = a.guest and 100 + a.count // 20
    if a.guest:
        subprocess.run(["modprobe", "loop"], check=False)
        disk(megabytes)
    print("%d records, a target each: system calls per record, milliseconds (median of %d), and how many times faster on the clock and by "
          "the processor's time" % (a.count, a.runs))
    print("%-10s %20s %22s %20s %18s" % ("", "miscsi", "open-iscsi", "floor", "faster"))
    for name, words, floor in STEPS:
        if a.only and name not in a.only.split(","):
            continue
        portal = Portal(a.count, a.peer_root + "/usr/sbin/iscsid", {**env, **peer_env}) if name == "discovery" else None
        if portal and not portal.there:
            print("discovery: this kernel has no iscsi_tcp")
            continue
        words = words % portal.port if portal else words
        sides = [([path, *words.split()], e) for path, e in there]
        if floor:
            sides.append(([a.floor, HOME, floor] + [str(a.count)] * (floor == "make"), env))
        got = measure(name, sides, a.count, a.runs, megabytes)
        line = "%-10s" % name
        for (argv, e), runs in zip(sides, got):
            number = "-" if a.guest or portal else "%.1f" % calls_per_record(name, argv, e, a.count)
            line += "%10s %8.1f ms" % (number, median(runs, 0))
        if len(there) == 2:
            line += " " * (0 if floor else 22) + "%8.1f x %6.1f x" % (ratio(got[0], got[1], 0), ratio(got[0], got[1], 1))
        print(line, flush=True)
        if portal:
            portal.close()


if __name__ == "__main__":
    main()
