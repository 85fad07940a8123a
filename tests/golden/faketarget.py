# SPDX-License-Identifier: GPL-2.0-or-later
"""A target that serves discovery alone: agrees to everything, and names its targets at the address that was asked.

It listens at an address of 127.0.0.0/8 that is its process's own, and at ::1 when nobody else does."""
import os
import socket
import struct
import threading

PORT = 3260
# Keys whose answer is not the list's "None": the number that was offered is taken, a yes stays a yes.
DECLARED = ("InitiatorName", "InitiatorAlias", "SessionType", "MaxRecvDataSegmentLength", "TargetName")


class Target:
    def __init__(self, names):
        pid = os.getpid()
        self.names = names
        self.address = "127.%d.%d.%d" % (100 + pid // 62500 % 100, pid // 250 % 250, 1 + pid % 250)
        self.listeners = [self.listen(socket.AF_INET, self.address)]
        self.v6 = True
        try:
            self.listeners.append(self.listen(socket.AF_INET6, "::1"))
        except OSError:
            self.v6 = False

    def close(self):
        for listener in self.listeners:
            listener.shutdown(socket.SHUT_RDWR)  # ends accept(), which would keep the address
            listener.close()

    def listen(self, family, address):
        listener = socket.socket(family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, PORT))
        listener.listen()
        threading.Thread(target=self.accept, args=(listener,), daemon=True).start()
        return listener

    def accept(self, listener):
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        statsn = 0
        with peer, peer.makefile("rb") as stream:
            while True:
                head = stream.read(48)
                if len(head) < 48:
                    return
                length = int.from_bytes(head[5:8], "big")
                data = stream.read(length + -length % 4)[:length]
                opcode = head[0] & 0x3f
                answer = {3: self.login, 4: self.text, 6: self.logout}.get(opcode)
                if not answer:
                    return
                flags, text = answer(peer, head, data)
                statsn += 1
                cmdsn = int.from_bytes(head[24:28], "big") + (0 if head[0] & 0x40 else 1)
                peer.sendall(self.pdu(opcode | 0x20, flags, head, text, statsn, cmdsn))

    @staticmethod
    def pdu(opcode, flags, head, text, statsn, cmdsn):
        special = head[8:16] if opcode == 0x23 else b"\xff" * 8
        if opcode == 0x23:
            special = head[8:14] + (b"\0\1" if flags & 0x83 == 0x83 else head[14:16])
        if opcode == 0x24:
            special = head[8:16]
        ttt = b"\0" * 4 if opcode == 0x23 else b"\xff" * 4
        reply = struct.pack(">BBBB", opcode, flags, 0, 0) + struct.pack(">I", len(text)) + special + head[16:20] + ttt
        reply += struct.pack(">III", statsn, cmdsn, cmdsn + 32)
        return reply + b"\0" * (48 - len(reply)) + text + b"\0" * (-len(text) % 4)

    @staticmethod
    def login(_peer, head, data):
        answers = []
        for pair in data.decode().split("\0"):
            key, _, value = pair.partition("=")
            if key and key not in DECLARED:
                answers.append("%s=%s" % (key, "None" if "None" in value.split(",") else value))
        if not head[1] & 0x0c:
            answers.append("TargetPortalGroupTag=1")
        return head[1], "".join(a + "\0" for a in answers).encode()

    def text(self, peer, _head, _data):
        address = peer.getsockname()[0]
        portal = ("[%s]:%d,1" if ":" in address else "%s:%d,1") % (address, PORT)
        return 0x80, "".join("TargetName=%s\0TargetAddress=%s\0" % (n, portal) for n in self.names).encode()

    @staticmethod
    def logout(_peer, _head, _data):
        return 0x80, b""
