# SPDX-License-Identifier: GPL-2.0-or-later
# needs: qemu simhba
"""Simulated adapters: each takes and refuses what its driver does, by the kernel's own requests"""
import errno
import glob
import os
import struct
import subprocess
import time

from lib import *
from nl import *

# Of every kind: hosts 1 to 7, in this order.
KINDS = ["qla4xxx", "bnx2i", "cxgb3i", "cxgb4i", "be2iscsi", "qedi", "ocs"]
CAPS = dict(qla4xxx="0x48b8", bnx2i="0x8b9", cxgb3i="0x30b9", cxgb4i="0x30b9", be2iscsi="0x8b9", qedi="0x8b9", ocs="0x8b9")
HOST = dict(qla4xxx="hwaddress initiatorname ipaddress port_speed port_state", bnx2i="hwaddress ipaddress netdev",
            cxgb3i="hwaddress initiatorname ipaddress netdev", cxgb4i="hwaddress initiatorname ipaddress netdev",
            be2iscsi="hwaddress initiatorname port_speed port_state", qedi="hwaddress ipaddress netdev",
            ocs="hwaddress initiatorname ipaddress")
# What each says to an operation: the columns are set_host_param, iface settings, ping, CHAP (get, set, delete),
# flash nodes, host statistics, path update. "" works.
NO, INVALID = "ENOSYS", "EINVAL"
OPS = {
    "qla4xxx": (NO, "", "", "", "", "", NO),
    "bnx2i": (NO, NO, NO, INVALID, NO, NO, ""),
    "cxgb3i": ("", NO, NO, INVALID, NO, NO, NO),
    "cxgb4i": ("", NO, NO, INVALID, NO, NO, NO),
    "be2iscsi": (NO, "", NO, INVALID, NO, NO, NO),
    "qedi": (NO, NO, NO, INVALID, NO, NO, ""),
    "ocs": (NO, NO, NO, INVALID, NO, NO, NO),
}
SESSION = "/sys/class/iscsi_session/session"
KEYS = ["InitiatorName=" + INITIATOR, "TargetName=iqn.2024-01.org.example:sim0", "SessionType=Normal",
        "HeaderDigest=None,CRC32C", "MaxBurstLength=999999999", "X-own=1"]


def attributes(path):
    return sorted(f for f in os.listdir(path) if os.path.isfile(f"{path}/{f}") and f != "uevent")


def matrix(nl):
    """The table of doc/KERNEL.md: which driver has which operation."""
    equal(sorted(set(os.listdir("/sys/class/iscsi_transport")) - {"tcp"}), sorted(KINDS), "transports")
    for host, kind in enumerate(KINDS, 1):
        t = Transport(nl, kind, host)
        equal(get(f"/sys/class/scsi_host/host{host}/proc_name"), kind, f"driver of host{host}")
        equal(get(f"/sys/class/iscsi_transport/{kind}/caps"), CAPS[kind], f"caps of {kind}")
        equal(attributes(f"/sys/class/iscsi_host/host{host}"), HOST[kind].split(), f"host attributes of {kind}")
        chap = t.on_host(GET_CHAP, 4, 0, answer=kind != "qla4xxx")[0]
        stats = t.on_host(GET_HOST_STATS, answer=kind != "qla4xxx")[0]
        flash = t.on_host(NEW_FLASH, 4, payload=b"ipv4")[0]
        path = t.on_host(PATH_UPDATE, payload=struct.pack("=Q6s6sI", 4711, b"", b"", 4) + bytes(40))[0]
        got = (t.on_host(SET_HOST_PARAM, 3, 9, payload=b"10.9.9.9\0")[0],
               t.on_host(SET_IFACE, 1, payload=iface(1, bytes([10, 8, 8, host])))[0],
               t.on_host(PING, 0, 1, 32, 5, payload=address("10.66.0.200"))[0], chap, flash, stats,
               path if path == NO else "")
        equal(got, OPS[kind], f"{kind}: host param, iface, ping, CHAP, flash, statistics, path")
        equal(t.do(TGT_DSCVR, struct.pack("=III", 1, host, 1), address("10.66.0.200"))[0], INVALID, "TGT_DSCVR")
        equal(t.connect(through=False)[0] if kind in ("qla4xxx", "be2iscsi", "qedi") else "ENXIO", "ENXIO",
              f"{kind}: EP_CONNECT without a host")
    equal(get("/sys/class/iscsi_host/host3/ipaddress"), "10.9.9.9", "cxgb3i's address, set")
    equal(get("/sys/class/iscsi_host/host4/ipaddress"), "", "cxgb4i's address, ignored")
    equal(struct.unpack_from("=III", nl.event(PING_COMP), 56), (1, 0, 5), "ping: host, status, id")


