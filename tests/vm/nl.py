# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel's iSCSI netlink interface, spoken byte by byte: what tests say to it without any code of ours between."""
import errno
import os
import select
import socket
import struct
import time

from lib import Failed, get

CREATE_SESSION, DESTROY_SESSION, CREATE_CONN, DESTROY_CONN, BIND_CONN, SET_PARAM, START_CONN, STOP_CONN, SEND_PDU, \
    GET_STATS = range(11, 21)
EP_CONNECT, EP_POLL, EP_DISCONNECT, TGT_DSCVR, SET_HOST_PARAM, UNBIND, CREATE_BOUND, EP_CONNECT_HOST, PATH_UPDATE, \
    SET_IFACE, PING, GET_CHAP, DELETE_CHAP, SET_FLASH, NEW_FLASH, DEL_FLASH, LOGIN_FLASH, LOGOUT_FLASH, LOGOUT_SID, \
    SET_CHAP, GET_HOST_STATS, DESTROY_ASYNC = range(22, 44)
RECV_PDU, CONN_ERROR, IF_ERROR, SESSION_DESTROYED, UNBOUND, SESSION_CREATED, PATH_REQ, IF_DOWN, LOGIN_STATE, \
    HOST_EVENT, PING_COMP = range(101, 112)
TERM, RECOVER = 1, 3


def _socket(groups):
    s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 8)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    s.bind((0, groups))
    return s


class Netlink:
    """One socket asks, another hears: group 1, and 2 if told so."""

    def __init__(self, path=False, hear=True):
        self.ask, self.hear = _socket(0), _socket(1) if hear else None
        self.path = _socket(2) if path else None

    def close(self):
        for s in filter(None, (self.ask, self.hear, self.path)):
            s.close()

    def request(self, transport, kind, u=b"", payload=b"", answer=True):
        """Gives (errno name or "", the 16 bytes of the answer)."""
        handle = int(get(f"/sys/class/iscsi_transport/{transport}/handle"))
        body = struct.pack("=IIQ24s16x", kind, 0, handle, u) + payload
        self.ask.send(struct.pack("=IHHII", 16 + len(body), kind, 0, 1, 0) + body)
        if not select.select([self.ask], [], [], 0 if not answer else 10)[0]:
            if answer:
                raise Failed(f"no answer to request {kind}")
            return "", bytes(16)
        data = self.ask.recv(65536)
        what, error = struct.unpack_from("=Ii", data, 16)
        return errno.errorcode.get(-error, str(error)) if what == IF_ERROR else "", data[56:72]

    def event(self, kind, seconds=5, where=None):
        """The next event of this kind, as (all of the message after the header); others are dropped."""
        end = time.monotonic() + seconds
        where = where or self.hear
        while select.select([where], [], [], max(0, end - time.monotonic()))[0]:
            data = where.recv(1 << 17)
            if struct.unpack_from("=I", data, 16)[0] == kind:
                return data
        raise Failed(f"no event {kind} within {seconds} s")


def address(host, port=3260):
    if ":" in host:
        return struct.pack("=HHI16sI", socket.AF_INET6, socket.htons(port), 0, socket.inet_pton(socket.AF_INET6, host), 0)
    return struct.pack("=HH4s8x", socket.AF_INET, socket.htons(port), socket.inet_aton(host)) + bytes(112)


def attribute(kind, data):
    return struct.pack("=HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)


def iface(param, value, num=0, family=1, kind=2, nla=None):
    return attribute(param if nla is None else nla, struct.pack("=IIHBB", num, len(value), param, family, kind) + value)


def small(param, value):
    """An attribute of flash nodes and CHAP entries."""
    return attribute(param, struct.pack("=IH", len(value), param) + value)


class Transport:
    """The requests, of one transport. Each gives its error's name, "" if all went well."""

    def __init__(self, nl, name, host):
        self.nl, self.name, self.host = nl, name, host

    def do(self, kind, u=b"", payload=b"", **more):
        return self.nl.request(self.name, kind, u, payload, **more)

    def on_host(self, kind, *numbers, payload=b"", answer=True):
        return self.do(kind, struct.pack(f"={1 + len(numbers)}I", self.host, *numbers), payload, answer=answer)

    def connect(self, to="10.66.0.200", through=True):
        error, r = self.do(EP_CONNECT_HOST, struct.pack("=II", self.host, 1), address(to)) if through else \
            self.do(EP_CONNECT, struct.pack("=I", 1), address(to))
        return error, struct.unpack_from("=Q", r)[0]

    def poll(self, ep, ms=0):
        error, r = self.do(EP_POLL, struct.pack("=QI", ep, ms))
        return error or struct.unpack_from("=i", r)[0]

    def disconnect(self, ep):
        return self.do(EP_DISCONNECT, struct.pack("=Q", ep))[0]

    def create(self, ep, cmds=128, depth=32):
        error, r = self.do(CREATE_BOUND, struct.pack("=QIHH", ep, 1, cmds, depth))
        return error, struct.unpack_from("=I", r)[0]

    def on_conn(self, kind, sid, *numbers, payload=b""):
        error, r = self.do(kind, struct.pack(f"={2 + len(numbers)}I", sid, 0, *numbers), payload)
        return error or struct.unpack_from("=i", r)[0]

    def bind(self, sid, ep):
        error, r = self.do(BIND_CONN, struct.pack("=IIQI", sid, 0, ep, 1))
        return error or struct.unpack_from("=i", r)[0]

    def param(self, sid, number, value):
        text = str(value).encode() + b"\0"
        return self.do(SET_PARAM, struct.pack("=4I", sid, 0, number, len(text)), text)[0]

    def stop(self, sid, how=TERM):
        return self.do(STOP_CONN, struct.pack("=IIQI", sid, 0, 0, how))[0]

    def send(self, sid, header, data=b""):
        return self.on_conn(SEND_PDU, sid, 48, len(data), payload=header + data)

    def hears_pdu(self, sid):
        """The next PDU: header, data."""
        data = self.nl.event(RECV_PDU)
        if struct.unpack_from("=I", data, 56)[0] != sid:
            raise Failed("a PDU of another session")
        header = data[72:120]
        return header, data[120:120 + int.from_bytes(header[5:8], "big")]

    def login(self, sid, keys, flags=0x87):
        """One login request from the operational stage to the end, unless flags say otherwise."""
        data = b"".join(k.encode() + b"\0" for k in keys)
        header = bytes([0x43, flags, 0, 0, 0]) + len(data).to_bytes(3, "big") + bytes(8) + bytes(32)
        return self.send(sid, header, data + bytes(-len(data) % 4))
