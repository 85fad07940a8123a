# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests in the guest stand on: LIO targets, the daemon, the command line, waits and assertions.

One Python program sets up all by writing files itself, for a fork is slow in such a guest. A test ends with status
0 (passed), 77 (skipped, with a reason) or another (failed, with the assertion's text).
"""
import contextlib
import errno
import glob
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time

CONFIG = "/sys/kernel/config/target"
HOME = "/etc/iscsi"
INITIATOR = "iqn.2026-11.example:initiator"
PIDFILE = "/run/iscsid.pid"
SOCKET = "/run/miscsi/iscsid.socket"
ISCSIADM = os.environ.get("ISCSIADM", "/usr/sbin/iscsiadm")
ISCSID = os.environ.get("ISCSID", "/usr/sbin/iscsid")
# `run --root build/cache/open-iscsi -e PEER=1`: the tests tried on the packaged open-iscsi (scripts/setup --with-bench)
PEER = bool(os.environ.get("PEER"))
SANITIZED = os.environ.get("SANITIZED") == "1"
PATIENCE = int(os.environ.get("PATIENCE", "1"))  # how much slower than usual this kernel is
PORTAL = "127.0.0.1:3260"
MODULES = ["target_core_mod", "target_core_file", "iscsi_target_mod", "iscsi_tcp", "sd_mod"]


# --- telling

def say(*words):
    print(*words, flush=True)


class Failed(Exception):
    pass


def check(truth, *text):
    if not truth:
        raise Failed(" ".join(str(t) for t in text))


def equal(got, wanted, what):
    check(got == wanted, f"{what}: {got!r}, not {wanted!r}")


def contains(text, part, what="output"):
    check(part in text, f"{what} lacks {part!r}:\n{text}")


def skip(reason):
    say(f"skipped: {reason}")
    sys.exit(77)


def wait(what, seconds, truth, step=0.05):
    """Until truth() is true; gives its value."""
    end = time.monotonic() + seconds * PATIENCE
    while True:
        value = truth()
        if value:
            return value
        check(time.monotonic() < end, f"not within {seconds} s: {what}")
        time.sleep(step)


def own_plugins():
    """Programs that a developer built belong to him, and those of root open only plugins that belong to root."""
    for path in glob.glob("/usr/lib*/miscsi/plugins-1/*") + glob.glob("/usr/lib/*/miscsi/plugins-1/*"):
        while path != "/":
            seen = os.lstat(path)
            if not stat.S_ISLNK(seen.st_mode) and (seen.st_uid or seen.st_mode & 0o022 and not seen.st_mode & stat.S_ISVTX):
                os.chown(path, 0, 0)
                os.chmod(path, stat.S_IMODE(seen.st_mode) & ~0o022)
            path = os.path.dirname(path)


def main(test):
    """Runs a test's function; what it started is ended, whatever happens."""
    try:
        prepare()
        own_plugins()
        test()
        Iscsid.all_healthy()
        for d in list(Iscsid.running) if SANITIZED else ():
            d.stop()  # only one that ends by itself tells what it leaks
    except Failed as e:
        say(f"FAILED: {e}")
        Iscsid.show_logs()
        sys.exit(1)
    finally:
        for d in list(Iscsid.running):
            d.kill()
    say("passed")


# --- files

def put(path, text):
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, str(text).encode())
    finally:
        os.close(fd)


def get(path, otherwise=None):
    try:
        with open(path, errors="replace") as f:
            return f.read().strip()
    except OSError:
        return otherwise


