# SPDX-License-Identifier: GPL-2.0-or-later
# needs: qemu simhba
"""What every adapter can be asked to do: works, or is refused with the status that the manual says, by name"""
from lib import *

TRANSPORTS = ["qla4xxx", "be2iscsi", "bnx2i", "cxgb3i", "cxgb4i", "qedi", "ocs"]
HOST = "-m host -H {host} "
IFACE = "-m iface -I {iface} "
# operation, command, the transports that do it, the status of the others
ROWS = [
    ("CHAP table", HOST + "-C chap -o show", ["qla4xxx"], 27),
    ("CHAP set", HOST + "-C chap -x 9 -o new -n host.auth.username -v u -n host.auth.password -v p", ["qla4xxx"], 27),
    ("CHAP delete", HOST + "-C chap -x 9 -o delete", ["qla4xxx"], 27),
    ("flash nodes", HOST + "-C flashnode", ["qla4xxx"], 27),
    ("flash new", HOST + "-C flashnode -o new -A ipv4", ["qla4xxx"], 27),
    ("flash login", HOST + "-C flashnode -x 2 -o login", ["qla4xxx"], 27),
    ("flash logout", HOST + "-C flashnode -x 2 -o logout", ["qla4xxx"], 27),
    ("statistics", HOST + "-C stats", ["qla4xxx"], 27),
    ("ping", IFACE + "-C ping -a 10.66.0.200", ["qla4xxx"], 27),
    ("apply", IFACE + "-o apply", ["qla4xxx", "be2iscsi"], 14),
]


def iface_of(transport):
    names = [line.split()[0] for line in adm("-m iface", quiet=True).out.splitlines()]
    ours = [n for n in names if n.startswith(transport + ".")]
    check(ours, f"no iface of {transport}")
    return sorted(ours)[0]


def test():
    simhba(",".join(TRANSPORTS), ports=1)
    hosts = {get(f"/sys/class/scsi_host/host{n}/proc_name"): n for n in range(1, len(TRANSPORTS) + 1)}
    say("| | " + " | ".join(hosts) + " |")
    bad = []
    for what, command, can, refusal in ROWS:
        cells = []
        for transport, number in hosts.items():
            r = adm(command.format(host=number, iface=iface_of(transport)), rc=None, quiet=True)
            expected = 0 if transport in can else refusal
            if (transport, what) == ("ocs", "flash nodes"):
                expected = 21  # nobody knows its driver: what can be listed is empty
            if r.rc != expected or (r.rc == refusal and transport not in r.out + r.err):
                bad.append(f"{what} of {transport}: [{r.rc}] instead of {expected}: {r.out}{r.err}")
            cells.append("yes" if r.rc == 0 else str(r.rc))
        say(f"| {what} | " + " | ".join(cells) + " |")
    check(not bad, "\n".join(bad))


if __name__ == "__main__":
    main(test)
