# needs: bench
# SPDX-License-Identifier: GPL-2.0-or-later
"""doc/COMPATIBILITY.md is true: both programs are run on each of its rows, but for those with a reason in compatible.py"""
import itertools
import re

from compatible import CONF, ELSEWHERE, LIVE, TOP, Lab, Program, empty
from lib import *

VM_TIME = 400
T, U = "iqn.2026-11.example:t", "iqn.2026-11.example:u"
NEW = f"-m node -T {T} -p 192.0.2.1:3260,1 -o new"
NEW_U = f"-m node -T {U} -p 192.0.2.2:3260,2 -o new"
UPDATE = f"-m node -T {T} -o update -n "
RECORD = f"nodes/{T}/192.0.2.1,3260,1/default"


def put_file(name, text, mode="w"):
    path = os.path.join(HOME, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, mode) as f:
        f.write(text)


def inode():
    return os.stat(os.path.join(HOME, RECORD)).st_ino


def add(line):
    """Adds a line to the record of T."""
    return lambda: put_file(RECORD, line + "\n", "a")


def in_file(pattern):
    """Whether the record of T has this."""
    return lambda: bool(re.search(pattern, get(os.path.join(HOME, RECORD), ""), re.M))


# (begin of the row's first cell, what is done before, the command, 2.1.8's (status, text in the output), ours[, (a question, its answer there, here)])
ROWS = [
    ("A number is read up to", [NEW], UPDATE + "node.session.timeo.replacement_timeout -v 10x", (0, ""), (7, "whole number"),
     (in_file("replacement_timeout = 10$"), True, False)),
    ("A newline in a value", [NEW], ["-m", "node", "-T", T, "-o", "update", "-n", "node.session.auth.username", "-v", "a\nnode.startup = automatic"],
     (0, ""), (7, ""), (in_file("^node.startup = automatic"), True, False)),
    ("`..` and `/` in", [NEW], "-m node -T ../x -p 192.0.2.1:3260,1 -o new", (0, ""), (7, "")),
    ("A target name may be any text", [], ["-m", "node", "-T", "a b", "-p", "192.0.2.1:3260,1", "-o", "new"], (0, ""), (7, "")),
    ("An unknown key in a record", [NEW, add("node.nosuch = 1")], f"-m node -T {T} -o show", (7, "Unknown parameter name"), (0, "node.nosuch")),
    ("An invalid value in a record", [NEW, add("node.session.queue_depth = many")], f"-m node -T {T} -o show", (0, ""), (0, "many")),
    ("A record's file is overwritten", [NEW, lambda: globals().update(BEFORE=inode())], UPDATE + "node.startup -v automatic", (0, ""), (0, ""),
     (lambda: inode() == BEFORE, True, False)),
    ("An update of several settings", [NEW], UPDATE + "node.startup -v automatic -n node.nosuch -v 1", (7, ""), (7, "")),
    ("A line `KEY=VALUE` without", [NEW, add("node.session.queue_depth=77")], f"-m node -T {T}", (0, "queue_depth = 32"), (0, "queue_depth = 77")),
    ("A line without a value", [NEW, add("node.session.auth.username = a"), add("node.session.auth.username =")], f"-m node -T {T}", (0, "username = a"), (0, "username = <empty>")),
    ("`33x` and `+33`", [NEW, add("node.session.queue_depth = +33")], f"-m node -T {T}", (0, "queue_depth = 33"), (0, "queue_depth = 32")),
    ("`-m node` and `-m node -P 1` open", [NEW, lambda: put_file(f"nodes/{U}/192.0.2.2,3260,2/default", "")], "-m node", (0, T), (0, U)),
    ("If the portal group is unknown", ["-m iface -I blue -o new", f"-m node -T {T} -p 192.0.2.1 -o new", f"-m node -T {T} -p 192.0.2.1 -I blue -o new"],
     f"-m node -T {T}", (0, "iscsi_ifacename = blue"), (0, "iscsi_ifacename = default")),
    ("The portal group in `-p", [NEW], f"-m node -T {T} -p 192.0.2.1:3260,7 -o delete", (0, ""), (21, "No records found")),
    ("IPv6 addresses are compared", [f"-m node -T {T} -p [2001:0db8::10]:3260,1 -o new"], f"-m node -T {T} -p [2001:db8::10]:3260", (21, ""), (0, "BEGIN RECORD")),
    ("The content of a record's file may", [NEW, lambda: put_file(f"nodes/{U}/192.0.2.1,3260,1/default", get(os.path.join(HOME, RECORD)) + "\n")], f"-m node -T {U} -o update -n node.startup -v manual",
     (21, "No records found"), (0, "")),
    ("A record contains its secrets", [NEW], UPDATE + "node.session.auth.password_file -v /run/x", (7, ""), (0, "")),
    ("`-o new` without a daemon does", [], NEW, (0, "can not connect"), (0, "New iSCSI node")),
    ("Arguments that belong to no option", [NEW, NEW_U], "-m node -o delete NAME", (0, ""), (7, "NAME")),
    ("Of several operations", [NEW], f"-m node -T {T} -l -R", (21, ""), (7, "nothing was done")),
    ("An option that does not narrow", ["-m iface -I blue -o new"], "-m iface -I blue -o update -n iface.mtu -v 9000 -P 1", (0, ""), (7, "-P")),
    ("Of an option that is given twice", [NEW, NEW_U], f"-m node -T {T} -T {U} -o delete", (0, ""), (7, "second, different value")),
    ("`-T -l -o new` makes", [], "-m node -T -l -p 192.0.2.1:3260,1 -o new", (0, "-l"), (7, "'-l' is an option")),
    ("`-n` and `-v` that do not form", [NEW], f"-m node -T {T} -o update -n node.startup -v automatic -n node.leading_login", (0, ""), (7, "2 names (-n) and 1 values")),
    ("`-P`, `-d`, `-r` accept any number", [NEW], "-m node -P 1x", (0, "Target:"), (7, "Invalid info level 1x")),
    ("`-m iface -o new -n N -v V` with", [], "-m iface -I blue -o new -n iface.vlan_id -v abc", (0, ""), (7, "")),
    ("An iface can have an initiator name", ["-m iface -I blue -o new"], "-m iface -I blue -o update -n iface.net_ifacename -v aaaaaaaaaaaaaaaaaaaa", (0, ""), (7, "at most 15")),
    ("`-p ::1:3260` is an address", [], f"-m node -T {T} -p ::1:3260 -o new", (0, ""), (7, "brackets")),
    ("A secret must be an argument", [NEW], UPDATE + "node.session.auth.password -v @/etc/iscsi/initiatorname.iscsi", (0, ""), (0, ""),
     (in_file("password = @"), True, False)),
    ("`-m discovery -t bogus`", [], "-m discovery -t bogus -p 192.0.2.1", (7, "Discovery record [192.0.2.1,3260] not found"), (30, "bogus")),
    ("`-o new` with a missing or invalid part", [], f"-m node -T {T} -p 192.0.2.1:abc -o new", (0, ""), (7, "")),
    ("`-m iface -o update` with an invalid name", ["-m iface -I blue -o new"], "-m iface -I blue -o update -n iface.nosuch -v 1", (0, ""), (7, "iface.nosuch")),
    ("For an unknown iface the message", [], "-m iface -I nosuch", (6, ".c"), (6, "Could not read iface info for nosuch.")),
    ("`-m node -o new` for an existing record", [NEW, UPDATE + "node.startup -v automatic"], NEW, (0, "New iSCSI node"), (0, "New iSCSI node"),
     (in_file("^node.startup = automatic"), False, True)),
    ("An unknown session: two lines", [], "-m session -r 77", (22, "\n"), (22, "sid 77")),
    ("`# BEGIN RECORD 2.1.8`", [NEW], f"-m node -T {T}", (0, "# BEGIN RECORD 2.1.8"), (0, "# BEGIN RECORD 0.")),
    ("Options that a mode does not have", [], "-m node -x 5", (7, "not allowed/supported"), (7, "not allowed/supported")),
    ("There is no JSON", [NEW], "-m node --json", (7, "unrecognized option"), (0, '"type":"node"')),
    ("There is no `-m transport`", [], "-m transport", (7, ""), (0, "tcp")),
    ("`--help` prints the syntax", [], "--help", (0, "iscsiadm -m node [-hV]"), (0, "Examples:")),
    ("A discovery asks iscsid for", [], "-m discovery -t st -p 127.0.0.1:1", (20, "Initiatorname required"), (4, "connection failure")),
    ("`-m host -s` is refused", [], "-m host -s", (7, ""), (7, "-H")),
    ("`-C chap -o delete` without `-x`", [], "-m host -C chap -o delete", (0, ""), (7, "")),
    ("Links in the database are", ["-m iface -I blue -o new", lambda: os.symlink("blue", f"{HOME}/ifaces/green")], "-m iface -I green", (0, "BEGIN RECORD"), (6, "green")),
    ("Renamed keys", [NEW, add("node.session.conn_reopen_log_freq = 5")], f"-m node -T {T}", (7, "Unknown"), (0, "BEGIN RECORD")),
    ("Names of users and targets", [NEW], ["-m", "node", "-T", T, "-o", "update", "-n", "node.session.auth.username", "-v", "a\u061cb"], (0, ""), (7, "")),
    ("A last line that does not", [NEW, lambda: put_file(RECORD, "node.session.queue_depth = 77", "a")], f"-m node -T {T}", (0, "queue_depth = 32"), (0, "queue_depth = 77")),
    ("A record that cannot be read", [NEW, NEW_U, lambda: put_file(RECORD, "#" * (2 << 20), "a")], "-m node -o show", (0, U), (0, U)),
    ("Discoveries are listed in", ["-m discoverydb -t st -p 192.0.2.1 -o new", "-m discoverydb -t st -p 192.0.2.2 -o new"], "-m discoverydb",
     (0, "2.2:3260 via sendtargets\n192.0.2.1:"), (0, "2.1:3260 via sendtargets\n192.0.2.2:")),
    ("There is no `…auth.policy`", [NEW], UPDATE + "node.session.auth.policy -v require", (7, ""), (0, "")),
    ("`node.transport_name`,", [NEW, add("node.transport_name = iser")], f"-m node -T {T}", (7, "Unknown"), (0, "transport_name = iser")),
    ("An invalid value in `iscsid.conf`", [lambda: put_file("iscsid.conf", "node.session.queue_depth = many\n", "a")], NEW, (0, ""), (0, "many")),
    ("The order of lines in a node's", ["-m iface -I blue -o new", "-m iface -I blue -o update -n iface.ipaddress -v 192.0.2.9"], NEW + " -I blue", (0, ""), (0, ""),
     (lambda: get(f"{HOME}/nodes/{T}/192.0.2.1,3260,1/blue").index("iface.ipaddress") < get(f"{HOME}/nodes/{T}/192.0.2.1,3260,1/blue").index("iface.iscsi_ifacename"), True, False)),
    ("`-p NAME` finds only", [f"-m node -T {T} -p 127.0.0.1:3260,1 -o new"], f"-m node -T {T} -p localhost", (21, ""), (0, "BEGIN RECORD")),
    ("A host name is printed in brackets", [f"-m node -T {T} -p localhost:3260,1 -o new"], "-m node", (0, "[localhost]:3260,1"), (0, "localhost:3260,1 ")),
    ("`-d 1` to `-d 8`", [NEW], f"-m node -T {T} -o delete -d 8", (0, "iface iter found default"), (0, "-o delete: delete records")),
    ("`-m iface -o update` loads", ["-m iface -I blue -o new"], "-m iface -I blue -o update -n iface.transport_name -v bnx2i", (0, ""), (0, "updated")),
    ("Several `-I` in node mode", ["-m iface -I blue -o new", "-m iface -I azure -o new"], NEW + " -I blue -I azure", (0, "Using the first one"), (0, "Using the first one, blue")),
    ("An iSNS server that cannot be resolved", [], "-m discovery -t isns -p nosuch.invalid", (3, ""), (25, "nosuch.invalid")),
    ("`-I cxgb3i`,", [], NEW + " -I cxgb3i", (3, ""), (0, "New iSCSI node")),
    ("`-o apply` of an iface", [], "-m iface -I default -o apply", (0, ""), (14, "")),
    ("Without `-H`, host 0 is used", [], "-m host -C chap -o show", (12, ""), (7, "-H")),
]


