# SPDX-License-Identifier: GPL-2.0-or-later
# needs: qemu simhba
"""An adapter that takes 12 seconds delays nobody else beyond what the kernel's own mutex forces, and who only looks not at all

Three ways to be slow: an endpoint that is long in connecting, which costs the kernel nothing; a connect, and a flash node's
login, that block inside the driver, where the kernel holds the one mutex of all iSCSI requests.
"""
import json
import socket
import statistics
import subprocess
import threading
import time

from lib import *
from test_adapters import NAME, TO, make_iface

VM_TIME = 60
SLOW = 12
LOOK = 3 if SANITIZED else 1  # seconds that a look may take in this emulator; a busy machine may triple a single one
PROMPT = 3 * LOOK  # seconds that a verb may take beyond what it does when nothing is slow
KINDS = ["qla4xxx", "cxgb4i", "be2iscsi", "ocs"]
HOSTS = {kind: host for host, kind in enumerate(KINDS, 1)}


def call(method):
    """One call of the daemon's interface."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
        s.settimeout(2 * SLOW)
        s.connect(SOCKET)
        s.sendall(json.dumps({"method": "org.miscsi." + method, "parameters": {}}).encode() + b"\0")
        data = b""
        while not data.endswith(b"\0"):
            data += s.recv(65536)
    return json.loads(data[:-1])["parameters"]


class Looker:
    """Looks at sessions and asks the daemon, again and again; counts the seconds of each."""

    def __init__(self):
        self.ended, self.failure = threading.Event(), None
        self.seconds = {"-m session": [], "-m session -P 3": [], "GetStatus": [], "ListSessions": []}
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        try:
            while not self.ended.is_set():
                for what, seconds in self.seconds.items():
                    start = time.monotonic()
                    if what[0] == "-":
                        adm(what, quiet=True, timeout=2 * SLOW)
                    else:
                        call(what)
                    seconds.append(time.monotonic() - start)
                self.ended.wait(0.2)
        except Exception as e:  # told by finish(), in the test's own thread
            self.failure = e

    def finish(self, name):
        self.ended.set()
        self.thread.join()
        check(not self.failure, f"{name}: {self.failure}")
        for what, seconds in self.seconds.items():
            say(f"{name}: {what}: {len(seconds)} times, median {statistics.median(seconds):.3f} s, max {max(seconds):.3f} s")
        for what, seconds in self.seconds.items():
            check(len(seconds) > 2 and statistics.median(seconds) < LOOK and max(seconds) < 3 * LOOK,
                  f"{name}: {what} waits for the adapter: {max(seconds):.1f} s")


class Verb:
    """An iscsiadm that runs beside us."""

    def __init__(self, words):
        self.words, self.start, self.end = words, time.monotonic(), None
        self.process = subprocess.Popen([ISCSIADM, *words.split()], stdout=subprocess.DEVNULL)
        threading.Thread(target=self.wait).start()

    def wait(self):
        self.process.wait()
        self.end = time.monotonic()

    def runs(self):
        return self.end is None

    def seconds(self, limit=60):
        wait(f"iscsiadm {self.words} ends", limit, lambda: not self.runs())
        equal(self.process.returncode, 0, f"iscsiadm {self.words}: status")
        return self.end - self.start


def is_waited_for(what):
    wait(what, 10, lambda: any(what in line for line in simhba_log(clear=False)))


def recovery(target):
    """How long a session whose target went away for a moment takes to come back."""
    sid, start = session_of(target), time.monotonic()
    target.enable(False)
    wait("the loss is noticed", 10, lambda: sid not in logged_in())
    target.enable(True)
    wait("the session is back", 30, lambda: sid in logged_in())
    return time.monotonic() - start


def verbs(kept, other):
    """Seconds of each verb of a session over tcp."""
    node = f"-m node -T {other.name}"
    return {"login": Verb(node + " -l").seconds(), "logout": Verb(node + " -u").seconds(), "recovery": recovery(kept)}


def shown(seconds):
    return ", ".join(f"{what} {s:.1f} s" for what, s in seconds.items())


def slow_polls(kept, other, usual):
    """Two adapters' connections stand after 12 s: one's driver waits as long as it is told, the other's never."""
    simhba_log()
    simhba_set(slow_poll_ms=SLOW * 1000)
    looker = Looker()
    slow = [Verb(f"-m node -T {NAME} -p {TO} -I i{HOSTS[kind]} --login") for kind in ("cxgb4i", "ocs")]
    is_waited_for("EP_POLL")
    meanwhile = verbs(kept, other)
    say("slow polls: tcp meanwhile:", shown(meanwhile))
    check(all(s.runs() for s in slow), "the slow logins have ended before")
    for what, seconds in meanwhile.items():
        check(seconds < usual[what] + PROMPT, f"{what} over tcp waits for an adapter's endpoint: {seconds:.1f} s")
    say("slow polls: these logins:", ", ".join(f"{s.seconds():.1f} s" for s in slow))
    looker.finish("slow polls")
    check(min(s.seconds() for s in slow) >= SLOW - 1, "the adapters were not slow")
    simhba_set(slow_poll_ms=0)


