# SPDX-License-Identifier: GPL-2.0-or-later
# needs: qemu simhba
"""Every transport and operation: it works, or is refused with the right status and in words that name the transport"""
import os
import subprocess

from lib import *
from test_adapters import KINDS, NAME, TO, make_iface, network
from test_iser import fabric

VM_TIME = 60
README = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../README.md")
# The columns, each with its command: {i} iface, {h} host, {s} session.
OPERATIONS = {
    "discovery": "-m discovery -t st -p {to} -I {i}",
    "login": "-m node -T {name} -p {to} -I {i} --login",
    "session statistics": "-m session -r {s} -s",
    "apply": "-m iface -I {i} -o apply",
    "apply all": "-m iface -H {h} -o applyall",
    "ping": "-m iface -I {i} -C ping -a {to} -c 1",
    "CHAP show": "-m host -H {h} -C chap -o show",
    "CHAP new": "-m host -H {h} -C chap -o new -n host.auth.username -v u -n host.auth.password -v secretsecret",
    "CHAP update": "-m host -H {h} -C chap -x 1 -o update -n host.auth.password -v secretsecrets",
    "CHAP delete": "-m host -H {h} -C chap -x 9 -o delete",
    "flash nodes": "-m host -H {h} -C flashnode -o show",
    "flash new": "-m host -H {h} -C flashnode -o new -A ipv4",
    "flash update": "-m host -H {h} -C flashnode -x 2 -o update -n flashnode.conn[0].port -v 3260",
    "flash login": "-m host -H {h} -C flashnode -x 2 -o login",
    "flash logout": "-m host -H {h} -C flashnode -x 2 -o logout",
    "flash delete": "-m host -H {h} -C flashnode -x 2 -o delete",
    "host statistics": "-m host -H {h} -C stats",
    "host parameter: initiatorname": "-m host -H {h} -o update -n initiatorname -v iqn.2024-01.org.example:other",
    "host parameter: hwaddress": "-m host -H {h} -o update -n hwaddress -v 02:00:00:00:00:77",
    "host parameter: ipaddress": "-m host -H {h} -o update -n ipaddress -v 10.66.0.50",
    "logout": "-m node -T {name} -p {to} -I {i} --logout",
}
# By what words a refusal names what was asked for; else by the column's first.
NAMED = {"apply": "setting", "flash": "flash node", "host statistics": "statistics",
         **{c: c.split(": ")[1] for c in OPERATIONS if ": " in c}}
# "yes", or the exit status. 14, 27: not supported; 21, 2: the adapter has none, as 2.1.8 says where nothing else is known of it.
EXPECTED = {
    "tcp": "yes yes yes 14 21 27 27 27 27 27 27 27 27 27 27 27 27 yes yes 14 yes",
    "iser": "yes yes yes 14 21 27 27 27 27 27 27 27 27 27 27 27 27 yes yes 14 yes",
    "qla4xxx": "yes yes yes yes yes yes yes yes yes yes yes yes yes yes yes yes yes 14 14 14 yes",
    "bnx2i": "yes yes yes 14 14 27 27 27 27 27 27 27 27 27 27 27 27 14 14 14 yes",
    "cxgb3i": "yes yes yes 14 14 27 27 27 27 27 27 27 27 27 27 27 27 yes 14 yes yes",
    "cxgb4i": "yes yes yes 14 14 27 27 27 27 27 27 27 27 27 27 27 27 yes 14 14 yes",
    "be2iscsi": "yes yes yes yes yes 27 27 27 27 27 27 27 27 27 27 27 27 14 14 14 yes",
    "qedi": "yes yes yes 14 14 27 27 27 27 27 27 27 27 27 27 27 27 14 14 14 yes",
    "ocs": "yes yes yes 14 14 27 27 27 27 27 21 27 2 27 27 27 27 14 14 14 yes",
}


def row(kind, host, to, name):
    i = f"i{host}" if kind in KINDS else {"tcp": "default", "iser": "iser"}[kind]
    if kind in KINDS:
        make_iface(host, kind)
    words, got = dict(i=i, h=host, to=to, name=name, s=0), {}
    for column, command in OPERATIONS.items():
        if column == "apply" and kind in KINDS:
            for key, value in (("ipaddress", "10.66.0.50"), ("subnet_mask", "255.255.255.0")):
                adm(f"-m iface -I {i} -o update -n iface.{key} -v {value}", quiet=True)
        r = adm(command.format(**words), rc=None, quiet=True)
        got[column] = r.rc, r.err + r.out
        if column == "login" and not r.rc:
            sid = max(logged_in())
            words["s"] = sid
            words["h"] = os.path.realpath(f"/sys/class/iscsi_session/session{sid}").split("/host")[1].split("/")[0]
    return got


def test():
    fabric()
    network()
    Iscsid()
    simhba(",".join(KINDS), ports=1, netdevs=",".join(["sim0"] * len(KINDS)))
    store = ram("m0")
    tcp = Target("tcp0", [store])
    iser = Target("iser0", [store], ["10.9.0.1:3260"])
    put(f"{iser.tpg}/np/10.9.0.1:3260/iser", 1)
    table = {"tcp": row("tcp", 0, "127.0.0.1", tcp.name), "iser": row("iser", 0, "10.9.0.1", iser.name)}
    for host, kind in enumerate(KINDS, 1):
        table[kind] = row(kind, host, TO, NAME)
    lines = ["| | " + " | ".join(table) + " |", "| --- " * (1 + len(table)) + "|"]
    for column in OPERATIONS:
        lines.append(f"| {column} | " + " | ".join(str(got[column][0] or "yes") for got in table.values()) + " |")
    say("\n".join(lines))
    for kind, got in table.items():
        for column, (rc, text) in got.items():
            if rc:
                say(f"{kind}, {column} {rc}: {text.strip()}")
            what = NAMED.get(column, NAMED.get(column.split()[0], column.split()[0]))
            check(rc in (0, 21, 2) or what in text, f"{kind}, {column}: the message does not name the operation: {text}")
            check(rc in (0, 21, 2) or kind in text, f"{kind}, {column}: the message does not name the transport: {text}")
    equal({k: " ".join(str(rc) if rc else "yes" for rc, _ in g.values()) for k, g in table.items()}, EXPECTED, "the matrix")
    for line in lines:
        contains(get(README), line, "README.md")


if __name__ == "__main__":
    main(test)
