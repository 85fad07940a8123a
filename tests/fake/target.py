#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A scripted iSCSI target for tests: discovery, login into the full feature phase, logout, pings, and every way to misbehave.

    target.py [MISBEHAVIOUR] [--targets N] [--port PORT] [--tpgt TAG] [--chunk BYTES] [--chap NAME:SECRET[:NAME_IN:SECRET_IN]]
    target.py --list          names of the misbehaviours, one line each: NAME  PHASE  what it does

Listens on 127.0.0.1 (port 0: any) and prints the port as its first line. One line a connection and PDU goes to stderr with -v.
Well-behaved without a misbehaviour: N targets iqn.2026-01.org.miscsi.test:tK at its own portal. Speaks no SCSI: INQUIRY and the
like are answered by CHECK CONDITION, so that a scan by the kernel finds nothing and ends.
"""
import argparse
import base64
import hashlib
import os
import socket
import struct
import sys
import threading
import time

NAME = "iqn.2026-01.org.miscsi.test:t%d"
NONE = 0xffffffff
LOGIN, TEXT, LOGOUT, NOP, SCSI, TMF = 3, 4, 6, 0, 1, 2
HASHES = {5: "md5", 6: "sha1", 7: "sha256", 8: "sha3_256"}


class Close(Exception):
    """The misbehaviour ends the connection here."""


def text(*pairs):
    return b"".join((p if isinstance(p, bytes) else p.encode()) + b"\0" for p in pairs)


def pairs_of(data):
    return dict(p.split("=", 1) for p in data.decode("utf-8", "replace").split("\0") if "=" in p)


class Pdu:
    """One PDU from the initiator."""

    def __init__(self, bhs, data):
        self.op, self.immediate = bhs[0] & 0x3f, bool(bhs[0] & 0x40)
        self.flags, self.isid, self.tsih = bhs[1], bhs[8:14], bhs[14:16]
        self.itt, self.ttt, self.cmdsn = struct.unpack(">I", bhs[16:20])[0], *struct.unpack(">II", bhs[20:28])
        self.data, self.keys = data, pairs_of(data) if (bhs[0] & 0x3f) in (LOGIN, TEXT) else {}

    @property
    def csg(self):
        return self.flags >> 2 & 3


class Connection:
    """One connection: reads requests, answers each by the method of its opcode. Misbehaviours hook in by name."""

    def __init__(self, sock, target):
        self.sock, self.target, self.mode = sock, target, target.mode
        self.statsn, self.requests, self.discovery, self.at = 1, 0, False, 0
        self.chap_alg, self.chap_id, self.challenge = 0, 7, os.urandom(16)
        self.authenticated = not target.chap

    # the wire

    def read(self, n):
        got = b""
        while len(got) < n:
            part = self.sock.recv(n - len(got))
            if not part:
                raise Close
            got += part
        return got

    def receive(self):
        bhs = self.read(48)
        self.read(bhs[4] * 4)
        length = int.from_bytes(bhs[5:8], "big")
        pdu = Pdu(bhs, self.read(length + -length % 4)[:length])
        self.requests += 1
        self.target.say("got opcode 0x%02x flags 0x%02x %r" % (pdu.op, pdu.flags, pdu.data[:200]))
        return pdu

    def raw(self, data):
        if self.mode == "slow-bytes":
            for i in range(len(data)):
                self.sock.sendall(data[i:i + 1])
                time.sleep(0.002)
        else:
            self.sock.sendall(data)

    def header(self, op, flags, req, data=b"", **k):
        h = bytearray(48)
        h[0], h[1], h[2] = op, flags, k.get("byte2", 0)
        h[3], h[4] = k.get("version", 0), k.get("ahs", 0)
        h[5:8] = k.get("length", len(data)).to_bytes(3, "big")
        h[8:14] = k.get("isid", b"\0" * 6)
        h[14:16] = k.get("tsih", 0).to_bytes(2, "big")
        exp = req.cmdsn + (0 if req.immediate else 1)
        struct.pack_into(">IIIII", h, 16, k.get("itt", req.itt), k.get("ttt", 0), self.statsn, exp & NONE, (exp + 64) & NONE)
        struct.pack_into(">H", h, 36, k.get("status", 0))
        self.statsn += 1
        return bytes(h)

    def send(self, op, flags, req, data=b"", **k):
        bhs = self.header(op, flags, req, data, **k)
        self.target.say("sent opcode 0x%02x flags 0x%02x %r" % (op, flags, data[:200]))
        self.raw(bhs + b"\0" * (4 * k.get("ahs", 0)) + data + b"\0" * (-len(data) % 4))

    # login

    def login_response(self, req, flags, data=b"", **k):
        final = flags & 0x83 == 0x83
        k.setdefault("tsih", 1 if final else 0)
        k.setdefault("isid", req.isid)
        self.send(0x23, flags, req, data, **k)

    def on_login(self, req):
        if "SessionType" in req.keys:
            self.discovery = req.keys["SessionType"] == "Discovery"
        self.target.session_type(self.discovery)
        if self.hook("login", req):
            return
        if req.csg == 0:
            self.security(req)
        else:
            self.operational(req)

    def security(self, req):
        if "AuthMethod" in req.keys:
            method = "CHAP" if self.target.chap else "None"
            offered = req.keys["AuthMethod"].split(",")
            if method not in offered:
                return self.login_response(req, 0, status=0x0201)
            done = method == "None" and req.flags & 0x80
            return self.login_response(req, 0x81 if done else 0, text("AuthMethod=" + method, "TargetPortalGroupTag=%d" % self.target.tpgt))
        if "CHAP_A" in req.keys:
            if self.hook("chap", req):
                return None
            algs = [int(a) for a in req.keys["CHAP_A"].split(",") if a.isdigit() and int(a) in HASHES]
            if not algs:
                return self.login_response(req, 0, status=0x0201)
            return self.challenge_initiator(req, algs[0])
        if "CHAP_R" in req.keys:
            return self.check_response(req)
        return self.login_response(req, req.flags & 0x80 and 0x81)

    def challenge_initiator(self, req, alg):
        self.chap_alg = alg
        self.login_response(req, 0, text("CHAP_A=%d" % alg, "CHAP_I=%d" % self.chap_id, "CHAP_C=0x" + self.challenge.hex()))

    def check_response(self, req):
        name, secret, name_in, secret_in = (list(self.target.chap) + ["", "", "", ""])[:4]
        digest = hashlib.new(HASHES[self.chap_alg], bytes([self.chap_id]) + secret.encode() + self.challenge).hexdigest()
        if req.keys.get("CHAP_N") != name or req.keys["CHAP_R"].lower() != "0x" + digest:
            return self.login_response(req, 0, status=0x0201)
        self.authenticated = True
        if self.hook("proof", req):
            return None
        proof = b""
        if "CHAP_C" in req.keys and secret_in:
            value = req.keys["CHAP_C"]
            theirs = bytes.fromhex(value[2:]) if value[:2] == "0x" else base64.b64decode(value[2:])
            mine = hashlib.new(HASHES[self.chap_alg], bytes([int(req.keys["CHAP_I"])]) + secret_in.encode() + theirs)
            proof = text("CHAP_N=" + name_in, "CHAP_R=0x" + mine.hexdigest())
        return self.login_response(req, 0x81, proof)

    def answers(self, req):
        """The target's answers to what was offered, and its declarations."""
        fixed = {"HeaderDigest": "None", "DataDigest": "None", "IFMarker": "No", "OFMarker": "No", "ErrorRecoveryLevel": "0",
                 "MaxConnections": "1", "MaxOutstandingR2T": "1"}
        skip = ("InitiatorName", "InitiatorAlias", "TargetName", "SessionType", "AuthMethod", "MaxRecvDataSegmentLength")
        out = [k + "=" + fixed.get(k, v) for k, v in req.keys.items() if k not in skip]
        out.append("MaxRecvDataSegmentLength=65536")
        if not self.discovery:
            out.append("TargetPortalGroupTag=%d" % self.target.tpgt)
        return out

    def operational(self, req):
        if not self.authenticated:
            return self.login_response(req, req.flags & 0x0c, status=0x0201)
        target = req.keys.get("TargetName", NAME % 0)
        if not self.discovery and not self.target.has(target):
            return self.login_response(req, req.flags & 0x0c, status=0x0203)
        return self.login_response(req, req.flags & 0x8f, text(*self.answers(req)))

    # the full feature phase

    def on_text(self, req):
        if self.hook("text", req):
            return
        if req.ttt == NONE:
            self.at = 0
        portal = "127.0.0.1:%d,%d" % (self.target.port, self.target.tpgt)
        chunk = b""
        while self.at < self.target.targets and len(chunk) < self.target.chunk:
            chunk += text("TargetName=" + NAME % self.at, "TargetAddress=" + portal)
            self.at += 1
        self.list_part(req, chunk, self.at >= self.target.targets)

    def list_part(self, req, data, last):
        self.send(0x24, 0x80 if last else 0x40, req, data, ttt=NONE if last else 7)

    def on_logout(self, req):
        self.send(0x26, 0x80, req)
        raise Close

    def on_nop(self, req):
        if req.itt != NONE:
            self.send(0x20, 0x80, req, req.data, ttt=NONE)

    def on_scsi(self, req):
        if self.hook("scsi", req):
            return
        # CHECK CONDITION, ILLEGAL REQUEST, LOGICAL UNIT NOT SUPPORTED
        sense = bytes([0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x25, 0, 0, 0, 0, 0])
        bhs = bytearray(self.header(0x21, 0x80, req, b"\0\x12" + sense))
        bhs[3] = 2
        self.raw(bytes(bhs) + b"\0\x12" + sense)

    def on_tmf(self, req):
        if not self.hook("scsi", req):
            self.send(0x22, 0x80, req)

    def hook(self, phase, req):
        """A misbehaviour of this phase answers in our place."""
        row = MISBEHAVIOURS.get(self.mode)
        if not row or row[0] != phase:
            return False
        return row[1](self, req) is not False

    def run(self):
        handlers = {LOGIN: self.on_login, TEXT: self.on_text, LOGOUT: self.on_logout, NOP: self.on_nop, SCSI: self.on_scsi,
                    TMF: self.on_tmf}
        try:
            if not self.hook("accept", None):
                while True:
                    req = self.receive()
                    if req.op not in handlers:
                        break
                    handlers[req.op](req)
        except (Close, OSError):
            pass
        finally:
            self.target.say("closed after %d requests" % self.requests)
            self.sock.close()


