# SPDX-License-Identifier: GPL-2.0-or-later
"""scripts/bench records: calls and time per record of iscsiadm, the packaged open-iscsi and the floor, on the same files.

Runs in a mount namespace of its own, where /etc/iscsi is a directory that it fills anew for each measurement.
"""
import argparse
import os
import shutil
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
)


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
    with tempfile.TemporaryFile() as out:
        begun = time.monotonic()
        p = subprocess.run([*before, *argv], env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE, check=False)
        seconds = time.monotonic() - begun
    if p.returncode:
        sys.exit("%s: status %d\n%s" % (" ".join(argv), p.returncode, p.stderr.decode()))
    return seconds


def calls(argv, env):
    with tempfile.NamedTemporaryFile("r") as f:
        run(argv, env, ("strace", "-f", "-c", "-o", f.name))
        return int(f.read().split("\n")[-2].split()[3])


def measure(argv, env, count, runs):
    """Calls per record, without those that the program needs for none; milliseconds of the whole, the best of the runs."""
    best, changes = None, "update" in argv or "delete" in argv
    for i in range(runs):
        if changes or not i:
            fill(count)
            os.sync()
        seconds = run(argv, env)
        best = seconds if best is None else min(best, seconds)
    few = 10
    numbers = []
    for n in (count, few):
        fill(n)
        numbers.append(calls(argv, env))
    return (numbers[0] - numbers[1]) / (count - few), best * 1000


def main():
    ap = argparse.ArgumentParser(prog="scripts/bench records", description="calls and time per record")
    ap.add_argument("count", type=int, nargs="?", default=1000, help="records")
    ap.add_argument("-n", "--runs", type=int, default=3)
    ap.add_argument("--miscsi", required=True)
    ap.add_argument("--floor", required=True)
    ap.add_argument("--peer-root", required=True)
    a = ap.parse_args()
    peer = a.peer_root + "/usr/sbin/iscsiadm"
    if not os.path.exists(peer):
        peer = a.peer_root + "/sbin/iscsiadm"
    env = {"PATH": os.environ["PATH"], "LANG": "C"}
    sides = [("miscsi", a.miscsi, env), ("open-iscsi", peer, dict(env, LD_LIBRARY_PATH=a.peer_root + "/usr/lib/x86_64-linux-gnu"))]
    print("%d records, a target each: system calls per record, and milliseconds (best of %d)" % (a.count, a.runs))
    print("%-10s %20s %22s %20s %8s" % ("", "miscsi", "open-iscsi", "floor", "faster"))
    for name, words, floor in STEPS:
        got = [measure([path, *words.split()], e, a.count, a.runs) for _, path, e in sides if os.path.exists(path)]
        line = "%-10s" % name + "".join("%10.1f %8.1f ms" % g for g in got)
        line += "%10.1f %8.1f ms" % measure([a.floor, HOME, floor], env, a.count, a.runs) if floor else " " * 22
        if len(got) == 2:
            line += "%7.1f x" % (got[1][1] / got[0][1])
        print(line, flush=True)


if __name__ == "__main__":
    main()