def many(t, *attrs):
    return t.on_host(SET_IFACE, len(attrs), payload=b"".join(attrs))[0]


def ifaces(nl):
    """What the large and the small set of interface settings do."""
    q, e = Transport(nl, "qla4xxx", 1), Transport(nl, "be2iscsi", 5)
    net = "/sys/class/iscsi_iface/"
    equal(many(q, iface(1, bytes([10, 66, 0, 77])), iface(2, bytes([255, 255, 0, 0])), iface(16, struct.pack("=H", 42 | 3 << 13)),
               iface(15, b"\2"), iface(19, struct.pack("=H", 9000)), iface(8, struct.pack("=I", 4096), kind=5)), "", "a set")
    equal([get(net + "ipv4-iface-1-0/" + a) for a in
           ("ipaddress", "subnet", "vlan_id", "vlan_priority", "vlan_enabled", "mtu", "max_recv_dlength")],
          ["10.66.0.77", "255.255.0.0", "42", "3", "enable", "9000", "4096"], "qla4xxx's settings")
    equal(get("/sys/class/iscsi_host/host1/ipaddress"), "10.66.0.77", "host1's address")
    equal(many(q, iface(19, struct.pack("=H", 1400), num=1, family=2)), "", "ignored")
    equal(get(net + "ipv6-iface-1-1/mtu"), "1500", "of the second IPv6 interface only the address is its own")
    many(q, iface(12, b"\1", family=2))
    equal(sorted(os.path.basename(p) for p in glob.glob(net + "*-1-*")), ["ipv4-iface-1-0"], "ifaces after disabling IPv6")
    many(q, iface(12, b"\2", family=2))
    check(os.path.exists(net + "ipv6-iface-1-1"), "enabled again")
    many(e, iface(1, bytes([10, 5, 5, 5])), iface(2, bytes([255, 0, 0, 0]), nla=77))
    equal([get(net + "ipv4-iface-5-0/" + a) for a in ("ipaddress", "subnet")], ["10.5.5.5", "0.0.0.0"],
          "be2iscsi, a mask whose nla_type is not its number")
    many(e, iface(1, bytes([10, 5, 5, 5])), iface(2, bytes([255, 0, 0, 0])))
    equal(get(net + "ipv4-iface-5-0/subnet"), "255.0.0.0", "be2iscsi's mask")
    equal(get(net + "ipv4-iface-5-0/vlan_id"), None, "no VLAN to read")
    many(e, iface(16, struct.pack("=H", 7)))
    equal(get(net + "ipv6-iface-5-0/vlan_id"), "7", "be2iscsi's VLAN is the adapter's")


def chap_entries(nl, t, start=0):
    t.on_host(GET_CHAP, 8, start, answer=False)
    data = nl.event(GET_CHAP)
    count = struct.unpack_from("=I", data, 36)[0]
    text = [data[72 + 524 * i:72 + 524 * (i + 1)] for i in range(count)]
    return [(struct.unpack_from("=H", r)[0], r[4], r[8:264].rstrip(b"\0").decode(), r[264:264 + r[520]].decode()) for r in text]


def tables(nl):
    """CHAP entries, statistics of the host."""
    t = Transport(nl, "qla4xxx", 1)
    first = [(0, 0, "simuser0", "simsecret000"), (3, 1, "simuser3", "simsecret003")]
    equal(chap_entries(nl, t), first, "CHAP entries")

    def put(index, kind, user="u", secret="secretsecret"):
        return t.on_host(SET_CHAP, payload=small(0, struct.pack("=H", index)) + small(1, bytes([kind])) +
                         small(2, user.encode()) + small(3, secret.encode()) + small(4, bytes([len(secret)])))[0]
    equal(put(3, 0), "EINVAL", "an entry of the other type")
    equal(put(0xffff, 0), "", "a new entry")
    equal(chap_entries(nl, t, 1)[0], (1, 0, "u", "secretsecret"), "its place")
    equal(t.on_host(DELETE_CHAP, 1)[0], "", "deleted")
    equal(t.on_host(DELETE_CHAP, 999)[0], "EINVAL", "deleted where none can be")
    simhba_set(chap_busy=1)
    equal((t.on_host(DELETE_CHAP, 0)[0], put(0, 0)), ("EBUSY", "EBUSY"), "in use")
    simhba_set(chap_busy=0)
    t.on_host(GET_HOST_STATS, answer=False)
    data = nl.event(GET_HOST_STATS)
    equal((len(data), struct.unpack_from("=82Q", data, 72)), (736, tuple(range(1000, 1082))), "host statistics")