# Misbehaviours: NAME: (phase, function, what it does). A function that gives False lets the well-behaved answer go out after all.

MISBEHAVIOURS = {}


def misbehaviour(name, phase, about):
    def add(fn):
        MISBEHAVIOURS[name] = (phase, fn, about)
        return fn
    return add


def row(name, phase, about, fn):
    MISBEHAVIOURS[name] = (phase, fn, about)


def silence(c, _):
    """Until the initiator goes away."""
    while c.sock.recv(65536):
        pass
    raise Close


def shut(_c, _req):
    raise Close


def forever(send):
    while True:
        send()


def final(c, req, **k):
    c.login_response(req, 0x87 if req.csg else 0x81, **k)


row("slow-bytes", "never", "sends one byte at a time", None)
row("close-at-accept", "accept", "closes a connection at once", shut)
row("silent", "accept", "takes the connection and never says anything", silence)
row("banner", "accept", "talks SMTP", lambda c, _: (c.raw(b"220 mail.example ESMTP\r\n" * 8), shut(c, _)))

row("login-close", "login", "closes at the first request", shut)
row("login-silent", "login", "never answers the login", silence)
row("login-truncated-header", "login", "closes after half a header", lambda c, r: (c.raw(c.header(0x23, 0x87, r)[:20]), shut(c, r)))
row("login-truncated-data", "login", "closes in the midst of the data",
    lambda c, r: (c.raw(c.header(0x23, 0x87, r, length=400) + b"A=b"), shut(c, r)))
