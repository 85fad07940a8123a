# SPDX-License-Identifier: GPL-2.0-or-later
"""A target that goes away and comes back: the session recovers, I/O waits and goes on; logout works meanwhile"""
import subprocess
import time

from lib import *


def recovers(target):
    sid = session_of(target)
    traffic = Traffic(disk(target))
    time.sleep(0.5)
    logins = target.logins()
    say("-- the target goes away for 4 s")
    target.enable(False)
    wait("the loss is noticed", 15, lambda: get(f"/sys/class/iscsi_session/session{sid}/state") != "LOGGED_IN")
    time.sleep(4)
    target.enable(True)
    start = time.monotonic()
    wait("the session is back", 20, lambda: logged_in() == [sid])
    say(f"back after {time.monotonic() - start:.1f} s")
    rounds = traffic.finish()
    say(f"{rounds} rounds of I/O without an error")
    # the first one compares the disks with those before, and ends
    equal(target.logins() - logins, 1 if PEER else 2, "new logins that the target saw")
    contains(adm("-m session -P 1").out, "iSCSI Connection State: LOGGED IN", "session -P 1")


def logout_with_dead_target(target):
    say("-- logout while the target is gone")
    target.enable(False)
    sid = session_of(target)
    wait("the loss is noticed", 15, lambda: get(f"/sys/class/iscsi_session/session{sid}/state") != "LOGGED_IN")
    got = adm(f"-m session -r {sid} -u", timeout=30)
    check(got.seconds < 20, f"logout took {got.seconds:.1f} s")
    equal(sessions(), {}, "sessions after logout")
    equal(disks(), [], "disks after logout")


def login_to_dead_target_ends(target):
    say("-- login while the target is gone")
    adm(f"-m node -T {target.name} -o update -n node.session.initial_login_retry_max -v 2", quiet=True)
    got = adm(f"-m node -T {target.name} -l", rc=None, timeout=60)
    check(got.rc in (4, 5, 8, 11, 19), f"status {got.rc}")
    contains(got.err, "Could not login to", "login to a dead target")
    equal(sessions(), {}, "sessions left behind")
    target.enable(True)
    adm(f"-m node -T {target.name} -l")
    write_and_compare(disk(target), 1)


def silent_network_is_noticed(target):
    """Nothing says that the connection is gone: only pings find out."""
    say("-- the network swallows everything for a while")
    sid = session_of(target)
    traffic = Traffic(disk(target))
    subprocess.run(["ip", "link", "set", "lo", "down"], check=True)
    try:
        wait("the loss is noticed", 15, lambda: get(f"/sys/class/iscsi_session/session{sid}/state") != "LOGGED_IN")
    finally:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    start = time.monotonic()
    wait("the session is back", 30, lambda: logged_in() == [sid])
    say(f"back after {time.monotonic() - start:.1f} s, {traffic.finish()} rounds of I/O without an error")


def lost_while_no_daemon_ran(target, daemon):
    say("-- the target goes away and comes back while there is no daemon")
    sid = session_of(target)
    daemon.kill()
    target.enable(False)
    wait("the loss is noticed", 15, lambda: get(f"/sys/class/iscsi_session/session{sid}/state") != "LOGGED_IN")
    target.enable(True)
    Iscsid()
    wait("the session is back", 20, lambda: logged_in() == [sid])
    write_and_compare(disk(target), 1)


def test():
    target = Target("away", [ram("d0", 8)])
    config({"node.conn[0].timeo.noop_out_interval": 1, "node.conn[0].timeo.noop_out_timeout": 2,
            "node.conn[0].timeo.login_timeout": 5})
    daemon = Iscsid()
    discover()
    adm("-m node -l")
    recovers(target)
    silent_network_is_noticed(target)
    if not PEER:
        lost_while_no_daemon_ran(target, daemon)
    logout_with_dead_target(target)
    login_to_dead_target_ends(target)


if __name__ == "__main__":
    main(test)
