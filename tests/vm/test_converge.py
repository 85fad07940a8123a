# SPDX-License-Identifier: GPL-2.0-or-later
"""Random faults on 16 sessions with verified writers: soon after the last fault all is as wanted, without an I/O error"""
import mmap
import random
import socket
import struct
import threading

from lib import *

VM_TIME = 700
VM_MEMORY = 1024
SESSIONS = int(os.environ.get("CONVERGE_SESSIONS", 16))
SECONDS = float(os.environ.get("CONVERGE_SECONDS", 40))
SETTLE = float(os.environ.get("CONVERGE_SETTLE", 10))
BLOCK, BLOCKS = 4096, 512
PROXIED = range(0, SESSIONS, 4)  # these connect through a proxy, which can reset and stall connections
MOVABLE = range(1, SESSIONS, 4)  # the portals of these have an address of their own, which can go away


class Proxy:
    """Passes the bytes of a TCP port to another one; resets, stalls or refuses on demand."""

    def __init__(self, port, to):
        self.to, self.open, self.stalled, self.pairs, self.lock = to, True, False, set(), threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", port), backlog=64)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            sock, _ = self.listener.accept()
            try:
                peer = socket.create_connection(("127.0.0.1", self.to)) if self.open else None
            except OSError:
                peer = None
            if not peer:
                self.kill(sock)
                continue
            with self.lock:
                self.pairs.add((sock, peer))
            for a, b in ((sock, peer), (peer, sock)):
                threading.Thread(target=self.pump, args=(a, b, (sock, peer)), daemon=True).start()

    def pump(self, a, b, pair):
        with contextlib.suppress(OSError):
            while data := a.recv(1 << 16):
                while self.stalled:
                    time.sleep(0.05)
                b.sendall(data)
        self.drop(pair)

    @staticmethod
    def kill(sock):
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.shutdown(socket.SHUT_RDWR)
        sock.close()

    def drop(self, pair):
        with self.lock:
            self.pairs.discard(pair)
        for s in pair:
            self.kill(s)

    def reset(self):
        for pair in list(self.pairs):
            self.drop(pair)