row("login-oversized", "login", "says that 16 MiB of data follow",
    lambda c, r: (c.raw(c.header(0x23, 0x87, r, length=0xffffff)), forever(lambda: c.raw(b"x" * 65536))))
row("login-9000", "login", "9000 bytes of data, the limit being 8192", lambda c, r: final(c, r, data=text("X-a=" + "b" * 9000)))
row("login-ahs", "login", "an additional header segment", lambda c, r: final(c, r, ahs=2))
row("login-wrong-opcode", "login", "a Text Response", lambda c, r: c.send(0x24, 0x80, r))
row("login-initiator-opcode", "login", "a Login Request", lambda c, r: c.send(0x03, 0x87, r))
row("login-unknown-opcode", "login", "opcode 0x3e", lambda c, r: c.send(0x3e, 0x87, r))
row("login-reject", "login", "a Reject PDU", lambda c, r: c.send(0x3f, 0x80, r, b"\0" * 48, byte2=4, itt=NONE))
row("login-async", "login", "an Asynchronous Message", lambda c, r: c.send(0x32, 0x80, r, itt=NONE))
row("login-wrong-itt", "login", "another Initiator Task Tag", lambda c, r: final(c, r, itt=r.itt ^ 0x55))
row("login-wrong-isid", "login", "another ISID", lambda c, r: final(c, r, isid=b"\xff" * 6))
row("login-version", "login", "version 7", lambda c, r: final(c, r, version=7))
row("login-stage", "login", "the other stage", lambda c, r: c.login_response(r, 0x81 if r.csg else 0x87))
row("login-nsg", "login", "next stage 2", lambda c, r: c.login_response(r, 0x80 | r.csg << 2 | 2))
row("login-unasked-t", "login", "ends a stage (to full feature) that the initiator had not offered to end",
    lambda c, r: c.login_response(r, 0x80 | r.csg << 2 | 3) if not r.flags & 0x80 else False)
