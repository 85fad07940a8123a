# SPDX-License-Identifier: GPL-2.0-or-later
"""Random logins, logouts, kills of iscsid and iscsiadm and vanishing targets: all converges, and nothing is left behind"""
import glob
import os
import random
import signal
import subprocess
import time

from lib import *

VM_TIME = 240
TARGETS = int(os.environ.get("SOAK_TARGETS", 30))
CYCLES = int(os.environ.get("SOAK_CYCLES", 40))
SECONDS = float(os.environ.get("SOAK_SECONDS", 10))
STATES = "/run/miscsi/sessions"


class Soak:
    def __init__(self, rnd):
        self.rnd = rnd
        self.targets = targets(TARGETS, [null("n0")])
        self.away = set()
        self.daemon = Iscsid()
        self.commands = []
        self.stopped = []
        self.count = {}

    def command(self, *args):
        self.commands.append(subprocess.Popen([ISCSIADM, *args], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                              stderr=subprocess.DEVNULL))
        return self.commands[-1]

    def login(self):
        self.command("-m", "node", "-T", self.rnd.choice(self.targets).name, "-l")

    def logout(self):
        self.command("-m", "node", "-T", self.rnd.choice(self.targets).name, "-u")

    def all_login(self):
        self.command("-m", "node", "-l")

    def all_logout(self):
        self.command("-m", "node", "-u")

    def update(self):
        self.command("-m", "node", "-T", self.rnd.choice(self.targets).name, "-o", "update", "-n", "node.conn[0].timeo.login_timeout",
                     "-v", str(self.rnd.randint(5, 20)))

    def killed(self):
        p = self.command("-m", "node", *self.rnd.choice((("-l",), ("-u",), ("-T", self.targets[0].name, "-l"))))
        time.sleep(self.rnd.random() * 0.3)
        p.kill()

    def left_waiting(self):
        """One that is stopped in the middle and reads nothing."""
        p = self.command("-m", "node", self.rnd.choice(("-l", "-u")))
        time.sleep(self.rnd.random() * 0.1)
        p.send_signal(signal.SIGSTOP)
        self.stopped.append(p)
        if len(self.stopped) > 2:
            self.stopped.pop(0).send_signal(signal.SIGCONT)

    def daemon_ends(self):
        self.daemon.kill(signal.SIGTERM)
        self.daemon = Iscsid(ready=False)

    def daemon_dies(self):
        """The kernel may hold it in a request for a while: then the log says in which."""
        self.daemon.process.kill()
        try:
            self.daemon.process.wait(10)
        except subprocess.TimeoutExpired:
            for task in glob.glob(f"/proc/{self.daemon.pid}/task/*"):
                say("held by the kernel:", get(task + "/wchan"), get(task + "/stack"), get(task + "/syscall"))
        self.daemon.kill(seconds=60)
        self.daemon = Iscsid(ready=False)

    def target_goes(self):
        t = self.rnd.choice(self.targets)
        if t in self.away:
            self.away.remove(t)
        elif len(self.away) < 5:
            self.away.add(t)
        else:
            return
        t.enable(t not in self.away)

    def cycle(self):
        what = self.rnd.choice((self.login, self.login, self.logout, self.logout, self.all_login, self.all_logout, self.update,
                                self.killed, self.killed, self.left_waiting, self.daemon_dies, self.daemon_ends, self.target_goes, self.target_goes))
        self.count[what.__name__] = self.count.get(what.__name__, 0) + 1
        what()
        time.sleep(self.rnd.random() * 0.2)
        self.commands = [p for p in self.commands if p.poll() is None]
        if len(self.commands) > 12:
            next(p for p in self.commands if p not in self.stopped).wait(90)

    def settle(self):
        for t in self.away:
            t.enable(True)
        self.away.clear()
        wait("iscsid listens", 20, self.daemon.listens)
        for p in self.stopped:
            p.send_signal(signal.SIGCONT)
        for p in self.commands:
            try:
                p.wait(90)
            except subprocess.TimeoutExpired:
                raise Failed(f"no end: {p.args}") from None

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.daemon.pid}/fd"))


def records_are_whole():
    seen = 0
    for folder, _, files in os.walk(HOME + "/nodes"):
        for name in files:
            check(not name.endswith(".tmp"), f"{folder}/{name} was left behind")
            text = open(os.path.join(folder, name)).read()
            check(text.startswith("# BEGIN RECORD") and text.rstrip().endswith("# END RECORD"), f"{folder}/{name} is not whole: {text}")
            seen += 1
    equal(seen, TARGETS, "node records")


def state_is(sids, what):
    """Files of sessions and sessions of the kernel are the same; /run/miscsi is as open as it should be."""
    equal(sorted(os.listdir(STATES)), sorted(f"session{s}" for s in sids), what)
    equal(oct(os.stat(STATES).st_mode & 0o777), "0o700", "mode of " + STATES)
    equal(oct(os.stat(os.path.dirname(STATES)).st_mode & 0o777), "0o755", "mode of the folder above")


def test():
    if PEER:
        skip("the packaged daemon does not bear it")
    seed = int(os.environ.get("SOAK_SEED", int(time.time())))
    say(f"SOAK_SEED={seed}")
    config({"node.session.initial_login_retry_max": 3, "node.session.scan": "manual"})
    soak = Soak(random.Random(seed))
    discover(quiet=True)

    end = time.monotonic() + SECONDS
    done = 0
    while done < CYCLES and time.monotonic() < end:
        soak.cycle()
        done += 1
    say(f"{done} cycles: {soak.count}")
    soak.settle()

    say("-- everything up")
    adm("-m node -l", rc=None, timeout=90, quiet=True)
    wait("one session for each target", 90, lambda: len(logged_in()) == len(sessions()) == TARGETS, step=0.2)
    equal(sorted(get(p + "/targetname") for p in sessions().values()), sorted(t.name for t in soak.targets), "targets logged in")
    adm("-m node -l", rc=15, quiet=True)
    # sessions taken over from a killed daemon have no new file until they are made again; none has a file without being there
    check(set(os.listdir(STATES)) <= {f"session{s}" for s in sessions()}, f"files without a session: {os.listdir(STATES)}")
    records_are_whole()

    say("-- everything down")
    adm("-m node -u", timeout=90, quiet=True)
    equal(sessions(), {}, "sessions after logout")
    wait("the targets know of no session", 10, lambda: not any(t.open_sessions() for t in soak.targets))
    state_is([], "files of sessions after logout")
    adm("-m node -l", timeout=90, quiet=True)
    state_is(sessions(), "files of sessions after login")
    adm("-m node -u", timeout=90, quiet=True)

    say("-- the same daemon, over and over")
    fds, before = soak.descriptors(), soak.daemon.own()
    for _ in range(6):
        adm("-m node -l", timeout=90, quiet=True)
        adm("-m node -u", timeout=90, quiet=True)
    wait("descriptors are closed", 5, lambda: soak.descriptors() <= fds)
    grown = soak.daemon.own() - before
    say(f"{soak.descriptors()} descriptors, {fds} before; {grown} KiB more")
    check(SANITIZED or grown < 100, f"{grown} KiB more after {6 * TARGETS} logins and logouts")


if __name__ == "__main__":
    main(test)
