# SPDX-License-Identifier: GPL-2.0-or-later
"""Counters of sessions, asked of the kernel by the command: with and without a daemon; rescans without one"""
import re

from lib import *


def counters(text):
    return {k: int(v) for k, v in re.findall(r"\t(\w+): (\d+)\n", text)}


def test():
    target = Target("disk", [ram("d0", 16)])
    daemon = Iscsid()
    discover()
    equal(adm("-m session -s", rc=21).err, "iscsiadm: No session found.\n", "message without sessions")
    adm(f"-m node -T {target.name} -l")
    path = disk(target)
    sid = session_of(target)
    write_and_compare(path, 8)
    text = adm(f"-m session -r {sid} -s").out
    what = f"[sid: {sid}, target: {target.name}, portal: 127.0.0.1,3260]"
    check(text.startswith(f"Stats for session {what}\niSCSI SNMP:\n\ttxdata_octets: "), "head of the statistics")
    contains(text, "\niSCSI Extended:\n", "statistics")
    one = counters(text)
    check(one["txdata_octets"] >= 8 << 20 and one["rxdata_octets"] >= 8 << 20, one)
    check(one["scsicmd_pdus"] > 10, one)
    daemon.kill()
    two = counters(adm(f"-m node -T {target.name} -s").out)
    check(two["scsicmd_pdus"] >= one["scsicmd_pdus"], two)
    equal(adm(f"-m session -r {sid} -R").out, f"Rescanning session {what}\n", "rescan without a daemon")


if __name__ == "__main__":
    main(test)