row("login-t-and-c", "login", "T and C in one", lambda c, r: c.login_response(r, 0xc0 | r.flags & 0x0f))
row("login-tsih-0", "login", "TSIH 0 at the end", lambda c, r: final(c, r, tsih=0) if r.csg else False)
row("login-endless-empty", "login", "never ends the stage", lambda c, r: c.login_response(r, r.flags & 0x0c))
row("login-endless-c", "login", "one text without end over C-bit PDUs",
    lambda c, r: c.login_response(r, 0x40 | r.flags & 0x0c, b"X-a=" + b"b" * 8000))
row("login-endless-c-empty", "login", "C bit for ever, without data", lambda c, r: c.login_response(r, 0x40 | r.flags & 0x0c))
row("login-no-nul", "login", "a text that does not end in NUL", lambda c, r: final(c, r, data=b"MaxBurstLength=512"))
row("login-no-value", "login", "a key without '='", lambda c, r: final(c, r, data=text("MaxBurstLength")))
row("login-no-key", "login", "'=' without a key", lambda c, r: final(c, r, data=text("=512")))
row("login-duplicate", "login", "the same key twice", lambda c, r: final(c, r, data=text("MaxBurstLength=512", "MaxBurstLength=512")))
row("login-long-key", "login", "a key of 8000 bytes", lambda c, r: final(c, r, data=text("K" * 8000 + "=1")))
row("login-long-value", "login", "a value of 8000 bytes", lambda c, r: final(c, r, data=text("TargetAlias=" + "v" * 8000)))
row("login-many-keys", "login", "a thousand keys to be answered",
    lambda c, r: c.login_response(r, r.flags & 0x0c, text(*("X%d=" % i for i in range(1000)))))
