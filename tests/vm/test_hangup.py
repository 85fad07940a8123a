# SPDX-License-Identifier: GPL-2.0-or-later
"""A target that closes the connection in place of an answer to a logout, its own request or the user's, is not waited for, by the next iscsid either"""
import argparse
import os
import sys
import threading
import time

from lib import *

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../fake"))
import target as script  # noqa: E402

LOGOUT_TIMEOUT = 15  # node.conn[0].timeo.logout_timeout


class Connection(script.Connection):
    """Remembers itself and its last request; hangs up on a logout."""
    last = None
    logins = logouts = 0

    def on_login(self, req):
        super().on_login(req)
        if req.flags & 0x83 == 0x83:
            Connection.logins += 1
            Connection.last = self
            self.req = req

    def on_nop(self, req):
        self.req = req
        super().on_nop(req)

    def on_logout(self, req):
        Connection.logouts += 1
        raise script.Close

    def ask_for_logout(self):
        """Asynchronous event 1 of RFC 7143 section 11.9."""
        self.sock.sendall(self.header(0x32, 0x80, self.req, itt=script.NONE, status=0x0100))


def asked_by_target():
    """The target asks for a logout: iscsid logs out, and in again."""
    logins, logouts, start = Connection.logins, Connection.logouts, time.monotonic()
    Connection.last.ask_for_logout()
    wait("the session is back", LOGOUT_TIMEOUT + 10, lambda: Connection.logins == logins + 1, step=0.01)
    took = time.monotonic() - start
    say(f"logged in again after {took:.2f} s")
    equal(Connection.logouts, logouts + 1, "logouts that the target got")
    check(took < LOGOUT_TIMEOUT / 2, f"logged in again only after {took:.1f} s")
    wait("the session is up", 5, lambda: len(logged_in()) == 1)


def asked_by_user(node):
    logouts = Connection.logouts
    got = adm(node, "-u")
    say(f"logged out after {got.seconds:.2f} s")
    equal(Connection.logouts, logouts + 1, "logouts that the target got")
    check(got.seconds < LOGOUT_TIMEOUT / 2, f"the logout took {got.seconds:.1f} s")


def test():
    if PEER:
        skip("it waits")
    script.Connection = Connection
    server = script.Target(argparse.Namespace(misbehaviour="", targets=1, tpgt=1, chunk=8000, port=0, verbose=False, chap=""))
    threading.Thread(target=server.serve, daemon=True).start()
    config({"node.session.scan": "manual"})
    daemon = Iscsid()
    node = f"-m node -T {script.NAME % 0} -p 127.0.0.1:{server.port}"
    adm(f"{node},1 -o new", quiet=True)
    adm(node, "-l")
    wait("the target has seen that", 5, lambda: Connection.last)
    asked_by_target()
    say("-- an iscsid that has adopted the session has no descriptor of the connection")
    daemon.kill()
    daemon = Iscsid()
    asked_by_target()
    daemon.kill()
    Iscsid()
    asked_by_user(node)
    adm(node, "-l")
    asked_by_user(node)


if __name__ == "__main__":
    main(test)
