# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests on a whole machine stand on: its target, its packages, its units; and from tests/vm/lib.py what serves here too."""
import ctypes
import os
import subprocess
import sys

import lib
from lib import *  # noqa: F401,F403
from lib import Failed, check, equal, get, say, wait

HERE = os.path.dirname(os.path.realpath(__file__))
SAN, HOST = "10.99.0.1", "10.99.0.2"
PORTAL = SAN + ":3260"
LUNS, SIZE = 4, 32 << 20
BY_PATH = "/dev/disk/by-path/ip-" + PORTAL + "-iscsi-{}-lun-0"
USER, SECRET = "lab", "the secret of the lab"
CLONE_NEWNET = 0x40000000
_names = {}


def sh(command, rc=0, quiet=False, timeout=600):
    """A shell's command; gives its output."""
    p = subprocess.run(command, shell=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=timeout)
    if not quiet:
        say(f"$ {command}   [{p.returncode}]")
        if p.stdout.strip():
            say(p.stdout.rstrip())
    if rc is not None and p.returncode not in (rc if isinstance(rc, tuple) else (rc,)):
        raise Failed(f"status {p.returncode} of {command}: {p.stdout.strip()[-1500:]}")
    return p.stdout.strip()


# --- the target, as on another machine: in a network namespace, on a disk of its own, reached by a cable (a veth pair)

def san_up():
    """Makes the network and the targets iqn.2026-11.example:t0 … t3, one disk each; t1 to t3 ask for CHAP."""
    subprocess.run(["modprobe", "-a", *lib.MODULES, "veth"], check=True)
    for c in ("ip netns add san", "ip link add cable type veth peer name port netns san", f"ip addr add {HOST}/24 dev cable",
              "ip link set cable up", f"ip -n san addr add {SAN}/24 dev port", "ip -n san link set port up", "ip -n san link set lo up"):
        subprocess.run(c.split(), check=True)
    os.makedirs("/var/target/pr", exist_ok=True)
    os.makedirs("/var/target/alua", exist_ok=True)
    with open("/run/netns/san") as f:
        check(ctypes.CDLL(None, use_errno=True).setns(f.fileno(), CLONE_NEWNET) == 0, "setns")
    os.makedirs(lib.CONFIG + "/iscsi", exist_ok=True)
    for i in range(LUNS):
        loop = subprocess.run(["losetup", "-f", "--show", "-o", str(i * SIZE), "--sizelimit", str(SIZE), "/dev/ubdb"], check=True,
                              stdout=subprocess.PIPE, text=True).stdout.strip()
        store = lib._backstore(f"{lib.CONFIG}/core/fileio_0/d{i}", f"fd_dev_name={loop},fd_dev_size={SIZE}", f"lab{i}")
        lib.Target(f"t{i}", [store], [PORTAL], auth=(USER, SECRET) if i else None, initiator=initiator())
    san(None)


def initiator():
    """The name that the targets know: a test sets it in /lab/initiator before the boot that needs it."""
    return get("/lab/initiator", lib.INITIATOR)


def san(alive):
    """The cable to the target: True plugs it in, False pulls it, so that nothing answers."""
    if alive is not None:
        sh(f"ip -n san link set port {'up' if alive else 'down'}", quiet=True)


def name(i):
    return f"iqn.2026-11.example:t{i}"


def logins(i):
    """How many logins target i has accepted since this boot."""
    return int(get(f"{lib.CONFIG}/iscsi/{name(i)}/fabric_statistics/iscsi_login_stats/accepts"))


class Writer:
    """A process that appends to a file and syncs all the time; an I/O error or a change of what was written is a failure."""

    def __init__(self, folder):
        self.path = folder + "/written"

    def __enter__(self):
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.process = subprocess.Popen([sys.executable, "-c", WRITER, self.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True)
        self.progress()
        return self

    def size(self):
        return os.path.getsize(self.path) if os.path.exists(self.path) else 0

    def progress(self):
        """Until it has written more than now."""
        before = self.size()
        wait("something is written", 60, lambda: self.size() > before or self.process.poll() is not None)
        check(self.process.poll() is None, "the writer has ended")

    def __exit__(self, kind, *_):
        out, _ = self.process.communicate("stop\n", timeout=60)
        if kind is None:
            equal((self.process.returncode, out), (0, ""), "the writer's end")


WRITER = r'''
import os, select, sys, time
n = 0
with open(sys.argv[1], "w+b", buffering=0) as f:
    while not select.select([0], [], [], 0)[0]:
        f.write(b"%8d\n" % n)
        os.fsync(f.fileno())
        n += 1
        time.sleep(0.02)  # the machine has one CPU
    f.seek(0)
    if f.read() != b"".join(b"%8d\n" % i for i in range(n)):
        sys.exit("what was read is not what was written")
'''


# --- packages and units

def install(*packages):
    """By apt, as an administrator does, with no one to ask."""
    sh("apt-get update -q", quiet=True)
    return sh("DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends " + " ".join(packages) + " </dev/null")


def readme(section):
    """The commands of a section of README.md, as they are but for sudo and what is said beside them, for the lab's target 0."""
    with open(os.path.dirname(os.path.dirname(HERE)) + "/README.md") as f:
        text = f.read().split(f"\n## {section}\n")[1].split("\n## ")[0]
    commands = [line.strip().split("  ")[0] for line in text.splitlines() if line.startswith("    ")]
    return [c.replace("sudo ", "").replace("10.0.0.1", SAN).replace("TARGET", name(0)) for c in commands]


def installed(package):
    return sh(f"dpkg-query -W -f='${{db:Status-Status}}' {package} 2>/dev/null", rc=None, quiet=True) == "installed"


def state(unit):
    return sh(f"systemctl show -P ActiveState {unit}", quiet=True)


def shown(unit, prop):
    return sh(f"systemctl show -P {prop} {unit}", quiet=True)


def mounted(point):
    return f" {point} " in get("/proc/mounts")


def journal(*words):
    return sh("journalctl -b --no-pager -q -o cat " + " ".join(words), quiet=True)


def down_within(seconds):
    """
    The machine may need so long from the end of this boot's function until it is off. A machine that needed more than 4 s at the end of
    boot1, when nothing was wrong, is busy with other things, and has more time in proportion.
    """
    with open("/lab/down.most", "w") as f:
        f.write(str(seconds * max(1, float(get("/lab/boot1.took", "0")) / 4)))


def keep(key, value):
    """Something to remember until a later boot."""
    with open("/lab/kept." + key, "w") as f:
        f.write(str(value))


def kept(key):
    return get("/lab/kept." + key)