row("login-not-understood", "login", "NotUnderstood for all that is offered",
    lambda c, r: final(c, r, data=text(*(k + "=NotUnderstood" for k in r.keys if k not in
                                         ("InitiatorName", "TargetName", "SessionType", "InitiatorAlias")))))
row("login-reject-all", "login", "Reject for all that is offered",
    lambda c, r: final(c, r, data=text(*(k + "=Reject" for k in r.keys if k not in
                                         ("InitiatorName", "TargetName", "SessionType", "InitiatorAlias")))))
row("login-range", "login", "MaxBurstLength out of range", lambda c, r: final(c, r, data=text("MaxBurstLength=4294967296")))
row("login-digest", "login", "a digest that was not offered", lambda c, r: final(c, r, data=text("HeaderDigest=SHA1")))
row("login-alias-escapes", "login", "terminal escapes and a newline in TargetAlias",
    lambda c, r: final(c, r, data=text("TargetAlias=\x1b]0;pwned\x07\x1b[2J\nnode.startup = automatic")))
row("login-tpgt", "login", "another portal group than the one discovered",
    lambda c, r: False if c.discovery else final(c, r, data=text("TargetPortalGroupTag=%d" % (c.target.tpgt + 41))))
row("login-after-end", "login", "a PDU and rubbish behind the last response",
    lambda c, r: (final(c, r), c.login_response(r, 0x87), c.raw(b"\xff" * 100)))
row("login-silent-second", "login", "answers the first request, then nothing more",
    lambda c, r: c.login_response(r, r.flags & 0x0c) if c.requests == 1 else silence(c, r))
row("login-close-second", "login", "answers the first request and closes at the second",
    lambda c, r: c.login_response(r, r.flags & 0x0c) if c.requests == 1 else shut(c, r))

for _status, _about in ((0x0200, "initiator error"), (0x0201, "authentication failure"), (0x0202, "authorization failure"),
                        (0x0203, "target not found"), (0x0204, "target removed"), (0x0205, "unsupported version"),
                        (0x0206, "too many connections"), (0x0207, "missing parameter"), (0x0208, "cannot include in session"),
                        (0x0209, "session type not supported"), (0x020a, "session does not exist"),
                        (0x020b, "invalid request during login"), (0x0300, "target error"), (0x0301, "service unavailable"),
                        (0x0302, "out of resources"), (0x0400, "no such class"), (0x0001, "class 0 with a detail")):
    row("status-%04x" % _status, "login", _about,
        lambda c, r, status=_status: c.login_response(r, r.flags & 0x0c, status=status))

for _name, _text, _about in (
        ("junk", "TargetAddress=../../x", "to what is no address"),
        ("none", "", "without TargetAddress"),
        ("escapes", "TargetAddress=\x1b[31m1.2.3.4\n", "to terminal escapes"),
        ("closed", "TargetAddress=127.0.0.1:1", "to a port where nobody listens")):
    row("redirect-" + _name, "login", "redirects " + _about,
        lambda c, r, t=_text: c.login_response(r, r.flags & 0x0c, text(t) if t else b"", status=0x0101))
for _name, _status in (("redirect-loop", 0x0101), ("redirect-loop-permanent", 0x0102)):
    row(_name, "login", "redirects to itself for ever",
        lambda c, r, s=_status: c.login_response(r, r.flags & 0x0c, text("TargetAddress=127.0.0.1:%d" % c.target.port), status=s))
