# needs: bench
# SPDX-License-Identifier: GPL-2.0-or-later
"""records, ifaces, iscsid.conf and initiatorname.iscsi mean the same to iscsiadm and the packaged open-iscsi, however they are laid out"""
import random

import lib
from lib import *

PEER_ROOT = os.environ.get("PEER_ROOT", "/nonexistent")
PLACES = {  # setting: values
    "node.session.timeo.replacement_timeout": range(0, 300), "node.session.err_timeo.abort_timeout": range(1, 99),
    "node.session.err_timeo.lu_reset_timeout": range(1, 99), "node.session.err_timeo.tgt_reset_timeout": range(1, 99),
    "node.session.initial_login_retry_max": range(1, 20), "node.session.queue_depth": range(1, 128),
    "node.session.iscsi.DefaultTime2Wait": range(3, 9), "node.session.iscsi.MaxOutstandingR2T": range(2, 9),
    "node.session.iscsi.FirstBurstLength": range(512, 9999, 512), "node.conn[0].timeo.logout_timeout": range(1, 99),
    "node.conn[0].timeo.login_timeout": range(1, 99), "node.conn[0].timeo.auth_timeout": range(1, 99),
    "node.conn[0].timeo.noop_out_interval": range(6, 99), "node.conn[0].timeo.noop_out_timeout": range(6, 99),
    "node.startup": ["automatic", "manual"], "node.leading_login": ["Yes", "No"], "node.session.iscsi.ImmediateData": ["Yes", "No"],
    "node.conn[0].iscsi.HeaderDigest": ["None", "CRC32C", "CRC32C,None", "None,CRC32C"], "node.session.scan": ["auto", "manual"],
    "node.session.auth.username": ["me", "me too", "me#x", "me # x", "me\"x", "\"me\"", "'me'", "a=b", "a = b", "#me", "me\\", "x" * 200],
    "node.session.auth.password": ["secret12345678", "se cret12345678", "s=12345678901", "secret # 1234567"],
}
IFACE_PLACES = {"iface.mtu": range(1000, 9000), "iface.vlan_priority": range(1, 7), "iface.iface_num": range(1, 3), "iface.port": range(1, 99),
                "iface.ipaddress": ["192.0.2.1", "192.0.2.2"], "iface.net_ifacename": ["eth7"], "iface.initiatorname": ["iqn.2026-11.com.example:i"]}
IDENTITY = b"""node.name = iqn.2026-11.com.example:r%d
node.tpgt = 1
iface.iscsi_ifacename = default
iface.transport_name = tcp
node.conn[0].address = 192.0.2.10
node.conn[0].port = 3260
"""
BLANKS = ["", " ", "\t", "  \t "]
BETWEEN = ["", "", "", "\n", "# remark\n", "  # remark = 1\n", "\t\n", "#node.session.queue_depth = 5\n", "# \"quotes' \\\n"]
VARIANTS = [("lines", "\n"), ("returns", "\r\n"), ("more lines", "\n"), ("no more lines", "\n")]
# What 2.1.8 ignores or reads otherwise: each in doc/COMPATIBILITY.md.
BETTER = {"node.session.auth.username_in=me": ("node.session.auth.username_in", "me"),
          "node.conn[0].tcp.window_size = 10x": ("node.conn[0].tcp.window_size", "524288"),
          "node.session.cmds_max = +33": ("node.session.cmds_max", "128"),
          "node.session.iscsi.MaxBurstLength = ": ("node.session.iscsi.MaxBurstLength", "16776192"),
          "node.session.iscsi.MaxConnections = 0x2": ("node.session.iscsi.MaxConnections", "1")}


def layout(places, chance, newline, extra=()):
    """Lines in random order, one setting each, some of them twice: the last one counts."""
    out = []
    for key in chance.sample(list(places), len(places)) + list(extra):
        lines = [key] if key in extra else [
            chance.choice(BLANKS) + key + chance.choice(BLANKS[1:]) + "=" + chance.choice(BLANKS[1:]) + str(chance.choice(places[key])) +
            chance.choice(BLANKS) for _ in range(chance.choice((1, 1, 1, 2)))]
        out += [chance.choice(BETWEEN) + line + "\n" for line in lines]
    return "".join(out).replace("\n", newline).encode()


def file_with(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data)


def blocks(text, name):
    """{name of the record: {key: value}}; what only one of the programs has is left out by the caller."""
    found = {}
    for block in text.split("# BEGIN RECORD")[1:]:
        values = dict(line.split(" = ", 1) for line in block.splitlines() if " = " in line)
        found[values[name]] = values
    return found


def records():
    for at, (what, newline) in enumerate(VARIANTS):
        chance = random.Random(at)
        head = b"# BEGIN RECORD 2.1.8\n" if at % 2 else b""
        file_with(f"{HOME}/nodes/iqn.2026-11.com.example:r{at}/192.0.2.10,3260,1/default",
                  head + IDENTITY % at + layout(PLACES, chance, newline, BETTER if what == "more lines" else ()) + (b"# END RECORD\nnode.startup = onboot\n" if head else b""))
    return blocks(adm("-m node -o show -S", quiet=True).out, "node.name")