def prepare(modules=MODULES):
    """Modules, and a fresh /etc/iscsi in memory with what `make install` put there."""
    subprocess.run(["modprobe", "-a", *modules], check=True)
    os.makedirs(HOME, exist_ok=True)
    kept = {f: open(f"{HOME}/{f}", "rb").read() for f in os.listdir(HOME) if os.path.isfile(f"{HOME}/{f}")}
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "etc-iscsi", HOME], check=True)
    for name, data in kept.items():
        with open(f"{HOME}/{name}", "wb") as f:
            f.write(data)
    with open(f"{HOME}/initiatorname.iscsi", "w") as f:
        f.write(f"InitiatorName={INITIATOR}\n")
    os.makedirs("/run/lock/iscsi", exist_ok=True)
    os.makedirs("/var/target/pr", exist_ok=True)
    os.makedirs("/var/target/alua", exist_ok=True)
    os.makedirs(CONFIG + "/iscsi", exist_ok=True)


def config(settings):
    """Adds settings to iscsid.conf."""
    with open(f"{HOME}/iscsid.conf", "a") as f:
        for key, value in settings.items():
            f.write(f"{key} = {value}\n")


def tree(path=HOME):
    """Every file below path, and what is in it: to see that nothing else changed."""
    found = {}
    for folder, _, files in os.walk(path):
        for name in files:
            p = os.path.join(folder, name)
            with open(p, "rb") as f:
                found[p] = hashlib.sha256(f.read()).hexdigest()
    return found


# --- the target

def ram(name, megabytes=32):
    """A disk in memory; gives its configfs folder."""
    return _backstore(f"{CONFIG}/core/rd_mcp_0/{name}", f"rd_pages={megabytes * 256}", name)


def null(name):
    """A disk without anything behind it, for many sessions."""
    return _backstore(f"{CONFIG}/core/rd_mcp_0/{name}", "rd_pages=2048,rd_nullio=1", name)


def file(name, megabytes=32):
    path = f"/run/{name}.disk"
    with open(path, "wb") as f:
        f.truncate(megabytes << 20)
    return _backstore(f"{CONFIG}/core/fileio_0/{name}", f"fd_dev_name={path},fd_dev_size={megabytes << 20}", name)


def _backstore(path, control, serial):
    os.makedirs(path)
    put(path + "/control", control)
    put(path + "/enable", 1)
    with contextlib.suppress(OSError):
        put(path + "/wwn/vpd_unit_serial", serial)
    return path


class Target:
    """One LIO target with one portal group. auth: (user, password) of the initiator; auth_in: of the target."""

    def __init__(self, name, luns, portals=(PORTAL,), auth=None, auth_in=None, initiator=INITIATOR):
        self.name = name if name.startswith("iqn.") else "iqn.2026-11.example:" + name
        self.portal = portals[0]
        self.path = f"{CONFIG}/iscsi/{self.name}"
        self.tpg = self.path + "/tpgt_1"
        os.mkdir(self.path)
        os.mkdir(self.tpg)
        for i, store in enumerate(luns):
            os.mkdir(f"{self.tpg}/lun/lun_{i}")
            os.symlink(store, f"{self.tpg}/lun/lun_{i}/b")
        for p in portals:
            os.mkdir(f"{self.tpg}/np/{p}")
        for key, value in (("authentication", int(bool(auth))), ("generate_node_acls", int(not auth)),
                           ("demo_mode_write_protect", 0), ("cache_dynamic_acls", int(not auth))):
            put(f"{self.tpg}/attrib/{key}", value)
        if auth:
            self._acl(initiator, len(luns), auth, auth_in)
        self.enable(True)

    def _acl(self, initiator, luns, auth, auth_in):
        acl = f"{self.tpg}/acls/{initiator}"
        os.mkdir(acl)
        for i in range(luns):
            os.mkdir(f"{acl}/lun_{i}")
            os.symlink(f"{self.tpg}/lun/lun_{i}", f"{acl}/lun_{i}/l")
        put(acl + "/auth/userid", auth[0])
        put(acl + "/auth/password", auth[1])
        if auth_in:
            put(acl + "/auth/userid_mutual", auth_in[0])
            put(acl + "/auth/password_mutual", auth_in[1])

    def enable(self, on):
        put(self.tpg + "/enable", int(on))

    def logins(self):
        """How many logins the target has accepted, ever."""
        return int(get(f"{self.path}/fabric_statistics/iscsi_login_stats/accepts"))

    def refused(self):
        """How many logins the target has refused for their credentials, ever."""
        return int(get(f"{self.path}/fabric_statistics/iscsi_login_stats/authenticate_fails"))

    def open_sessions(self):
        """How many sessions the target has now."""
        return int(get(f"{self.path}/fabric_statistics/iscsi_instance/sessions"))