row("redirect-once", "login", "well-behaved: redirects every other login, to itself",
    lambda c, r: c.login_response(r, r.flags & 0x0c, text("TargetAddress=127.0.0.1:%d,%d" % (c.target.port, c.target.tpgt)),
                                  status=0x0101) if c.requests == 1 and c.target.every_other() else False)

row("chap-huge", "chap", "a challenge of 1025 bytes",
    lambda c, r: c.login_response(r, 0, text("CHAP_A=5", "CHAP_I=1", "CHAP_C=0b" + base64.b64encode(b"x" * 1025).decode())))
row("chap-huge-hex", "chap", "a challenge of 3000 bytes in hex",
    lambda c, r: c.login_response(r, 0, text("CHAP_A=5", "CHAP_I=1", "CHAP_C=0x" + "ab" * 3000)))
row("chap-empty", "chap", "a challenge without bytes", lambda c, r: c.login_response(r, 0, text("CHAP_A=5", "CHAP_I=1", "CHAP_C=0x")))
row("chap-unknown", "chap", "an algorithm that was not offered",
    lambda c, r: c.login_response(r, 0, text("CHAP_A=99", "CHAP_I=1", "CHAP_C=0x0102")))
row("chap-reject", "chap", "rejects all algorithms", lambda c, r: c.login_response(r, 0, text("CHAP_A=Reject")))
row("chap-identifier", "chap", "CHAP_I 256",
    lambda c, r: c.login_response(r, 0, text("CHAP_A=5", "CHAP_I=256", "CHAP_C=0x0102")))
row("chap-none", "login", "chooses AuthMethod None, which was not offered",
    lambda c, r: c.login_response(r, 0, text("AuthMethod=None")) if "AuthMethod" in r.keys else False)
row("chap-method", "login", "chooses AuthMethod KRB5", lambda c, r: c.login_response(r, 0, text("AuthMethod=KRB5"))
    if "AuthMethod" in r.keys else False)
row("chap-skip-proof", "proof", "mutual CHAP: ends the stage without authenticating itself", lambda c, r: c.login_response(r, 0x81))
row("chap-reflect-response", "proof", "mutual CHAP: sends the initiator's own response back",
    lambda c, r: c.login_response(r, 0x81, text("CHAP_N=t", "CHAP_R=" + r.keys["CHAP_R"])))
row("chap-reflect-challenge", "proof", "mutual CHAP: sends the initiator's own challenge back instead of a proof",
    lambda c, r: c.login_response(r, 0, text("CHAP_A=%d" % c.chap_alg, "CHAP_I=" + r.keys.get("CHAP_I", "1"),
                                             "CHAP_C=" + r.keys.get("CHAP_C", "0x00"))))
row("chap-wrong-proof", "proof", "mutual CHAP: a wrong response",
    lambda c, r: c.login_response(r, 0x81, text("CHAP_N=t", "CHAP_R=0x" + "00" * 16)))

row("text-close", "text", "closes when asked for its targets", shut)
row("text-silent", "text", "never answers SendTargets", silence)
row("text-truncated-header", "text", "closes after half a header", lambda c, r: (c.raw(c.header(0x24, 0x80, r)[:20]), shut(c, r)))
row("text-truncated-data", "text", "closes in the midst of the data",
    lambda c, r: (c.raw(c.header(0x24, 0x80, r, length=400, ttt=NONE) + b"TargetName="), shut(c, r)))
row("text-oversized", "text", "says that 16 MiB of data follow",
    lambda c, r: (c.raw(c.header(0x24, 0x80, r, length=0xffffff)), forever(lambda: c.raw(b"x" * 65536))))
