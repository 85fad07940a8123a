# SPDX-License-Identifier: GPL-2.0-or-later
"""CHAP one-way and mutual, and what happens when a secret is wrong, missing or unexpected"""
from lib import *

USER, SECRET = "initiator-user", "initiator-secret-1"
USER_IN, SECRET_IN = "target-user", "target-secret-22"


def settings(target, **pairs):
    for key, value in pairs.items():
        adm("-m node", ["-T", target.name, "-o", "update", "-n", "node.session.auth." + key, "-v", value], quiet=True)


def login_works(target, what):
    say(f"-- {what}")
    adm(f"-m node -T {target.name} -l")
    write_and_compare(disk(target), 1)
    adm(f"-m node -T {target.name} -u")


def login_refused(target, what, rc=24):
    say(f"-- {what}")
    got = adm(f"-m node -T {target.name} -l", rc=rc)
    contains(got.err, f"Could not login to [iface: default, target: {target.name}, portal: {target.portal.replace(':', ',')}].", what)
    if rc == 24:
        contains(got.err, "iSCSI login failed due to authorization failure", what)
    check(SECRET not in got.err and SECRET_IN not in got.err, "a secret is in the message")
    equal(sessions(), {}, f"{what}: sessions left behind")
    wait(f"{what}: no session at the target", 5, lambda: target.open_sessions() == 0)


def test():
    one = Target("oneway", [ram("d0", 4)], auth=(USER, SECRET))
    open_to_all = Target("noauth", [ram("d2", 4)], ["127.0.0.1:3262"])
    put(open_to_all.tpg + "/param/AuthMethod", "None")
    both = Target("mutual", [ram("d1", 4)], ["127.0.0.1:3261"], auth=(USER, SECRET), auth_in=(USER_IN, SECRET_IN))
    daemon = Iscsid()
    discover()
    discover("127.0.0.1:3261")
    discover("127.0.0.1:3262")

    login_refused(one, "no CHAP, though the target wants it")
    settings(one, authmethod="CHAP")
    login_refused(one, "CHAP without credentials")
    settings(one, authmethod="CHAP", username=USER, password=SECRET)
    login_works(one, "one-way")
    settings(one, password="not-the-secret-1")
    login_refused(one, "wrong secret")
    check(one.refused() > 0, "the target has seen no wrong secret")
    settings(one, password=SECRET, username="somebody")
    login_refused(one, "wrong name")

    settings(both, authmethod="CHAP", username=USER, password=SECRET, username_in=USER_IN, password_in=SECRET_IN)
    login_works(both, "mutual")
    settings(both, password_in="not-the-secret-2")
    login_refused(both, "the target's secret is wrong", rc=(19, 24))
    settings(both, password_in=SECRET, password=SECRET)
    login_refused(both, "both secrets alike", rc=(7, 19, 24))
    settings(one, username=USER, password=SECRET, username_in=USER_IN, password_in=SECRET_IN)
    login_refused(one, "mutual, of a target that has none", rc=(19, 24))
    settings(open_to_all, authmethod="CHAP", username=USER, password=SECRET)
    login_works(open_to_all, "one-way, and the target has no authentication")
    # LIO hangs up without an answer where no method is common
    adm("-m node", ["-T", open_to_all.name, "-o", "update", "-n", "node.session.initial_login_retry_max", "-v", "1"], quiet=True)
    settings(open_to_all, policy="require")
    login_refused(open_to_all, "CHAP is required, and the target has no authentication", rc=(4, 5, 8, 19, 24))
    settings(open_to_all, policy="offer", username_in=USER_IN, password_in=SECRET_IN)
    login_refused(open_to_all, "mutual, and the target has no authentication", rc=(4, 5, 8, 19, 24))
    log = get(daemon.log)
    check(SECRET not in log and SECRET_IN not in log, "a secret is in the daemon's log")


if __name__ == "__main__":
    main(test)