def targets(count, luns, portal=PORTAL):
    return [Target(f"t{i}", luns, [portal]) for i in range(count)]


# --- the simulated adapter (tests/simhba); the test's head says "# needs: qemu simhba"

def simhba(personality="qla4xxx", **params):
    """Loads it as these drivers, with commas; params are of the module. Hosts are numbered from 1."""
    if "SIMHBA" not in os.environ:
        skip("the simulated adapter needs Debian's kernel: tests/vm/run NAME")
    words = [f"{k}={v}" for k, v in params.items()]
    subprocess.run(["modprobe", "-a", "libiscsi", "iscsi_boot_sysfs", "uio", "sd_mod"], check=True)
    subprocess.run(["insmod", os.environ["SIMHBA"], f"personality={personality}", *words], check=True)


def simhba_set(**params):
    """Faults on demand: fail_login=0x0201, slow_poll_ms=500 and so on; `modinfo -p` has them all."""
    for key, value in params.items():
        put(f"/sys/module/miscsi_simhba/parameters/{key}", value)


def simhba_do(command):
    """"link 1 down", "conn_error SID 1011", "async SID 1 0 0 3", "if_down 1", "uio 1 down"."""
    put("/proc/miscsi_simhba/do", command)


def simhba_log(clear=True):
    """What the adapters were sent since it was last cleared, line by line."""
    with open("/proc/miscsi_simhba/log") as f:
        text = f.read()
    if clear:
        put("/proc/miscsi_simhba/log", "0")
    return text.splitlines()


# --- the command line

class Result:
    def __init__(self, rc, out, err, seconds):
        self.rc, self.out, self.err, self.seconds = rc, out, err, seconds


def adm(*args, rc=0, timeout=60, quiet=False, env=None):
    """iscsiadm; rc is the status that it must end with, or None for any."""
    args = [str(a) for w in args for a in (w.split() if isinstance(w, str) else w)]
    start = time.monotonic()
    timeout *= PATIENCE
    try:
        p = subprocess.run([ISCSIADM, *args], capture_output=True, text=True, errors="replace", timeout=timeout,
                           env=dict(os.environ, **(env or {})))
    except subprocess.TimeoutExpired as e:
        raise Failed(f"no end after {timeout} s: iscsiadm {' '.join(args)}\n{e.stdout}{e.stderr}") from None
    seconds = time.monotonic() - start
    if not quiet:
        say(f"$ iscsiadm {' '.join(args)}   [{p.returncode}, {seconds:.2f} s]")
        for text in (p.stdout, p.stderr):
            if text:
                say(text[:4000].rstrip("\n"))
    if rc is not None and p.returncode not in (rc if isinstance(rc, (tuple, list)) else (rc,)):
        raise Failed(f"iscsiadm {' '.join(args)} ended with {p.returncode}, not {rc}: {p.stderr.strip()[:500]}")
    return Result(p.returncode, p.stdout, p.stderr, seconds)


def discover(portal=PORTAL, rc=0, **more):
    return adm(f"-m discovery -t st -p {portal}", rc=rc, **more)


# --- sessions, as the kernel shows them

def sessions():
    """{session number: folder in sysfs}"""
    return {int(os.path.basename(p)[7:]): p for p in glob.glob("/sys/class/iscsi_session/session*")}


def logged_in():
    return [s for s, p in sessions().items() if get(p + "/state") == "LOGGED_IN"]


