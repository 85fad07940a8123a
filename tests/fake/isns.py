#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A scripted iSNS server for tests (RFC 4171): answers queries and registrations, and misbehaves in every way.

    isns.py [BEHAVIOUR] [--targets N] [--port PORT]
    isns.py --list          names of the behaviours, one a line

Listens on 127.0.0.1 (port 0: any) and prints the port as its first line; then one line for each request: its function and the
name of its source.
"""
import argparse
import socket
import struct
import sys
import threading
import time

REGISTER, QUERY, GET_NEXT = 1, 2, 3
FIRST, LAST = 0x400, 0x800
NAME = "iqn.2026-01.org.miscsi.test:n%d"


def attribute(tag, value=b""):
    return struct.pack(">II", tag, len(value)) + value


def number(tag, value):
    return attribute(tag, struct.pack(">I", value))


def text(tag, value):
    value = value if isinstance(value, bytes) else value.encode()
    return attribute(tag, value + b"\0" * (4 - len(value) % 4))


def address(tag, host):
    return attribute(tag, b"\0" * 10 + b"\xff\xff" + socket.inet_aton(host))


def target(name, host="127.0.0.1", port=3260, tag=1):
    return (text(32, name) + number(33, 1) + address(16, host) + number(17, port) +
            text(48, name) + address(49, host) + number(50, port) + number(51, tag))


SUCCESS = struct.pack(">I", 0) + number(33, 1) + attribute(0)


def pdus(function, xid, payload, size=60000):
    parts = [payload[i:i + size] for i in range(0, len(payload), size)] or [b""]
    for i, part in enumerate(parts):
        flags = 0x4000 | (FIRST if i == 0 else 0) | (LAST if i == len(parts) - 1 else 0)
        yield struct.pack(">HHHHHH", 1, function | 0x8000, len(part), flags, xid, i & 0xffff) + part


class Server:
    def __init__(self, behaviour, targets):
        self.behaviour, self.targets, self.known = behaviour, targets, set()

    def list(self):
        return SUCCESS + b"".join(target(NAME % i) for i in range(self.targets))

    def small_buffer(self, function, xid, payload):
        """All at once does not fit; DevGetNext and the query of one target do. The targets n1 and n2 vanish in between."""
        tag, length = struct.unpack(">II", payload[:8])
        name = payload[8:8 + length].rstrip(b"\0").decode()
        if function == GET_NEXT:
            i = int(name.rsplit("n", 1)[1]) + 1 if name else 0
            if i < self.targets:
                return pdus(function, xid, struct.pack(">I", 0) + text(32, NAME % i) + attribute(0) + number(33, 1))
            return pdus(function, xid, struct.pack(">I", 9))
        if tag != 32:
            return pdus(function, xid, struct.pack(">I", 11))
        if name in (NAME % 1, NAME % 2):
            return pdus(function, xid, struct.pack(">I", 9))
        return pdus(function, xid, struct.pack(">I", 0) + text(32, name) + attribute(0) + target(name))

    def answer(self, sock, function, xid, source, key):
        """The bytes of an answer, one part after the other; None closes the connection."""
        mode = self.behaviour
        whole = b"".join(pdus(function, xid, self.list()))
        if mode.startswith("status-"):
            yield from pdus(function, xid, struct.pack(">I", int(mode[7:])))
        elif mode in ("must-register", "refuses-registration") and function == REGISTER:
            status = 0 if mode == "must-register" else 3
            self.known.add(source) if status == 0 else None
            yield from pdus(function, xid, struct.pack(">I", status) + text(32, source) + attribute(0))
        elif mode in ("must-register", "refuses-registration") and source not in self.known:
            yield from pdus(function, xid, struct.pack(">I", 6))
        elif mode.startswith("cut-"):
            yield whole[:int(mode[4:])]
            yield None
        elif mode == "small-buffer":
            yield from self.small_buffer(function, xid, key)
        elif mode == "same-again":
            yield from pdus(function, xid, struct.pack(">I", 11) if function == QUERY and key[3] != 32 else
                            struct.pack(">I", 0) + text(32, NAME % 0) + attribute(0))
        elif mode == "bytewise":
            yield from (whole[i:i + 1] for i in range(len(whole)))
        elif mode == "small-pdus":
            yield from pdus(function, xid, self.list(), 3)
        elif mode == "silent":
            time.sleep(600)
        elif mode == "half-then-silent":
            yield whole[:len(whole) // 2]
            time.sleep(600)
        elif mode == "garbage":
            yield b"\xff" * 4096
        elif mode == "http":
            yield b"HTTP/1.1 400 Bad Request\r\n\r\n"
        elif mode == "other-xid":
            yield from pdus(function, xid + 1, self.list())
        elif mode == "endless-pdus":
            yield struct.pack(">HHHHHH", 1, function | 0x8000, len(SUCCESS), FIRST, xid, 0) + SUCCESS
            for i in range(1, 10 ** 6):
                yield struct.pack(">HHHHHH", 1, function | 0x8000, 0, 0, xid, i & 0xffff) * 1
        elif mode == "endless-targets":
            yield struct.pack(">HHHHHH", 1, function | 0x8000, len(SUCCESS), FIRST, xid, 0) + SUCCESS
            for i in range(1, 10 ** 6):
                part = target(NAME % i)
                yield struct.pack(">HHHHHH", 1, function | 0x8000, len(part), 0, xid, i & 0xffff) + part
        elif mode == "endless-portals":
            part = text(32, NAME % 0) + number(33, 1) + b"".join(address(16, "127.0.0.1") + number(17, p) for p in range(1, 1500))
            yield from pdus(function, xid, SUCCESS + part)
        elif mode == "hostile-names":
            bad = ("iqn.2026-01.org.miscsi.test:../../../etc/x", "iqn.2026-01.org.miscsi.test:a\nb", b"iqn.2026-01.org.miscsi.test:\xff\x1b[2J", "",
                   "iqn.2026-01.org.miscsi.test:" + "a" * 300)
            yield from pdus(function, xid, SUCCESS + b"".join(target(n) for n in bad) + target(NAME % 0))
        else:
            yield whole

    def serve(self, sock):
        with sock:
            try:
                while True:
                    head = self.read(sock, 12)
                    _, function, length, _, xid, _ = struct.unpack(">HHHHHH", head)
                    payload = self.read(sock, length)
                    length = 8 + struct.unpack(">I", payload[4:8])[0]
                    source = payload[8:length].rstrip(b"\0").decode()
                    print({REGISTER: "register", GET_NEXT: "next"}.get(function, "query"), source, flush=True)
                    for part in self.answer(sock, function, xid, source, payload[length:]):
                        if part is None:
                            return
                        sock.sendall(part)
            except (EOFError, OSError):
                pass

    @staticmethod
    def read(sock, n):
        got = b""
        while len(got) < n:
            part = sock.recv(n - len(got))
            if not part:
                raise EOFError
            got += part
        return got


BEHAVIOURS = ("good must-register refuses-registration status-N cut-BYTES small-buffer same-again bytewise small-pdus silent half-then-silent garbage http other-xid "
              "endless-pdus endless-targets endless-portals hostile-names").split()


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("behaviour", nargs="?", default="good")
    ap.add_argument("--targets", type=int, default=1)
    ap.add_argument("--port", type=int, default=0)
    ap.add_argument("--list", action="store_true")
    a = ap.parse_args()
    if a.list:
        print("\n".join(BEHAVIOURS))
        return
    if a.behaviour not in BEHAVIOURS and not a.behaviour.startswith(("status-", "cut-")):
        sys.exit("isns.py: unknown behaviour; --list shows them")
    server = Server(a.behaviour, a.targets)
    with socket.create_server(("127.0.0.1", a.port)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            sock, _ = listener.accept()
            threading.Thread(target=server.serve, args=(sock,), daemon=True).start()


if __name__ == "__main__":
    main()
