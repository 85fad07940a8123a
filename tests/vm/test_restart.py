# SPDX-License-Identifier: GPL-2.0-or-later
"""iscsid is killed and started again during I/O: sessions are adopted, no I/O error, no new login at the target"""
import signal
import time

from lib import *


def adopted(count, logins, all_targets):
    """What must be so after every restart."""
    lines = adm("-m session -P 1", quiet=True).out
    equal(lines.count("iSCSI Session State: LOGGED_IN"), count, "sessions logged in")
    equal([t.logins() for t in all_targets], logins, "logins that the targets saw")


def test():
    all_targets = [Target(f"r{i}", [ram(f"d{i}", 4)]) for i in range(4)]
    daemon = Iscsid()
    discover(quiet=True)
    adm("-m node -l")
    logins = [t.logins() for t in all_targets]
    traffic = [Traffic(disk(t)) for t in all_targets]

    say("-- kill -9, twice")
    for _ in range(2):
        daemon.kill()
        time.sleep(0.5)
        equal(len(logged_in()), 4, "sessions while there is no daemon")
        daemon = Iscsid()
        time.sleep(1)
        adopted(4, logins, all_targets)

    say("-- SIGTERM leaves the sessions up")
    equal(daemon.kill(signal.SIGTERM), 0, "status after SIGTERM")
    equal(len(logged_in()), 4, "sessions after SIGTERM")
    check(get(PIDFILE) is None, "the pid file stays")
    daemon = Iscsid()
    time.sleep(1)
    adopted(4, logins, all_targets)
    for t in traffic:
        rounds = t.finish()
        check(rounds > 0, "no traffic")
        say(f"{rounds} rounds of I/O without an error")

    say("-- an adopted session is one like any other")
    again = adm(f"-m node -T {all_targets[0].name} -l", rc=15)
    contains(again.err, "already present", "login of an adopted session")
    adm("-m node -u")
    equal(sessions(), {}, "sessions after logout")


if __name__ == "__main__":
    main(test)