class Writer:
    """Writes blocks that tell what they are, past the page cache, and reads others back. What it knows survives a logout."""

    def __init__(self, name):
        self.name, self.known, self.error, self.done = name, {}, None, 0
        self.stop, self.thread = threading.Event(), None

    def start(self, path):
        self.stop.clear()
        self.thread = threading.Thread(target=self.run, args=(path,), daemon=True)
        self.thread.start()

    def running(self):
        return self.thread is not None

    def ended(self):
        """Asks it to end, which takes as long as its I/O does."""
        self.stop.set()
        if self.thread and not self.thread.is_alive():
            self.thread = None
        return not self.thread

    def content(self, block, number):
        return struct.pack("<QQ", block, number) * (BLOCK // 16)

    def run(self, path):
        rnd = random.Random(self.name)
        buffer = mmap.mmap(-1, BLOCK)
        try:
            fd = os.open(path, os.O_RDWR | os.O_DIRECT)
            try:
                while not self.stop.is_set():
                    self.step(fd, buffer, rnd)
                    time.sleep(0.03)
                for block in self.known:
                    self.compare(fd, buffer, block)
            finally:
                os.close(fd)
        except (OSError, Failed) as e:
            self.error = f"{self.name} on {path}: {e}"

    def step(self, fd, buffer, rnd):
        block = rnd.randrange(BLOCKS)
        number = self.known.get(block, 0) + 1
        buffer[:] = self.content(block, number)
        equal(os.pwrite(fd, buffer, block * BLOCK), BLOCK, "bytes written")
        self.known[block] = number
        self.done += 1
        self.compare(fd, buffer, rnd.choice(list(self.known)))

    def compare(self, fd, buffer, block):
        buffer[:] = bytes(BLOCK)
        os.preadv(fd, [buffer], block * BLOCK)
        check(buffer[:] == self.content(block, self.known[block]), f"block {block} has {bytes(buffer[:32])}, not number {self.known[block]}")


class Disk:
    """A target with one disk, its writer, and what is wanted of it."""

    def __init__(self, i):
        self.i, self.name = i, f"c{i}"
        self.store = ram(f"d{i}", 8)
        self.host = f"10.77.0.{i}" if i in MOVABLE else "127.0.0.1"
        self.listen = f"{self.host}:{4000 + i}"
        if i in MOVABLE:
            self.address(True)
        self.proxy = Proxy(5000 + i, 4000 + i) if i in PROXIED else None
        self.portal = f"127.0.0.1:{5000 + i}" if self.proxy else self.listen
        self.make()
        self.wanted, self.command, self.writer = True, None, Writer(self.name)

    def make(self):
        self.target = Target(self.name, [self.store], [self.listen])

    def unmake(self):
        """Removes the target, not its disk."""
        t = self.target
        t.enable(False)
        for folder in (f"{t.tpg}/np/{self.listen}", f"{t.tpg}/lun/lun_0"):
            with contextlib.suppress(OSError):
                os.unlink(f"{folder}/b")
            os.rmdir(folder)
        os.rmdir(t.tpg)
        os.rmdir(t.path)

    def address(self, there):
        subprocess.run(["ip", "address", "add" if there else "del", f"{self.host}/32", "dev", "lo"], check=True)

    def adm(self, *args):
        return ["-m", "node", "-T", self.target.name, "-p", self.portal, *args]

    def sids(self):
        return [s for s, p in sessions().items() if get(p + "/targetname") == self.target.name]

    def up(self):
        sids = self.sids()
        return len(sids) == 1 and get(f"/sys/class/iscsi_session/session{sids[0]}/state") == "LOGGED_IN"

    def as_wanted(self):
        return self.up() and self.writer.running() if self.wanted else not self.sids()


class Converge:
    def __init__(self, rnd):
        self.rnd, self.count, self.later, self.unsure, self.ending = rnd, {}, [], set(), []
        self.disks = [Disk(i) for i in range(SESSIONS)]
        self.daemon = Iscsid()
        for d in self.disks:
            adm(d.adm("-o", "new"), quiet=True)
        adm("-m node -l", quiet=True, timeout=90)
        self.start_writers()
        equal(sum(d.writer.running() for d in self.disks), SESSIONS, "writers")

    def start_writers(self):
        for d in self.disks:
            if d.wanted and not d.command and d not in self.ending and not d.writer.running() and d.up():
                found = disks(d.sids()[0])
                if found and os.path.exists(found[0]):
                    d.writer.start(found[0])

    def in_a_while(self, least, most, what):
        """Undoes a fault."""
        self.later.append((time.monotonic() + self.rnd.uniform(least, most), what))

    def run_later(self, everything=False):
        for entry in [e for e in self.later if everything or e[0] <= time.monotonic()]:
            self.later.remove(entry)
            entry[1]()

    # --- faults

    def group_off(self):
        d = self.free(self.disks)
        if d:
            d.target.enable(False)
            self.in_a_while(0.2, 4, lambda: self.back(d, lambda: d.target.enable(True)))

    def target_gone(self):
        d = self.free(self.disks)
        if d:
            d.unmake()
            self.in_a_while(0.2, 4, lambda: self.back(d, d.make))

    def address_gone(self):
        d = self.free([d for d in self.disks if d.i in MOVABLE])
        if d:
            d.address(False)
            self.in_a_while(0.2, 4, lambda: self.back(d, lambda: d.address(True)))

    def reset(self):
        self.rnd.choice([d for d in self.disks if d.proxy]).proxy.reset()

    def stall(self):
        d = self.free([d for d in self.disks if d.proxy])
        if d:
            d.proxy.stalled = True
            self.in_a_while(1, 14, lambda: self.back(d, lambda: setattr(d.proxy, "stalled", False)))

    def refuse(self):
        d = self.free([d for d in self.disks if d.proxy])
        if d:
            d.proxy.open = False
            d.proxy.reset()
            self.in_a_while(0.5, 5, lambda: self.back(d, lambda: setattr(d.proxy, "open", True)))

    def free(self, candidates):
        """One without a fault."""
        candidates = [d for d in candidates if not getattr(d, "faulty", False)]
        if not candidates:
            return None
        d = self.rnd.choice(candidates)
        d.faulty = True
        return d

    @staticmethod
    def back(d, what):
        what()
        d.faulty = False

    def turns(self):
        """Of each iscsid, before it is ended."""
        if self.daemon.listens():
            self.daemon.turns()

    def daemon_dies(self):
        self.turns()
        self.daemon.kill(seconds=30)
        time.sleep(self.rnd.random())
        self.daemon = Iscsid(ready=False)

    def daemon_ends(self):
        self.turns()
        self.daemon.kill(signal.SIGTERM, seconds=30)
        self.daemon = Iscsid(ready=False)

    # --- requests

    def start(self, d, *args):
        return subprocess.Popen([ISCSIADM, *d.adm(*args)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                text=True)

    def ask(self):
        """Of one of which nothing is asked already. Its writer has to end first: without its disk it would see errors."""
        d = self.rnd.choice([d for d in self.disks if not d.command and d not in self.ending] or [None])
        if d:
            self.ending.append(d)

    def request(self, d):
        self.errors()
        if self.rnd.random() < 0.3:
            p = self.start(d, self.rnd.choice(("-l", "-u")))
            time.sleep(self.rnd.random() * 0.3)
            p.kill()
            p.communicate()
        d.wanted = self.rnd.random() < 0.7
        d.command = self.start(d, "-l" if d.wanted else "-u")

    def reap(self):
        for d in [d for d in self.ending if d.writer.ended()]:
            self.ending.remove(d)
            self.request(d)
        for d in self.disks:
            if d.command and d.command.poll() is not None:
                d.command.communicate()
                (self.unsure.discard if d.command.returncode in (0, 15 if d.wanted else 21) else self.unsure.add)(d)
                d.command = None

    def cycle(self):
        what = self.rnd.choice((self.group_off, self.group_off, self.target_gone, self.address_gone, self.reset, self.reset, self.stall,
                                self.refuse, self.daemon_dies, self.daemon_ends, self.ask, self.ask))
        self.count[what.__name__] = self.count.get(what.__name__, 0) + 1
        what()
        time.sleep(self.rnd.random() * 0.6)
        self.run_later()
        self.reap()
        self.start_writers()
        self.errors()

    def errors(self):
        for d in self.disks:
            check(not d.writer.error, d.writer.error)

    def settle(self):
        """All faults end. Commands that are under way end; those that failed while a fault lasted are repeated."""
        self.run_later(everything=True)
        wait("iscsid listens", 20, self.daemon.listens)
        wait("the writers that were asked to end have ended", SETTLE + 20, lambda: self.reap() or not self.ending)
        for d in self.disks:
            if d.command:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    d.command.communicate(timeout=60 * PATIENCE)
                check(d.command.returncode is not None, f"{d.name}: no end of {d.command.args}")
        self.reap()
        for d in self.unsure:
            rc = adm(d.adm("-l" if d.wanted else "-u"), rc=(0, 15) if d.wanted else (0, 21), quiet=True).rc
            say(f"{d.name}: repeated, {rc}")
        self.unsure.clear()

    def converged(self):
        self.start_writers()
        self.errors()
        return all(d.as_wanted() for d in self.disks)


def test():
    if PEER:
        skip("the packaged daemon does not bear it")
    seed = int(os.environ.get("CONVERGE_SEED", int(time.time())))
    say(f"CONVERGE_SEED={seed} CONVERGE_SECONDS={SECONDS:g}")
    config({"node.session.timeo.replacement_timeout": 120, "node.conn[0].timeo.noop_out_interval": 2,
            "node.conn[0].timeo.noop_out_timeout": 3})
    Host.look()
    c = Converge(random.Random(seed))
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        c.cycle()
    say(f"faults and requests: {c.count}")
    began = time.monotonic()
    c.settle()
    try:
        wait("all is as wanted", SETTLE, c.converged, step=0.1)
    except Failed:
        for d in c.disks:
            say(d.name, "as wanted" if d.as_wanted() else "NOT as wanted", "wanted" if d.wanted else "unwanted",
                [(s, get(f"/sys/class/iscsi_session/session{s}/state"), disks(s)) for s in d.sids()])
        raise
    say(f"as wanted {time.monotonic() - began:.1f} s after the last fault")
    c.turns()
    time.sleep(1)
    check(c.converged(), "it did not stay as wanted")
    wait("every block was compared", 60, lambda: all([d.writer.ended() for d in c.disks]))
    c.errors()
    say(f"{sum(d.writer.done for d in c.disks)} blocks were written and compared")


if __name__ == "__main__":
    main(test)
