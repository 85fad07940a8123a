# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine whose root lies on an iSCSI target: Debian's kernel in QEMU, tgtd as a process of this machine (on loopback), our packages.

A test has MACHINE = "diskless" and a function test(m) that runs here, outside of the machine; m is a Diskless.
"""
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, TOP + "/tests/vm"]
import qemu  # noqa: E402

CACHE = TOP + "/build/cache"
UUID = "6d697363-7369-4000-8000-000000000001"
TARGET, INITIATOR = "iqn.2026-11.example:root", "iqn.2026-11.example:diskless"
USER, SECRET = "rootuser", "the-root-secret"
HOST, SAN, GATEWAY, PREFIX = "10.9.0.2", "10.9.0.1", "10.9.0.254", "24"
MASK = "255.255.255.0"
KERNEL_WORDS = ("console=ttyS0 panic=-1 mitigations=off nokaslr random.trust_cpu=on cryptomgr.notests tsc=reliable no_timer_check audit=0 "
                "apparmor=0 nowatchdog net.ifnames=0 rcupdate.rcu_expedited=1 root=UUID=" + UUID)
PATIENCE = float(os.environ.get("MACHINE_PATIENCE", "1"))

AGENT = r'''#!/usr/bin/python3
import os, subprocess, tty
fd = os.open("/dev/ttyS1", os.O_RDWR | os.O_NOCTTY)
tty.setraw(fd)
port = os.fdopen(fd, "r+b", buffering=0)
port.write(b"ready\n")
line = b""
while True:
    c = port.read(1)
    if c != b"\n":
        line += c
        continue
    p = subprocess.run(line.decode(), shell=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    out = b"%d %d\n" % (p.returncode, len(p.stdout)) + p.stdout
    while out:
        out = out[port.write(out):]
    line = b""
'''
UNIT = """[Unit]
DefaultDependencies=no
After=local-fs.target
[Service]
ExecStart=/usr/sbin/lab-agent
KillMode=process
[Install]
WantedBy=multi-user.target
"""


class Failed(Exception):
    pass


def equal(got, wanted, text):
    if got != wanted:
        raise Failed(f"{text}: {got!r}, not {wanted!r}")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


class Diskless:
    def __init__(self, debs, logs, name):
        self.work = tempfile.mkdtemp(prefix="diskless.")
        self.root = self.work + "/root"
        self.log = open(f"{logs}/{name}.out", "w")
        self.console = f"{logs}/{name}.console"
        self.debs, self.port, self.tgtd, self.qemu, self.agent = debs, free_port(), None, None, None

    def say(self, *words):
        print(*words, file=self.log, flush=True)

    def prepare(self):
        """What does not count as the test's time; Failed if it cannot be had."""
        for path, option in ("tgt/usr/sbin/tgtd", "--with-packages"), ("qemu/usr/bin/qemu-system-x86_64", "--with-qemu"):
            if not os.access(f"{CACHE}/{path}", os.X_OK):
                raise Failed(f"{path} is not there (scripts/setup {option})")
        if subprocess.run([HERE + "/root", CACHE + "/machine", "diskless"]).returncode:
            raise Failed("there is no Debian to start from")
        self.unpack()

    # --- the root

    def enter(self, command, rc=0, discarded=False):
        """A shell's command in the root, as a folder; discarded: without effect on it."""
        inner = 'mount -t proc proc "$1/proc" && mount -t tmpfs run "$1/run" && exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin ' \
                'LC_ALL=C DEBIAN_FRONTEND=noninteractive chroot "$1" sh -c "$2"'
        if discarded:
            inner = 'cd "$3" && mkdir -p o && mount -t tmpfs o o && mkdir o/upper o/work o/root && mount -t overlay o o/root ' \
                    '-o "lowerdir=$1,upperdir=o/upper,workdir=o/work" && set -- "$3/o/root" "$2" && ' + inner
        p = subprocess.run(["unshare", "--mount", "--propagation", "private", "--", "sh", "-c", inner, "sh", self.root, command, self.work],
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.say(f"root$ {command}   [{p.returncode}]\n{p.stdout}")
        if rc is not None and p.returncode != rc:
            raise Failed(f"status {p.returncode} of {command}: {p.stdout[-800:]}")
        return p

    def put(self, path, text, mode=0o644):
        path = self.root + path
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text)
        os.chmod(path, mode)

    def unpack(self):
        """The Debian of tests/machine/root, with our packages and the agent."""
        os.makedirs(self.root)
        subprocess.run(["tar", "-x", "-p", "-f", CACHE + "/machine/diskless.tar", "-C", self.root], check=True)
        names = [n for n in os.listdir(self.debs) if re.match(r"miscsi(-plugin-tcp|-initramfs)?_.*\.deb$", n)]
        for n in names:
            shutil.copy(f"{self.debs}/{n}", self.root + "/root")
            self.next_version(f"{self.debs}/{n}", f"{self.root}/root/next/{n}")
        # no image yet: the test makes it
        self.put("/etc/initramfs-tools/update-initramfs.conf", "update_initramfs=no\n")
        self.enter("dpkg --force-unsafe-io -i /root/*.deb && rm /root/*.deb")
        self.put("/etc/fstab", f"UUID={UUID} / ext4 defaults 0 1\n")
        # a busy machine needs longer for its console, without which there is no login prompt
        self.put("/etc/systemd/system.conf.d/lab.conf", "[Manager]\nDefaultDeviceTimeoutSec=300\n")
        self.put("/usr/sbin/lab-agent", AGENT, 0o755)
        self.put("/etc/systemd/system/lab-agent.service", UNIT)
        self.enter("systemctl enable lab-agent.service")
        self.version = os.listdir(self.root + "/lib/modules")[0]

    def next_version(self, deb, to):
        """The same package with a higher version."""
        folder = self.work + "/next"
        subprocess.run(["dpkg-deb", "-R", deb, folder], check=True)
        with open(folder + "/DEBIAN/control") as f:
            text = f.read()
        version = re.search(r"^Version: (.*)$", text, re.M).group(1)
        with open(folder + "/DEBIAN/control", "w") as f:
            f.write(re.sub(re.escape(version) + r"(?=[)\s])", version + "+next", text))
        os.makedirs(os.path.dirname(to), exist_ok=True)
        subprocess.run(["dpkg-deb", "-b", "-Znone", folder, to], check=True, stdout=subprocess.DEVNULL)
        shutil.rmtree(folder)

    def image(self):
        """The root as an image for the target; the initramfs of each kind goes to the machine's firmware, as it were."""
        for name in "initrd.lab", "initrd.dracut":
            shutil.move(f"{self.root}/boot/{name}", f"{self.work}/{name}")
        shutil.copy(f"{self.root}/boot/vmlinuz-{self.version}", self.work)
        subprocess.run(["mke2fs", "-q", "-t", "ext4", "-O", "^metadata_csum_seed", "-U", UUID, "-d", self.root, self.work + "/disk", "1300M"],
                       check=True)
        shutil.rmtree(self.root)

    # --- the target

    def _tgtadm(self, *words):
        p = subprocess.run([CACHE + "/tgt/usr/sbin/tgtadm", "-C", str(self.port % 32000), "--lld", "iscsi", *words], env=self._tgt_env(),
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if p.returncode:
            raise Failed(f"tgtadm {' '.join(words)}: {p.stdout}")

    def _tgt_env(self):
        return dict(os.environ, LD_LIBRARY_PATH=CACHE + "/tgt/usr/lib/x86_64-linux-gnu")

    def target_up(self):
        # its control socket is named after the port
        os.makedirs("/var/run/tgtd", exist_ok=True)
        with open(self.work + "/tgtd.log", "a") as log:
            self.tgtd = subprocess.Popen([CACHE + "/tgt/usr/sbin/tgtd", "-f", "-C", str(self.port % 32000), "--iscsi", f"portal=127.0.0.1:{self.port}"],
                                         env=self._tgt_env(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        for _ in range(100):
            try:
                self._tgtadm("--mode", "target", "--op", "new", "--tid", "1", "-T", TARGET)
                break
            except Failed:
                time.sleep(0.2)
        self._tgtadm("--mode", "logicalunit", "--op", "new", "--tid", "1", "--lun", "1", "-b", self.work + "/disk")
        self._tgtadm("--mode", "account", "--op", "new", "--user", USER, "--password", SECRET)
        self._tgtadm("--mode", "account", "--op", "bind", "--tid", "1", "--user", USER)
        self._tgtadm("--mode", "target", "--op", "bind", "--tid", "1", "-I", "ALL")

    def target_down(self):
        self.tgtd.kill()
        self.tgtd.wait()

    # --- the machine

    def boot(self, words, more=(), initrd="initrd.lab"):
        own = CACHE + "/qemu/usr"
        command = [own + "/bin/qemu-system-x86_64", "-L", own + "/share/qemu", "-L", own + "/share/seabios", "-accel", "tcg,thread=multi", "-M",
                   "pc", "-cpu", "max,la57=off", "-smp", "2", "-m", "1024", "-nodefaults", "-display", "none", "-no-reboot",
                   "-kernel", self.kernel(), "-initrd", f"{self.work}/{initrd}", "-append", f"{KERNEL_WORDS} {words}", "-serial", f"file:{self.console}",
                   "-serial", f"unix:{self.work}/agent,server=on,wait=off", "-device", "virtio-rng-pci",
                   "-netdev", f"user,id=n0,net=10.9.0.0/24,host={SAN}", "-device",
                   "virtio-net-pci,netdev=n0,mac=52:54:00:12:34:56,addr=0x10,romfile=", *more]
        if os.path.exists(self.console):
            os.unlink(self.console)
        self.qemu = subprocess.Popen(command, env=dict(os.environ, LD_LIBRARY_PATH=own + "/lib/x86_64-linux-gnu"),
                                     stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        start = time.monotonic()
        self.wait("socket of the agent", 60, lambda: os.path.exists(self.work + "/agent"))
        self.agent = socket.socket(socket.AF_UNIX)
        self.agent.connect(self.work + "/agent")
        self.wait("a login prompt", 400, lambda: "login:" in self.said())
        self.say(f"a login prompt after {time.monotonic() - start:.0f} s")
        self.agent_is_ready()

    def agent_is_ready(self):
        """Before, its terminal would echo what is sent."""
        self.agent.settimeout(400 * PATIENCE)
        head = b""
        while not head.endswith(b"ready\n"):
            head += self.agent.recv(1)

    def kernel(self):
        return qemu.uncompressed(f"{self.work}/vmlinuz-{self.version}")

    def said(self):
        try:
            with open(self.console, errors="replace") as f:
                return f.read()
        except OSError:
            return ""

    def wait(self, what, seconds, fn):
        end = time.monotonic() + seconds * PATIENCE
        while time.monotonic() < end:
            got = fn()
            if got:
                return got
            if self.qemu.poll() is not None:
                raise Failed(f"the machine ended while waiting for {what}")
            time.sleep(0.3)
        raise Failed(f"no {what} within {seconds * PATIENCE:.0f} s")

    def sh(self, command, rc=0, seconds=60):
        """A shell's command in the machine; gives its output."""
        self.agent.settimeout(seconds * PATIENCE)
        self.agent.sendall(command.encode() + b"\n")
        head, out = b"", b""
        try:
            while not head.endswith(b"\n"):
                head += self.agent.recv(1)
            status, size = map(int, head.split())
            while len(out) < size:
                out += self.agent.recv(size - len(out))
        except socket.timeout:
            raise Failed(f"no answer within {seconds * PATIENCE:.0f} s to: {command}") from None
        out = out.decode(errors="replace").strip()
        self.say(f"$ {command}   [{status}]\n{out}")
        if rc is not None:
            equal(status, rc, f"status of {command}: {out[-500:]}")
        return out

    def down(self, seconds):
        self.agent.sendall(b"systemctl --no-block poweroff\n")
        start = time.monotonic()
        while self.qemu.poll() is None:
            if time.monotonic() > start + seconds * PATIENCE:
                raise Failed(f"the machine was still up after {seconds * PATIENCE:.0f} s")
            time.sleep(0.1)
        self.say(f"down after {time.monotonic() - start:.1f} s")

    def clean(self):
        for p in self.qemu, self.tgtd:
            if p and p.poll() is None:
                p.kill()
                p.wait()
        shutil.rmtree(self.work, ignore_errors=True)
        self.log.close()