# the same, of programs without a daemon
ALONE = ("`-o new` without a daemon does", "A discovery asks iscsid for")


def prepare_as(p, steps, made={}):
    """An empty database, and what the steps make of it. The same words are run once for each program, and copied after that."""
    words = tuple(itertools.takewhile(lambda step: isinstance(step, str), steps))
    copy = f"/run/compatible/{p.name}.{len(made)}"
    empty()
    put_file("iscsid.conf", CONF)
    if (p.name, words) in made:
        shutil.copytree(made[p.name, words], HOME, symlinks=True, dirs_exist_ok=True)
    else:
        for step in words:
            p.run(step)
        shutil.copytree(HOME, copy, symlinks=True)
        made[p.name, words] = copy
    for step in steps[len(words):]:
        step() if callable(step) else p.run(step)


def differing(begin, p, got, wanted):
    if got != wanted:
        say(f"{begin}: {p.name}: {got!r}, not {wanted!r}")
    return got != wanted


def try_row(p, row):
    begin, before, command, *expected = row
    rc, part = expected[0 if p.theirs else 1]
    prepare_as(p, before)
    got, out = p.run(command)
    wrong = differing(begin, p, (got, part if part in out else out), (rc, part))
    for question, *answers in expected[2:]:
        wrong |= differing(f"{begin}: the answer", p, question(), answers[0 if p.theirs else 1])
    return wrong