row("text-ahs", "text", "an additional header segment", lambda c, r: c.send(0x24, 0x80, r, ahs=1, ttt=NONE))
row("text-wrong-opcode", "text", "a Login Response", lambda c, r: c.send(0x23, 0x80, r))
row("text-wrong-itt", "text", "another Initiator Task Tag", lambda c, r: c.send(0x24, 0x80, r, itt=r.itt ^ 0x55, ttt=NONE))
row("text-reject", "text", "a Reject PDU", lambda c, r: c.send(0x3f, 0x80, r, b"\0" * 48, byte2=5, itt=NONE))
row("text-async", "text", "an Asynchronous Message", lambda c, r: c.send(0x32, 0x80, r, itt=NONE))
row("text-nop", "text", "well-behaved: a ping before the answer", lambda c, r: c.send(0x20, 0x80, r, itt=NONE, ttt=5) or False)
row("text-endless-nop", "text", "pings without end", lambda c, r: forever(lambda: c.send(0x20, 0x80, r, itt=NONE, ttt=NONE)))
row("text-no-ttt", "text", "more to come, but no Target Transfer Tag", lambda c, r: c.send(0x24, 0x40, r, ttt=NONE))
row("text-final-and-c", "text", "F and C in one", lambda c, r: c.send(0x24, 0xc0, r, ttt=NONE))
row("text-endless-c", "text", "one key without end over C-bit PDUs", lambda c, r: c.send(0x24, 0x40, r, b"T" * 8000, ttt=7))
row("text-endless-ttt", "text", "targets without end",
    lambda c, r: c.send(0x24, 0, r, text(*("TargetName=" + NAME % i for i in range(150))), ttt=7))
row("text-endless-empty", "text", "empty responses without end", lambda c, r: c.send(0x24, 0x40, r, ttt=7))
row("text-split", "text", "well-behaved: 3 targets, cut every 7 bytes", lambda c, r: split_list(c, r, 7))
row("text-after-end", "text", "rubbish behind the last response",
    lambda c, r: (c.send(0x24, 0x80, r, text("TargetName=" + NAME % 0), ttt=NONE), c.raw(b"\xff" * 100)))


def split_list(c, r, size):
    data = text(*(p for i in range(3) for p in ("TargetName=" + NAME % i, "TargetAddress=127.0.0.1:%d,1" % c.target.port)))
    if r.ttt == NONE:
        c.at = 0
    part, c.at = data[c.at:c.at + size], c.at + size
    c.list_part(r, part, c.at >= len(data))


row("scsi-dead", "scsi", "answers no SCSI command and no task management, but all else", lambda c, r: None)

GOOD = ("TargetName=" + NAME % 0, "TargetAddress=127.0.0.1:3260,1")
for _name, _pairs, _about in (
        ("traversal", ("TargetName=../../x", GOOD[1]), "a name that is a path upwards"),
        ("absolute", ("TargetName=/etc/cron.d/x", GOOD[1]), "a name that is an absolute path"),
        ("traversal-inside", ("TargetName=iqn.2026-01.org.x:a/../../../b", GOOD[1]), "an iqn that holds a path"),
        ("dots", ("TargetName=..", GOOD[1]), "the name .."),
        ("empty", ("TargetName=", GOOD[1]), "an empty name"),
        ("newline", ("TargetName=iqn.2026-01.org.x:a\nnode.startup = automatic", GOOD[1]), "a newline and a setting in a name"),
        ("control", ("TargetName=iqn.2026-01.org.x:\x01\x02\x7f", GOOD[1]), "control characters in a name"),
        ("escapes", ("TargetName=iqn.2026-01.org.x:\x1b]0;pwned\x07\x1b[2J", GOOD[1]), "terminal escapes in a name"),
        ("shell", ("TargetName=iqn.2026-01.org.x:$(touch /tmp/pwned);`id`", GOOD[1]), "shell commands in a name"),
        ("utf8", (b"TargetName=iqn.2026-01.org.x:\xc0\xae\xc0\xae\xff", GOOD[1]), "broken UTF-8 in a name"),
        ("bidi", ("TargetName=iqn.2026-01.org.x:\u202egpj", GOOD[1]), "text direction override in a name"),
        ("long", ("TargetName=iqn.2026-01.org.x:" + "a" * 300, GOOD[1]), "a name of 325 bytes"),
        ("address-traversal", (GOOD[0], "TargetAddress=../../x:3260,1"), "an address that is a path upwards"),
        ("address-newline", (GOOD[0], "TargetAddress=127.0.0.1\nx = y:3260,1"), "a newline in an address"),
        ("address-port", (GOOD[0], "TargetAddress=127.0.0.1:99999,1"), "port 99999"),
        ("address-tpgt", (GOOD[0], "TargetAddress=127.0.0.1:3260,99999"), "TPGT 99999"),
        ("address-long", (GOOD[0], "TargetAddress=" + "a" * 400 + ":3260,1"), "an address of 400 bytes"),
        ("address-249", (GOOD[0], "TargetAddress=" + "a" * 249 + ":3260,1", "TargetName=" + NAME % 1, GOOD[1]), "an address that no directory can have as its name"),
        ("address-first", (GOOD[1],), "an address without a name"),
        ("no-address", (GOOD[0],), "well-behaved: a target without an address"),
        ("no-value", ("TargetName", GOOD[1]), "a key without '='"),
        ("long-key", ("K" * 10240 + "=1",) + GOOD, "a key of 10 KiB"),
        ("unknown-keys", ("X-a=b",) + GOOD + ("TargetAlias=x",), "well-behaved: keys that mean nothing here"),
        ("duplicate", GOOD * 50, "the same target 50 times")):
    row("text-" + _name, "text", _about, lambda c, r, p=_pairs: c.list_part(r, text(*p), True))
