# SPDX-License-Identifier: GPL-2.0-or-later
"""A stand-in for iscsid: Varlink over a Unix socket, with answers that the test chooses. Looks after session 1."""
import json
import os
import socket
import threading

NAMES = {8: "TRANS_TIMEOUT", 15: "SESS_EXISTS", 24: "LOGIN_AUTH_FAILED", 28: "BUSY"}
SESSION = dict(sid=1, target="iqn.2026-11.com.example:disk1", address="192.0.2.10", port=3260, tpgt=1, iface="default",
               transport="tcp", state="LOGGED_IN", connection="LOGGED_IN", reconnects=0, since=1000, adopted=False)


class Daemon:
    def __init__(self, path):
        self.login_results = {}  # index: (code, text); the others go well
        self.once = {}  # likewise, for the next call alone
        self.login_code = 0  # of every login, when not 0
        self.reverse = False  # results come from the last to the first
        self.pending = []  # logins under way, as sessions without a sid
        self.silent = False  # a login has no result
        self.dies = False  # a login ends the connection
        self.calls = []  # (method, parameters) of every call
        self.path = path
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        self.acceptor = threading.Thread(target=self.accept, daemon=True)
        self.acceptor.start()

    def close(self):
        # The thread must be out of accept() before the descriptor is closed: the next daemon's listener gets the same number.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.acceptor.join()
        self.listener.close()
        os.unlink(self.path)

    def accept(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        pending = b""
        with peer:
            while True:
                bytes_ = peer.recv(65536)
                if not bytes_:
                    return
                *messages, pending = (pending + bytes_).split(b"\0")
                for message in messages:
                    self.answer(peer, json.loads(message))

    def answer(self, peer, call):
        method, parameters = call["method"], call.get("parameters", {})
        self.calls.append((method, parameters))
        name = method.rpartition(".")[2]
        if name == "Logout" and "filter" in parameters:
            self.pending = [p for p in self.pending if any(p[k] != v for k, v in parameters["filter"].items())]
            self.reply(peer, {"results": [{"index": 0}]})
        elif name in ("Login", "Logout", "Rescan"):
            things = parameters.get("records", parameters.get("sids", []))
            if self.dies:
                peer.shutdown(socket.SHUT_RDWR)
            elif not self.silent:
                for i in reversed(range(len(things))) if self.reverse else range(len(things)):
                    self.reply(peer, {"results": [self.result(i)]}, continues=True)
                self.once = {}  # before the last reply, at which the test goes on
                self.reply(peer, {"results": []})
        elif name == "Stop":  # the end of the connection is the end of the daemon
            self.reply(peer, {})
            peer.shutdown(socket.SHUT_RDWR)
        elif name == "ListSessions":
            self.reply(peer, {"sessions": [SESSION] + self.pending})
        else:
            self.reply(peer, {})

    def result(self, index):
        result = {"index": index, "sid": index + 1}
        code, text = self.once.get(index) or self.login_results.get(index, (self.login_code, ""))
        if code:
            result["error"] = {"code": code, "name": NAMES[code], "text": text}
        return result

    @staticmethod
    def reply(peer, parameters, continues=False):
        message = {"parameters": parameters}
        if continues:
            message["continues"] = True
        peer.sendall(json.dumps(message).encode() + b"\0")