def session_of(target):
    """The session number of a target's only session."""
    found = [s for s, p in sessions().items() if get(p + "/targetname") == target.name]
    equal(len(found), 1, f"sessions of {target.name}")
    return found[0]


def disks(sid=None):
    """The /dev nodes of one session's disks, or of all."""
    number = "*" if sid is None else sid
    return ["/dev/" + os.path.basename(p)
            for p in glob.glob(f"/sys/class/iscsi_session/session{number}/device/target*/*:*:*:*/block/*")]


def disk(target, seconds=10):
    """The /dev node of a target's first disk, once it is there."""
    sid = session_of(target)
    path = wait(f"a disk of session {sid}", seconds, lambda: disks(sid))[0]
    wait(path, seconds, lambda: os.path.exists(path))
    return path


def opened(path):
    """A file descriptor, or None while the kernel is still making the disk."""
    try:
        return os.open(path, os.O_RDWR)
    except OSError as e:
        if e.errno not in (errno.ENXIO, errno.ENOENT):
            raise
        return None


def write_and_compare(path, megabytes=4):
    """Writes random data through the disk and compares what comes back, past the page cache."""
    data = os.urandom(1 << 20) * megabytes
    fd = wait(f"{path} can be opened", 5, lambda: opened(path))
    try:
        for at in range(0, len(data), 1 << 20):
            equal(os.pwrite(fd, data[at:at + (1 << 20)], at), 1 << 20, f"written to {path}")
        os.fsync(fd)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        got = b"".join(os.pread(fd, 1 << 20, at) for at in range(0, len(data), 1 << 20))
    finally:
        os.close(fd)
    check(got == data, f"{path}: what was read is not what was written")


# --- the daemon

TURN_MS = 50  # of one turn of iscsid's loop, on the CPU or blocked
TURN_BUSY_MS = 10000  # when the host is busy, whose other programs' time the guest takes for its own


class Host:
    """The machine that runs this guest: the share of time that its other programs took from the guest, when last looked at."""
    taken = 0.0

    @classmethod
    def look(cls, seconds=0.3):
        """Runs on the CPU and sees how long it does not. Gives the highest share so far."""
        begun = last = time.monotonic()
        lost = 0.0
        while last - begun < seconds:
            now = time.monotonic()
            if now - last > 0.002:
                lost += now - last
            last = now
        cls.taken = max(cls.taken, lost / (last - begun))
        return cls.taken


def connected():
    """A connection to iscsid. Its socket is bound under another name first, while that of one that was killed may be there still."""
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
        s.connect(SOCKET)
        return s
    s.close()
    return None