def ifaces():
    for at, (_, newline) in enumerate(VARIANTS):
        file_with(f"{HOME}/ifaces/i{at}", b"iface.iscsi_ifacename = i%d\niface.transport_name = tcp\n" % at + layout(IFACE_PLACES, random.Random(at), newline))
    return blocks("".join(adm(f"-m iface -I i{at}", quiet=True).out for at in range(len(VARIANTS))), "iface.iscsi_ifacename")


def conf():
    """By a record that the program makes of it."""
    for at, (_, newline) in enumerate(VARIANTS):
        file_with(f"{HOME}/iscsid.conf", layout(PLACES, random.Random(100 + at), newline))
        with their_daemon():
            adm(f"-m node -T iqn.2026-11.com.example:c{at} -p 192.0.2.20:3260,1 -o new", quiet=True)
    found = blocks(adm("-m node -o show -S", quiet=True).out, "node.name")
    return {name: found[name] for name in found if name.startswith("iqn.2026-11.com.example:c")}


@contextlib.contextmanager
def their_daemon():
    """The packaged iscsiadm asks its daemon for iscsid.conf and for the initiator's name."""
    daemon = lib.Iscsid() if lib.PEER else None
    try:
        yield
    finally:
        if daemon:
            daemon.kill()


def name_at_login(sock, command):
    """The initiator's name in the first Login Request; None if the command ends without one."""
    sock.settimeout(0.1)
    while True:
        try:
            peer, _ = sock.accept()
            break
        except TimeoutError:
            if command.poll() is not None:
                return None
    with peer:
        peer.settimeout(20 * PATIENCE)
        head = peer.recv(48, socket.MSG_WAITALL)
        data = peer.recv(int.from_bytes(head[5:8], "big"), socket.MSG_WAITALL)
    return dict(p.split("=", 1) for p in data.decode().split("\0") if "=" in p)["InitiatorName"]


NAMES = [b"InitiatorName=%s\r\n", b"# InitiatorName=iqn.2026-11.com.example:not\n\n InitiatorName\t=  %s  \n", b"InitiatorName=%s",
         b"InitiatorName=\nInitiatorName=%s\nInitiatorName=iqn.2026-11.com.example:last\n", b"\xef\xbb\xbfInitiatorName=%s\nInitiatorAlias=me too\n"]
REFUSED = [b"InitiatorName=\"%s\"\n", b"InitiatorName=%s # me\n"]  # by miscsi: doc/COMPATIBILITY.md


def names():
    found = {}
    file_with(f"{HOME}/iscsid.conf", b"")
    remove_tree(f"{HOME}/ifaces")  # a discovery would use them
    with socket.create_server(("127.0.0.1", 0)) as sock:
        for at, text in enumerate(NAMES + REFUSED * (not lib.PEER)):
            file_with(f"{HOME}/initiatorname.iscsi", text % (b"iqn.2026-11.com.example:n%d" % at))
            with their_daemon():
                command = subprocess.Popen([lib.ISCSIADM, "-m", "discovery", "-t", "st", "-p", "127.0.0.1:%d" % sock.getsockname()[1]],
                                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                found[text] = {"InitiatorName": name_at_login(sock, command)}
                command.kill()
                command.wait()
    return found


def all_of(side, root):
    lib.ISCSIADM, lib.ISCSID, lib.PEER = root + "/usr/sbin/iscsiadm", root + "/usr/sbin/iscsid", bool(root)
    os.environ["LD_LIBRARY_PATH"] = root + "/usr/lib/x86_64-linux-gnu" if root else ""
    for d in ("nodes", "ifaces"):
        remove_tree(f"{HOME}/{d}")
    got = {"records": records(), "ifaces": ifaces(), "iscsid.conf": conf(), "initiatorname.iscsi": names()}
    say(side, *("%d %s" % (len(v), k) for k, v in got.items()))
    return got


def test():
    if not os.path.exists(PEER_ROOT + "/usr/sbin/iscsiadm"):
        skip("the packaged open-iscsi is not there")
    theirs, ours = all_of("open-iscsi", PEER_ROOT), all_of("miscsi", "")
    equal([ours["initiatorname.iscsi"].pop(text)["InitiatorName"] for text in REFUSED], [None] * len(REFUSED), "names that are refused")
    better = dict(BETTER.values())
    differences = []
    for kind, found in theirs.items():
        equal(sorted(map(str, ours[kind])), sorted(map(str, found)), f"{kind}: what is listed")
        for name, values in found.items():
            both = [k for k in values if k in ours[kind][name] and k not in better]
            differences += [f"{kind}, {name}: {k}: {ours[kind][name][k]!r}, not {values[k]!r}" for k in both if ours[kind][name][k] != values[k]]
            check(len(both) > 10 or kind == "initiatorname.iscsi", f"{kind}: {name} has {len(both)} settings")
    check(not differences, "\n".join(differences))
    for key, value in better.items():
        equal(ours["records"]["iqn.2026-11.com.example:r2"][key], value, key)


main(test)
