# SPDX-License-Identifier: GPL-2.0-or-later
"""Verbs may be repeated, and many may come at once: one session, and every caller gets its result"""
import subprocess
import time

from lib import *


def at_once(count, *args):
    """The same command several times at once; gives (status, output) of each."""
    started = [subprocess.Popen([ISCSIADM, *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
               for _ in range(count)]
    results = []
    for p in started:
        out, _ = p.communicate(timeout=90)
        results.append((p.returncode, out))
    return results


def login_twice_in_a_row(target):
    adm(f"-m node -T {target.name} -l")
    again = adm(f"-m node -T {target.name} -l", rc=15)
    contains(again.err, "already present", "second login")
    equal(target.logins(), 1, "logins that the target saw")
    adm(f"-m node -T {target.name} -u")


def two_logins_at_once_make_one_session(target):
    before = target.logins()
    results = at_once(2, "-m", "node", "-T", target.name, "-l")
    check({rc for rc, _ in results} <= {0, 15} and 0 in [rc for rc, _ in results], f"two logins at once: {results}")
    equal(len(sessions()), 1, "sessions")
    equal(target.logins() - before, 1, "logins that the target saw")
    adm(f"-m node -T {target.name} -u")


def hundred_at_once(target):
    adm(f"-m node -T {target.name} -l")
    start = time.monotonic()
    lists = at_once(100, "-m", "session")
    say(f"100 lists at once: {time.monotonic() - start:.1f} s")
    check(all(rc == 0 for rc, _ in lists) and len({out for _, out in lists}) == 1, f"100 lists at once: {set(lists)}")
    logins = at_once(30, "-m", "node", "-T", target.name, "-l")
    check(all(rc == 15 for rc, _ in logins), f"30 logins at once: { {rc for rc, _ in logins} }")
    logouts = at_once(30, "-m", "node", "-T", target.name, "-u")
    statuses = [rc for rc, _ in logouts]
    check(0 in statuses and set(statuses) <= {0, 21}, f"30 logouts at once: {statuses}")
    equal(sessions(), {}, "sessions in the end")


def killed_iscsiadm_breaks_nothing(targets_now):
    """A caller that is killed leaves no lock and no half record; what it began ends one way or the other."""
    for wait_for in (0.02, 0.05, 0.1, 0.2):
        p = subprocess.Popen([ISCSIADM, "-m", "node", "-l"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(wait_for)
        p.kill()
        p.wait()
        p = subprocess.Popen([ISCSIADM, "-m", "discovery", "-t", "st", "-p", PORTAL], stdout=subprocess.DEVNULL)
        time.sleep(wait_for)
        p.kill()
        p.wait()
        equal(len(discover(quiet=True).out.splitlines()), len(targets_now), "discovered targets")
        adm("-m node -l", rc=(0, 15), quiet=True)
        equal(sorted(get(p + "/targetname") for p in sessions().values()), sorted(t.name for t in targets_now), "sessions")
        adm("-m node -u", quiet=True)
        equal(sessions(), {}, "sessions after logout")


def test():
    target = Target("again", [null("n0")])
    Iscsid()
    discover()
    login_twice_in_a_row(target)
    two_logins_at_once_make_one_session(target)
    hundred_at_once(target)
    killed_iscsiadm_breaks_nothing([target, *targets(7, [f"{CONFIG}/core/rd_mcp_0/n0"])])


if __name__ == "__main__":
    main(test)