row("text-no-nul", "text", "a text that does not end in NUL", lambda c, r: c.list_part(r, text(*GOOD)[:-1], True))


@misbehaviour("text-million", "text", "a million targets")
def million(c, r):
    c.target.targets, c.target.chunk = 1000000, 8000
    return False


@misbehaviour("text-huge-one", "text", "one target with addresses without end")
def huge_one(c, r):
    start = b"" if r.ttt != NONE else text(GOOD[0])
    c.list_part(r, start + text(*("TargetAddress=10.%d.%d.%d:3260,1" % (c.requests % 256, i // 250, i % 250) for i in range(250))), False)


class Target:
    """What the connections share: the settings, and the listening socket."""

    def __init__(self, args):
        self.mode, self.targets, self.tpgt, self.chunk = args.misbehaviour, args.targets, args.tpgt, args.chunk
        self.chap = args.chap.split(":") if args.chap else None
        self.verbose, self.turn = args.verbose, 0
        self.listener = socket.create_server(("127.0.0.1", args.port), backlog=128)
        self.port = self.listener.getsockname()[1]

    def say(self, line):
        if self.verbose:
            print(line, file=sys.stderr, flush=True)

    def session_type(self, discovery):
        self.say("session type: " + ("discovery" if discovery else "normal"))

    def every_other(self):
        self.turn += 1
        return self.turn % 2 == 1

    def has(self, name):
        head, _, number = name.rpartition("t")
        return head + "t%d" == NAME and number.isdigit() and int(number) < self.targets

    def serve(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=Connection(sock, self).run, daemon=True).start()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("misbehaviour", nargs="?", default="")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--targets", type=int, default=1)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tpgt", type=int, default=1)
    parser.add_argument("--chunk", type=int, default=8000)
    parser.add_argument("--chap", default="")
    parser.add_argument("-v", "--verbose", action="store_true")
    args = parser.parse_args()
    if args.list:
        for name, (phase, _, about) in MISBEHAVIOURS.items():
            print("%-24s %-7s %s" % (name, phase, about))
        return 0
    if args.misbehaviour and args.misbehaviour not in MISBEHAVIOURS:
        parser.error("no such misbehaviour: " + args.misbehaviour + " (--list)")
    try:
        target = Target(args)
        print(target.port, flush=True)
        target.serve()
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
