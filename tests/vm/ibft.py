# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes an iBFT, the ACPI table in which boot firmware leaves what it booted from. Used by vm alone."""
import ipaddress
import struct

MAC = "52:54:00:12:34:56"
SLOT = 0x10  # of QEMU's network device on the PCI bus
HEADER, CONTROL, INITIATOR, NIC, TARGETS = 48, 18, 74, 102, 54
DEFAULTS = dict(initiator="iqn.2026-11.example:fw-host", target="iqn.2026-11.example:fw", ip="10.9.0.1", tip="10.9.0.1",
                port="3260", prefix="24", gw="10.9.0.254", dns="10.9.0.253", dhcp="", lun="0", vlan="0", user="", secret="",
                user_in="", secret_in="", mac=MAC, hostname="", target2="", flags="3")


def address(text):
    """16 bytes: IPv4 in its IPv6 form, nothing as zeros."""
    if not text:
        return bytes(16)
    a = ipaddress.ip_address(text)
    return a.packed if a.version == 6 else bytes(10) + b"\xff\xff" + a.packed


def structure(number, length, index, flags):
    return struct.pack("<BBHBB", number, 1, length, index, flags)


def table(words=""):
    """The table's bytes; words: "target=iqn… user=…", of DEFAULTS. target2 gives a second target at the same portal."""
    o = dict(DEFAULTS, **dict(w.split("=", 1) for w in words.split()))
    aligned = lambda n: (n + 7) & ~7  # noqa: E731
    at, place = {}, HEADER
    for name, length in (("control", CONTROL), ("initiator", INITIATOR), ("nic", NIC), ("target0", TARGETS), ("target1", TARGETS)):
        at[name] = place
        place = aligned(place + length)
    heap_at, heap = place, bytearray()

    def string(text):
        if not text:
            return bytes(4)
        where = heap_at + len(heap)
        heap.extend(text.encode() + b"\0")
        return struct.pack("<HH", len(text), where)

    def target(index, name):
        kind = 2 if o["user_in"] else 1 if o["user"] else 0
        return (structure(4, TARGETS, index, int(o["flags"])) + address(o["tip"]) + struct.pack("<H", int(o["port"])) +
                struct.pack(">HHHH", int(o["lun"]), 0, 0, 0) + bytes([kind, 0]) + string(name) + string(o["user"]) +
                string(o["secret"]) + string(o["user_in"]) + string(o["secret_in"]))

    parts = {
        "control": structure(1, CONTROL, 0, 0) + struct.pack("<HHHHHH", 0, at["initiator"], at["nic"], at["target0"], 0,
                                                             at["target1"] if o["target2"] else 0),
        "initiator": structure(2, INITIATOR, 0, 3) + bytes(64) + string(o["initiator"]),
        "nic": structure(3, NIC, 0, 3) + address(o["ip"]) + bytes([int(o["prefix"]), 3 if o["dhcp"] else 1]) + address(o["gw"]) +
        address(o["dns"]) + bytes(16) + address(o["dhcp"]) + struct.pack("<H", int(o["vlan"])) +
        bytes.fromhex(o["mac"].replace(":", "")) + struct.pack("<H", SLOT << 3) + string(o["hostname"]),
        "target0": target(0, o["target"]),
    }
    if o["target2"]:
        parts["target1"] = target(1, o["target2"])
    out = bytearray(heap_at) + heap
    for name, data in parts.items():
        out[at[name]:at[name] + len(data)] = data
    out[:HEADER] = struct.pack("<4sIBB6s8s24s", b"iBFT", len(out), 1, 0, b"MISCSI", b"TEST    ", b"")
    out[9] = -sum(out) & 0xff  # of the whole table: 0
    return bytes(out)


def arguments_of_table(path, words):
    """Writes the table to path; gives QEMU's arguments for it alone. The network device that it names has MAC and SLOT."""
    with open(path, "wb") as f:
        f.write(table(words))
    return ["-acpitable", f"file={path}"]


def arguments(path, words):
    """The same, with the network device, which has no cable."""
    return arguments_of_table(path, words) + ["-netdev", "hubport,id=n0,hubid=0", "-device", f"virtio-net-pci,netdev=n0,mac={MAC},addr={SLOT:#x},romfile="]
