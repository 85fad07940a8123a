# SPDX-License-Identifier: GPL-2.0-or-later
"""iscsid is killed in the middle of logouts: the next one finishes what the kernel cannot take back, and recovers what it can"""
import os

from lib import *
from nl import RECOVER, TERM, UNBIND, UNBOUND, Netlink, Transport, struct

STATES = "/run/miscsi/sessions"


def shown(sid):
    session, conn = f"/sys/class/iscsi_session/session{sid}", f"/sys/class/iscsi_connection/connection{sid}:0"
    return [get(f"{session}/state"), get(f"{session}/target_id"), get(f"{session}/target_state"), get(f"{conn}/state")]


def unbind(nl, t, sid):
    equal(t.do(UNBIND, struct.pack("=I", sid), answer=False)[0], "", "UNBIND_SESSION")
    nl.event(UNBOUND)


def test():
    steps = {
        "stopped": lambda nl, t, sid: t.stop(sid, TERM),
        "lost, then stopped": lambda nl, t, sid: t.stop(sid, RECOVER) or t.stop(sid, TERM),
        "unbound": unbind,
        "unbound, then stopped": lambda nl, t, sid: unbind(nl, t, sid) or t.stop(sid, TERM),
    }
    target = Target("half", [ram("d0", 4)])
    daemon = Iscsid()
    discover(quiet=True)
    for what, step in steps.items():
        adm("-m node -l", quiet=True)
        sid, nl = next(iter(sessions())), Netlink()
        daemon.kill()
        step(nl, Transport(nl, "tcp", 0), sid)
        say(f"{what}: {shown(sid)}")
        nl.close()
        daemon = Iscsid()
        try:
            wait("the logout to be finished", 10, lambda: not sessions() and not os.listdir(STATES))
        except Failed:
            raise Failed(f"{what}: session {sid} is there: {shown(sid)}, {os.listdir(STATES)}") from None
        wait("the target to know of no session", 10, lambda: not target.open_sessions())

    say("-- what was only lost comes back")
    adm("-m node -l", quiet=True)
    sid, nl = next(iter(sessions())), Netlink()
    daemon.kill()
    Transport(nl, "tcp", 0).stop(sid, RECOVER)
    say(f"lost: {shown(sid)}")
    nl.close()
    Iscsid()
    wait("the session to be back", 10, logged_in)
    equal(list(sessions()), [sid], "sessions")


if __name__ == "__main__":
    main(test)