def blocked(name, kept, other, usual, request, slow):
    """slow keeps the kernel's mutex for 12 s. What needs the kernel waits until then, and no longer; the daemon serves on."""
    looker, traffic = Looker(), Traffic(disk(kept))
    slow = Verb(slow)
    is_waited_for(request)
    begun = time.monotonic()
    sid = session_of(kept)
    login = Verb(f"-m node -T {other.name} -l")
    equal([s["state"] for s in call("ListSessions")["sessions"] if s.get("sid") == sid], ["LOGGED_IN"], "the daemon's word")
    kept.enable(False)
    wait("the daemon hears of a loss while the kernel takes no request", SLOW / 2,
         lambda: [s for s in call("ListSessions")["sessions"] if s.get("sid") == sid and s["connection"] != "LOGGED_IN"])
    heard = time.monotonic() - begun
    kept.enable(True)
    check(slow.runs(), "the slow request has ended before")
    took = slow.seconds()
    free = time.monotonic()
    login.seconds()
    wait("the session is back", 30, lambda: sid in logged_in())
    after = {"login": login.end - free, "recovery": time.monotonic() - free}
    say(f"{name}: {took:.1f} s; a loss was heard {heard:.1f} s after its begin; after its end: {shown(after)}; "
        f"{traffic.finish()} rounds of I/O without an error")
    looker.finish(name)
    check(took >= SLOW - 1, "the adapter was not slow")
    for what, seconds in after.items():
        check(seconds < usual[what] + PROMPT, f"{what} over tcp waits longer than the kernel: {seconds:.1f} s")
    adm(f"-m node -T {other.name} -u")


def test():
    simhba(",".join(KINDS), ports=1)
    config({"node.session.timeo.replacement_timeout": 120})
    kept, other = (Target(name, [ram(name, 8)], [portal]) for name, portal in
                   (("kept", "127.0.0.1:3260"), ("other", "127.0.0.2:3260")))
    Iscsid("-d", "3")
    for portal in ("127.0.0.1", "127.0.0.2"):
        discover(portal)
    adm(f"-m node -T {kept.name} -l")
    for kind in KINDS:
        adm(f"-m node -T {NAME} -p {TO} -I {make_iface(HOSTS[kind], kind)} -o new", quiet=True)
    looker = Looker()
    usual = verbs(kept, other)
    looker.finish("when nothing is slow")
    say("when nothing is slow: tcp:", shown(usual))
    slow_polls(kept, other, usual)
    simhba_log()
    simhba_set(slow_poll_ms=SLOW * 1000)
    blocked("blocking connect", kept, other, usual, "EP_CONNECT", f"-m node -T {NAME} -p {TO} -I i{HOSTS['be2iscsi']} --login")
    simhba_log()
    simhba_set(slow_poll_ms=0, flash_ms=SLOW * 1000)
    blocked("flash login", kept, other, usual, "LOGIN_FLASHNODE", f"-m host -H {HOSTS['qla4xxx']} -C flashnode -x 2 -o login")


if __name__ == "__main__":
    main(test)
