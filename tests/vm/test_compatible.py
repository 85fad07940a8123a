# needs: bench
# SPDX-License-Identifier: GPL-2.0-or-later
"""doc/COMPATIBILITY.md is true: both programs are run on those of its rows that need no target, daemon or adapter"""
import itertools
import re

from lib import *

VM_TIME = 300
TOP = os.path.realpath(os.path.dirname(os.path.abspath(__file__)) + "/../..")
PEER_ROOT = os.environ.get("PEER_ROOT", "")
T, U = "iqn.2026-11.example:t", "iqn.2026-11.example:u"
NEW = f"-m node -T {T} -p 192.0.2.1:3260,1 -o new"
NEW_U = f"-m node -T {U} -p 192.0.2.2:3260,2 -o new"
UPDATE = f"-m node -T {T} -o update -n "
RECORD = f"nodes/{T}/192.0.2.1,3260,1/default"


def both(program, words):
    """Status and output; words: options, or a list with values that have blanks."""
    words = words if isinstance(words, list) else words.split()
    theirs = program == "theirs"
    env = dict(os.environ, **({"LD_LIBRARY_PATH": PEER_ROOT + "/usr/lib/x86_64-linux-gnu"} if theirs else {}))
    p = subprocess.run([PEER_ROOT + "/usr/sbin/iscsiadm" if theirs else ISCSIADM, *words], env=env, stdin=subprocess.DEVNULL, text=True,
                       errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60 * PATIENCE, check=False)
    return p.returncode, p.stdout


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
    ("Of several operations", [NEW], f"-m node -T {T} -l -R", (21, ""), (7, "Nothing was done")),
    ("An option that does not narrow", ["-m iface -I blue -o new"], "-m iface -I blue -o update -n iface.mtu -v 9000 -P 1", (0, ""), (7, "-P")),
    ("Of an option that is given twice", [NEW, NEW_U], f"-m node -T {T} -T {U} -o delete", (0, ""), (7, "second value")),
    ("`-T -l -o new` makes", [], "-m node -T -l -p 192.0.2.1:3260,1 -o new", (0, "-l"), (7, "'-l' is an option")),
    ("`-n` and `-v` that do not form", [NEW], f"-m node -T {T} -o update -n node.startup -v automatic -n node.leading_login", (0, ""), (7, "2 names (-n) but 1 values")),
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
    ("Without `-H`, host 0 is used", [], "-m host -C chap -o show", (12, ""), (7, "-H")),
]


def prepare_as(program, steps, made={}):
    """An empty database, and what the steps make of it. The same words are run once for each program, and copied after that."""
    words = tuple(itertools.takewhile(lambda step: isinstance(step, str), steps))
    copy = f"/run/compatible/{program}.{len(made)}"
    for path in glob.glob(HOME + "/*"):
        if os.path.isdir(path) and not os.path.islink(path):
            remove_tree(path)
        elif os.path.basename(path) not in ("iscsid.conf", "initiatorname.iscsi"):
            os.unlink(path)
    if (program, words) in made:
        shutil.copytree(made[program, words], HOME, symlinks=True, dirs_exist_ok=True)
    else:
        for step in words:
            both(program, step)
        shutil.copytree(HOME, copy, symlinks=True)
        made[program, words] = copy
    for step in steps[len(words):]:
        step() if callable(step) else both(program, step)


def try_row(row):
    begin, before, command, *expected = row
    questions = expected[2:]
    found = []
    for i, program in enumerate(("theirs", "ours")):
        prepare_as(program, before)
        rc, out = both(program, command)
        if rc != expected[i][0] or expected[i][1] not in out:
            found.append(f"{program}: {rc}, {out!r}, not {expected[i]}")
        for question, *answers in questions:
            if question() != answers[i]:
                found.append(f"{program}: the answer is {question()}")
    for f in found:
        say(f"{begin}: {command}: {f}")
    return bool(found)


def test():
    # without a daemon: neither program is to look for one
    put_file("iscsid.conf", "iscsid.startup = /bin/true\ndiscovery.sendtargets.reopen_max = 1\n")
    with open(TOP + "/doc/COMPATIBILITY.md") as f:
        cells = [line[2:].split(" | ")[0] for line in f if line.startswith("| ") and not line.startswith("| open-iscsi")]
    for row in ROWS:
        equal(len([c for c in cells if c.startswith(row[0])]), 1, f"rows of doc/COMPATIBILITY.md that begin with {row[0]!r}")
    wrong = [row[0] for row in ROWS if try_row(row)]
    equal(wrong, [], "rows that are not true")
    say(f"{len(ROWS)} of {len(cells)} rows")


if __name__ == "__main__":
    main(test)