def flash(nl):
    t = Transport(nl, "qla4xxx", 1)
    node = "/sys/bus/iscsi_flashnode/devices/flashnode_sess-1:"
    equal(get(node + "3/entry_enable"), "0", "the new entry that the matrix made")
    equal(t.on_host(NEW_FLASH, 4, payload=b"ipv6")[0], "EIO", "a second volatile entry")
    equal(t.on_host(LOGIN_FLASH, 3)[0], "EIO", "login to a volatile entry")
    equal(t.on_host(DEL_FLASH, 40)[0], "ENODEV", "no such entry")
    equal(t.on_host(SET_FLASH, 3, 2, payload=small(44, struct.pack("=H", 2)) + small(54, b"x"))[0], "ENOSYS", "a password")
    equal(get(node + "3/tpgt"), "2", "what came before the error")
    name = b"iqn.2024-01.org.example:new\0"
    equal(t.on_host(SET_FLASH, 3, 3, payload=small(43, name) + small(35, bytes([10, 66, 0, 201]) + bytes(12)) +
                    small(51, struct.pack("=H", 0)))[0], "", "set")
    equal((get(node + "3/targetname"), get(node + "3/username")), (name[:-1].decode(), "simuser0"), "name and user")
    equal((t.on_host(LOGOUT_FLASH, 0)[0], t.on_host(LOGOUT_FLASH, 3)[0], t.on_host(DEL_FLASH, 0)[0]),
          ("EPERM", "ESRCH", "EPERM"), "logout of the boot entry, of one not logged in; the boot entry deleted")
    equal(t.on_host(LOGIN_FLASH, 3)[0], "", "login")
    sid = struct.unpack_from("=I", nl.event(SESSION_CREATED), 56)[0]
    equal([get(f"{SESSION}{sid}/{a}") for a in ("creator", "state", "targetname", "username", "chap_out_idx")],
          ["-1", "LOGGED_IN", "iqn.2024-01.org.example:new", "simuser0", "0"], "the adapter's session")
    equal(get(f"/sys/class/iscsi_connection/connection{sid}:0/address"), "10.66.0.201", "its address")
    write_and_compare(wait("its disk", 10, lambda: disks(sid))[0], 1)
    equal((t.on_host(LOGIN_FLASH, 3)[0], t.on_host(DELETE_CHAP, 0)[0]), ("EPERM", "EBUSY"), "twice; its CHAP entry")
    equal(t.on_host(LOGOUT_SID, sid)[0], "", "logout by session")
    equal(sessions(), {}, "sessions left")
    equal(t.on_host(DEL_FLASH, 3)[0], "", "deleted")
    check(not os.path.exists(node + "3"), "it is gone")


def up(nl, t, name="iqn.2024-01.org.example:sim0"):
    """Endpoint, session, connection, bound."""
    error, ep = t.connect()
    equal(error, "", f"{t.name}: EP_CONNECT")
    wait("connected", 5, lambda: t.poll(ep) == 1)
    error, sid = t.create(ep)
    equal((error, t.do(CREATE_CONN, struct.pack("=II", sid, 0))[0], t.bind(sid, ep)), ("", "", 0), f"{t.name}: session")
    equal([t.param(sid, *p) for p in ((15, name), (7, 262144), (8, 262144))], [""] * 3, f"{t.name}: parameters")
    return sid, ep


def down(nl, t, sid):
    t.do(UNBIND, struct.pack("=I", sid))
    nl.event(UNBOUND)
    t.stop(sid)
    equal((t.on_conn(DESTROY_CONN, sid), t.do(DESTROY_SESSION, struct.pack("=I", sid))[0]), (0, ""), f"{t.name}: end")


def login(nl, t):
    """By PDUs, as far as START_CONN; I/O; the end."""
    sid, ep = up(nl, t)
    equal(t.login(sid, KEYS), 0, "login sent")
    header, data = t.hears_pdu(sid)
    equal((header[0], header[1], header[36:38]), (0x23, 0x87, b"\0\0"), "login response, flags, status")
    keys = data.decode().split("\0")
    check({"TargetPortalGroupTag=1", "HeaderDigest=None", "MaxBurstLength=16776192", "X-own=NotUnderstood"} <= set(keys), keys)
    t.param(sid, 14, int.from_bytes(header[24:28], "big") + 1)
    equal(t.on_conn(START_CONN, sid), 0, "START_CONN")
    equal(get(f"{SESSION}{sid}/state"), "LOGGED_IN", "state")
    put(f"/sys/class/scsi_host/host{t.host}/scan", "- - -")
    write_and_compare(wait("a disk", 10, lambda: disks(sid))[0], 1)
    t.do(GET_STATS, struct.pack("=II", sid, 0), answer=False)
    data = nl.event(GET_STATS)
    check(struct.unpack_from("=Q", data, 72)[0] >= 1 << 20, "octets sent")
    equal(data[72 + 96:72 + 108], b"eh_abort_cnt", "the custom counter")
    return sid, ep


