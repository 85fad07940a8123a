# SPDX-License-Identifier: GPL-2.0-or-later
"""The main job: discover, log in, compare data, look at the session in every way, log out"""
import re

from lib import *


def node_and_session_agree(target, sid):
    nodes = adm("-m node").out
    equal(nodes, f"{PORTAL},1 {target.name}\n", "list of nodes")
    one = f"tcp: [{sid}] {PORTAL},1 {target.name} (non-flash)\n"
    equal(adm("-m session").out, one, "list of sessions")
    equal(adm("-m session -P 0").out, one, "list of sessions, -P 0")


def session_shows(target, sid, path):
    equal(adm("-m host").out, "tcp: [0] 127.0.0.1,[<empty>],<empty> <empty>\n", "a host that is bound to nothing")
    p1 = adm("-m session -P 1").out
    for line in (f"Target: {target.name} (non-flash)\n", f"\tCurrent Portal: {PORTAL},1\n", f"\tPersistent Portal: {PORTAL},1\n",
                 "\t\tIface Name: default\n", "\t\tIface Transport: tcp\n", f"\t\tIface Initiatorname: {INITIATOR}\n",
                 f"\t\tSID: {sid}\n", "\t\tiSCSI Connection State: LOGGED IN\n", "\t\tiSCSI Session State: LOGGED_IN\n",
                 "\t\tInternal iscsid Session State: NO CHANGE\n"):
        contains(p1, line, "session -P 1")
    p2 = adm("-m session -P 2").out
    for line in ("\t\tRecovery Timeout: 120\n", "\t\tHeaderDigest: None\n", "\t\tDataDigest: None\n",
                 "\t\tMaxRecvDataSegmentLength: 262144\n", "\t\tImmediateData: Yes\n", "\t\tMaxOutstandingR2T: 1\n"):
        contains(p2, line, "session -P 2")
    p3 = adm(f"-m session -r {sid} -P 3").out
    check(re.search(r"\t\tHost Number: \d+\tState: running\n\t\tscsi\d+ Channel 00 Id 0 Lun: 0\n"
                    rf"\t\t\tAttached scsi disk {path[5:]}\t\tState: running\n", p3), "session -P 3 does not show the disk")


def test():
    target = Target("disk", [ram("d0", 16)])
    Iscsid()
    equal(adm("-m session", rc=21).err, "iscsiadm: No active sessions.\n", "message without sessions")
    equal(adm("-m node", rc=21).err, "iscsiadm: No records found\n", "message without records")
    equal(discover().out, f"{PORTAL},1 {target.name}\n", "discovery")

    got = adm(f"-m node -T {target.name} -p {PORTAL} -l")
    what = f"[iface: default, target: {target.name}, portal: 127.0.0.1,3260]"
    equal(got.out, f"Logging in to {what}\nLogin to {what} successful.\n", "login")
    equal(got.err, "", "login's stderr")
    path = disk(target)
    sid = session_of(target)
    write_and_compare(path, 8)
    node_and_session_agree(target, sid)
    session_shows(target, sid, path)
    equal(target.logins(), 1, "logins that the target saw")

    os.mkdir(f"{target.tpg}/lun/lun_1")
    os.symlink(ram("d1", 16), f"{target.tpg}/lun/lun_1/b")
    adm(f"-m session -r {sid} -R")
    wait("the new disk", 10, lambda: len(disks(sid)) == 2)

    got = adm(f"-m node -T {target.name} -u")
    what = f"[sid: {sid}, target: {target.name}, portal: 127.0.0.1,3260]"
    equal(got.out, f"Logging out of session {what}\nLogout of {what} successful.\n", "logout")
    equal(sessions(), {}, "sessions after logout")
    equal(disks(), [], "disks after logout")
    equal(target.open_sessions(), 0, "sessions at the target")
    contains(adm(f"-m node -T {target.name} -u", rc=21).err, "No matching sessions found", "second logout")


if __name__ == "__main__":
    main(test)