class Iscsid:
    """One iscsid that we started, by its pid."""
    running = []
    logs = []

    def __init__(self, *args, env=None, wrapper=(), ready=True):
        self.log = f"/run/iscsid.{len(Iscsid.logs)}.log"
        Iscsid.logs.append(self.log)
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([*wrapper, ISCSID, "-f", *args], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, env=dict(os.environ, **(env or {})))
        self.pid = self.process.pid
        Iscsid.running.append(self)
        if ready:
            wait("iscsid listens", 20, self.listens)
            self.answers()

    def listens(self):
        check(self.alive(), f"iscsid ended with {self.process.returncode}: {get(self.log)}")
        if PEER:
            return "ISCSIADM_ABSTRACT_NAMESPACE" in get("/proc/net/unix", "")
        return SOCKET in get("/proc/net/unix", "") and get(PIDFILE)

    @staticmethod
    def answers():
        """It listens before it takes over sessions, and answers after that."""
        if not PEER:
            Iscsid.status()

    @staticmethod
    def status():
        """The reply to GetStatus."""
        with wait("iscsid accepts connections", 20, connected) as s:
            s.settimeout(20 * PATIENCE)
            s.sendall(b'{"method":"org.miscsi.GetStatus"}\0')
            got = b""
            while not got.endswith(b"\0"):
                part = s.recv(65536)
                check(part, "iscsid has closed the connection")
                got += part
        return json.loads(got[:-1])["parameters"]

    def turns(self):
        """Prints the longest turns of its loop; fails for one that is too long."""
        too_long = self.long_turn()
        check(not too_long, too_long)

    def long_turn(self):
        """Prints the longest turns of its loop; gives what to say of one that is too long."""
        s = self.status()
        ms = {k: s["longestTurn" + k] / 1000 for k in ("", "Cpu", "Blocked")}
        taken = Host.look()
        say("longest turns of the loop: " + ", ".join(f"{ms[k]:.1f} ms {word} ({s['longestTurn' + k + 'Of'] or 'none'})" for k, word in (
            ("", "in all"), ("Cpu", "on the CPU"), ("Blocked", "blocked"))) + f"; other programs took {taken * 100:.0f} % of the CPU")
        most = (TURN_MS if taken < 0.1 else TURN_BUSY_MS) * PATIENCE
        return next((f"a turn took {ms[k]:.1f} ms in {s['longestTurn' + k + 'Of']}, and not at most {most} ms"
                     for k in ("Cpu", "Blocked") if not SANITIZED and ms[k] > most), "")

    def alive(self):
        return self.process.poll() is None

    def kill(self, signum=signal.SIGKILL, seconds=10):
        """Ends it by a signal; gives its status."""
        if self in Iscsid.running:
            Iscsid.running.remove(self)
        if self.alive():
            self.process.send_signal(signum)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Failed(f"iscsid still there {seconds} s after signal {signum}") from None

    def stop(self):
        equal(self.kill(signal.SIGTERM), 0, "iscsid's status after SIGTERM")

    def pss(self):
        """Its share of memory in KiB."""
        return pss(self.pid)

    def own(self):
        """Its own memory in KiB, which does not depend on how many helpers share it at the moment."""
        return int(re.search(r"RssAnon:\s+(\d+)", get(f"/proc/{self.pid}/status")).group(1))

    @staticmethod
    def all_healthy():
        for d in Iscsid.running:
            check(d.alive(), f"iscsid died with {d.process.returncode}")

    @staticmethod
    def show_logs():
        for log in Iscsid.logs:
            text = get(log, "")
            say(f"--- {log}\n{text[-6000:]}")


def pss(pid):
    for line in get(f"/proc/{pid}/smaps_rollup", "").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    raise Failed(f"no smaps_rollup of {pid}")


# --- disk traffic in the background

class Traffic:
    """A process that writes and compares on a disk without a pause, until it is asked how it went."""

    def __init__(self, path):
        self.path = path
        self.process = subprocess.Popen([sys.executable, "-c", TRAFFIC, path], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def finish(self, seconds=60):
        """Stops it; gives how many rounds it made. An I/O error is a failure."""
        try:
            out, _ = self.process.communicate("stop\n", timeout=seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise Failed(f"traffic on {self.path} hangs") from None
        check(self.process.returncode == 0, f"traffic on {self.path}: {out}")
        return int(out)


TRAFFIC = r'''
import mmap, os, select, sys
fd = os.open(sys.argv[1], os.O_RDWR | os.O_DIRECT)
block = mmap.mmap(-1, 65536)
rounds = 0
while not select.select([0], [], [], 0)[0]:
    try:
        block[:] = bytes([rounds & 255]) * 65536
        os.pwrite(fd, block, (rounds % 16) * 65536)
        block[:] = bytes(65536)
        os.preadv(fd, [block], (rounds % 16) * 65536)
    except OSError as e:
        print(e); sys.exit(1)
    if block[:] != bytes([rounds & 255]) * 65536:
        print("round", rounds, "compares differently"); sys.exit(1)
    rounds += 1
print(rounds)
'''


def remove_tree(path):
    shutil.rmtree(path, ignore_errors=True)