def pdu_sessions(nl):
    e = Transport(nl, "be2iscsi", 5)
    sid, ep = login(nl, e)
    equal(get(f"{SESSION}{sid}/first_burst_len"), "8192", "be2iscsi's clamp")
    simhba_do(f"conn_error {sid} 1011")
    equal(struct.unpack_from("=III", nl.event(CONN_ERROR), 56), (sid, 0, 1011), "connection error")
    e.stop(sid, RECOVER)
    e.disconnect(ep)
    error, ep = e.connect()
    equal((e.poll(ep), e.bind(sid, ep), e.login(sid, KEYS)), (1, 0, 0), "bound and logged in anew")
    e.hears_pdu(sid)
    equal(e.on_conn(START_CONN, sid), 0, "recovered")
    write_and_compare(disks(sid)[0], 1)
    simhba_do(f"async {sid} 1 0 0 3")
    equal(e.hears_pdu(sid)[0][0], 0x32, "an asynchronous message")
    down(nl, e, sid)
    for kind in ("cxgb3i", "ocs"):
        t = Transport(nl, kind, KINDS.index(kind) + 1)
        down(nl, t, login(nl, t)[0])
    simhba_set(fail_login=0x0201)
    sid, ep = up(nl, e)
    e.login(sid, KEYS)
    equal(e.hears_pdu(sid)[0][36:38], b"\2\1", "login refused")
    down(nl, e, sid)
    simhba_set(fail_login=0)
    sid, ep = up(nl, e)
    e.login(sid, ["SessionType=Discovery"])
    e.hears_pdu(sid)
    ask = b"SendTargets=All\0"
    e.send(sid, bytes([0x04, 0x80, 0, 0, 0]) + len(ask).to_bytes(3, "big") + bytes(12) + b"\xff" * 4 + bytes(24), ask)
    contains(e.hears_pdu(sid)[1].decode(), "TargetAddress=10.66.0.200:3260,1", "SendTargets")
    down(nl, e, sid)


def firmware(nl):
    t = Transport(nl, "qla4xxx", 1)
    sid, ep = up(nl, t)
    equal(t.on_conn(START_CONN, sid), 0, "START_CONN")
    equal(struct.unpack_from("=III", nl.event(LOGIN_STATE), 56), (sid, 0, 3), "LOGGED_IN by event")
    put("/sys/class/scsi_host/host1/scan", "- - -")
    write_and_compare(wait("a disk", 10, lambda: disks(sid))[0], 1)
    simhba_set(keep_conn=1)
    t.do(UNBIND, struct.pack("=I", sid))
    nl.event(UNBOUND)
    t.stop(sid)
    t.on_conn(DESTROY_CONN, sid)
    equal(t.do(DESTROY_SESSION, struct.pack("=I", sid))[0], "EBUSY", "DESTROY_SESSION while its connection is kept")
    simhba_set(keep_conn=0)
    equal((t.on_conn(DESTROY_CONN, sid), t.do(DESTROY_SESSION, struct.pack("=I", sid))[0]), (0, ""), "the end after all")
    simhba_set(fail_login=1)
    sid, ep = up(nl, t)
    t.on_conn(START_CONN, sid)
    equal(struct.unpack_from("=III", nl.event(LOGIN_STATE), 56), (sid, 0, 0), "a login that fails")
    simhba_set(fail_login=0)
    down(nl, t, sid)
    simhba_do("link 1 down")
    equal(struct.unpack_from("=I4xI", nl.event(HOST_EVENT), 56), (1, 2), "link down")
    equal(get("/sys/class/iscsi_host/host1/port_state"), "LINK DOWN", "port state")
    simhba_do("link 1 up")