def try_live(p, lab, row):
    begin, function, *wanted = row
    return differing(begin or function.__name__, p, function(p, lab), wanted[0 if p.theirs else 1])


def all_of(p, lab):
    """The rows that are not true of this program."""
    p.start()
    for _ in sessions():
        p.run("-m session -u")  # of the program before
    wrong = [row[0] for row in ROWS if row[0] not in ALONE and try_row(p, row)]
    empty()
    put_file("iscsid.conf", CONF)
    wrong += [row[0] for row in LIVE if try_live(p, lab, row)]
    p.stop()
    return wrong + [row[0] for row in ROWS if row[0] in ALONE and try_row(p, row)]


def rows_are_covered():
    """Each row is run, or it is stated why not, with a test of what miscsi does."""
    with open(TOP + "/doc/COMPATIBILITY.md") as f:
        cells = [line[2:].split(" | ")[0] for line in f if line.startswith("| ") and not line.startswith("| open-iscsi")]
    begins = [row[0] for row in [*ROWS, *LIVE, *ELSEWHERE] if row[0]]
    for begin in begins:
        equal(len([c for c in cells if c.startswith(begin)]), 1, f"rows of doc/COMPATIBILITY.md that begin with {begin!r}")
    equal([c for c in cells if not any(c.startswith(b) for b in begins)], [], "rows that are not run, without a reason in compatible.py")
    for begin, _, file, text in ELSEWHERE:
        check(text in get(f"{TOP}/tests/{file}", ""), f"{begin!r}: tests/{file} lacks {text!r}")
    say(f"{len(cells) - len(ELSEWHERE)} of {len(cells)} rows are run")


def test():
    rows_are_covered()
    lab = Lab()
    wrong = all_of(Program(True), lab) + all_of(Program(False), lab)
    lab.close()
    equal(wrong, [], "rows that are not true")


if __name__ == "__main__":
    if sys.argv[1:] == ["--rows"]:  # without a guest
        rows_are_covered()
    else:
        main(test)