def slow(nl):
    """Endpoints that take their time, fail, or block."""
    simhba_set(slow_poll_ms=600)
    c, o = Transport(nl, "cxgb4i", 4), Transport(nl, "ocs", 7)
    for t, waits in ((c, False), (o, True)):
        ep = t.connect()[1]
        start = time.monotonic()
        equal((t.poll(ep), t.poll(ep, 300)), (0, 0), f"{t.name} not yet")
        equal(time.monotonic() - start > 0.25, waits, f"{t.name}: whether EP_POLL waits")
        wait("connected", 5, lambda: t.poll(ep) == 1)
        t.disconnect(ep)
    simhba_set(slow_poll_ms=0, refuse_connect=1)
    eps = [t.connect()[1] for t in (c, o)]
    equal((c.poll(eps[0]), o.poll(eps[1])), (0, -111), "refused: cxgb4i never tells")
    c.disconnect(eps[0])
    o.disconnect(eps[1])
    simhba_set(refuse_connect=0, fail_connect=28)
    equal(o.connect()[0], "ENOSPC", "EP_CONNECT fails")
    simhba_set(fail_connect=0, block_poll_ms=700)
    ep = o.connect()[1]
    start = time.monotonic()
    o.poll(ep)
    check(time.monotonic() - start > 0.6, "EP_POLL blocks")  # the guest has two clocks
    simhba_set(block_poll_ms=0)
    o.disconnect(ep)


def path_update(handle, mac):
    return struct.pack("=Q6s6sI4s12x4s12xHH4x", handle, mac, bytes(6), 4, bytes([10, 66, 0, 99]), bytes([10, 66, 0, 200]), 5, 1400)


def paths(nl):
    d, b = Transport(nl, "qedi", 6), Transport(nl, "bnx2i", 2)
    equal(b.connect()[0], "ENODEV", "bnx2i, its uio device closed")
    name = next(p for p in glob.glob("/sys/class/uio/uio*") if get(p + "/name") == "bnx2x_cnic")
    held = open("/dev/" + os.path.basename(name), "rb")
    equal(opens(held.name), "EBUSY", "a second program that opens it")
    equal((d.connect()[0], b.connect()[0]), ("ESRCH", "ESRCH"), "nobody in group 2")
    nl.path = nl.path or Netlink(path=True).path
    for t in (d, b):
        error, ep = t.connect()
        data = nl.event(PATH_REQ, where=nl.path)
        equal((len(data), error, data[72 + 40:72 + 44]), (136, "", bytes([10, 66, 0, 200])), f"{t.name}: PATH_REQ")
        handle = struct.unpack_from("=Q", data, 72)[0]
        equal(t.poll(ep), 0, "before PATH_UPDATE")
        equal(t.on_host(PATH_UPDATE, payload=path_update(handle, bytes([2, 0, 0, 0, 0, 1]))[:60])[0], "EINVAL", "too short")
        equal(t.on_host(PATH_UPDATE, payload=path_update(handle, bytes([2, 0, 0, 0, 0, 1])))[0], "", "PATH_UPDATE")
        equal(t.poll(ep, 100), 1, "after it")
        t.disconnect(ep)
        error, ep = t.connect()
        handle = struct.unpack_from("=Q", nl.event(PATH_REQ, where=nl.path), 72)[0]
        t.on_host(PATH_UPDATE, payload=path_update(handle, bytes(6)))
        equal(t.poll(ep, 100), -113, f"{t.name}: no way there")
        t.disconnect(ep)
    equal([line for line in simhba_log() if "BAD" in line], [], "what the drivers should not have been sent")
    error, ep = d.connect()
    handle = struct.unpack_from("=Q", nl.event(PATH_REQ, where=nl.path), 72)[0]
    for path in (path_update(0xfe0000000, bytes(6)), path_update(handle, bytes([2, 0, 0, 0, 0, 1])),
                 path_update(handle, bytes([2, 0, 0, 0, 0, 1]))):
        d.on_host(PATH_UPDATE, payload=path)
    equal([line.split(": ")[1] for line in simhba_log() if "BAD" in line], ["a packet of the uio ring", "answered twice"],
          "what is wrong is seen")
    d.disconnect(ep)
    held.close()
    simhba_do("if_down 2")
    nl.event(IF_DOWN, where=nl.path)


def opens(path):
    try:
        os.close(os.open(path, os.O_RDWR))
    except OSError as e:
        return errno.errorcode[e.errno]


def test():
    simhba(",".join(KINDS), ports=1)
    nl = Netlink()
    for part in (matrix, ifaces, tables, flash, firmware, pdu_sessions, slow, paths):
        start = time.monotonic()
        part(nl)
        say(f"{part.__name__}: {time.monotonic() - start:.1f} s")
        nl.close()
        nl = Netlink()
    equal(subprocess.run(["rmmod", "miscsi_simhba"]).returncode, 0, "rmmod: nothing is left that uses it")


if __name__ == "__main__":
    main(test)
