# SPDX-License-Identifier: GPL-2.0-or-later
# needs: qemu simhba
"""Every mode on an adapter that logs in by itself: what open-iscsi 2.1.8 was seen to do there, to the byte, and what the driver is sent"""
import importlib.machinery
import os
import signal
import subprocess
import sys

from lib import *

GOLDEN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "golden")
# Every attribute of one iface, in the order of the manual's table; how the address is found comes first.
APPLIED = [(1, 0, 2, p, n) for p, n in ((4, 1), (1, 4), (12, 1), (16, 2), (15, 1), (19, 2), (20, 2), (2, 4), (3, 4))]


def golden():
    sys.path.insert(0, GOLDEN)
    return importlib.machinery.SourceFileLoader("golden_run", GOLDEN + "/run").load_module()


def conn_error(sid):
    simhba_do(f"conn_error {sid} 1011")
    wait("bound anew", 30, lambda: any("BIND_CONN" in line for line in simhba_log(clear=False)))
    wait("logged in anew", 30, lambda: get(f"/sys/class/iscsi_session/session{sid}/state") == "LOGGED_IN")
    equal(get(f"/sys/class/iscsi_connection/connection{sid}:0/state"), "up", "its connection")


def replay(run, group):
    """Every step; gives how many went otherwise."""
    steps, records = run.read_group(group)
    differences = {k: d for k, d in run.read_differences("hba-differences.txt").items() if k[0].startswith(group + "/")}
    used, failed = set(), 0
    version = subprocess.run([ISCSIADM, "--version"], capture_output=True, text=True).stdout.split()[-1]
    for step in steps:
        options = dict((o + "=").split("=")[:2] for o in step.options)
        simhba_set(ping_status=options.get("ping_status", 0))
        if "login" in options:
            adm("-m host -H 1 -C flashnode -o login -x", options["login"])
        if "conn_error" in options:
            conn_error(options["conn_error"])
        p = subprocess.run([ISCSIADM, *step.argv], capture_output=True, text=True, timeout=60)
        got = {"stdout": p.stdout.replace(version, "@VERSION@"), "stderr": p.stderr, "status": "%d\n" % p.returncode}
        for stream, expected in step.expected.items():
            key = (step.id, stream)
            if key in differences:
                used.add(key)
                check(differences[key].text(records) != expected, f"{key} is no difference")
                expected = differences[key].text(records)
            if got[stream] == expected:
                continue
            failed += 1
            say(f"{step.id} {step.name} {stream}: {' '.join(step.argv)}\n--- expected\n{expected}--- got\n{got[stream]}---")
        step.sent = simhba_log()
        if {"--login", "-l"} & set(step.argv):
            wait("their disks", 20, lambda: all(disks(sid) for sid in logged_in()))
    equal(set(differences) - used, set(), "differences that are none")
    return steps, failed


def attributes(sent):
    """(iface type, number, table, parameter, bytes) of each attribute."""
    words = [line.split() for line in sent if " set iface " in line]
    return [tuple(int(w[w.index(k) + 1]) for k in ("type", "num", "ptype", "param", "len")) for w in words]


def interrupted_ping(ms, interval, until, summary, rc):
    """Ctrl-C ends it as it ends ping(8): with a summary of what was sent and came back until then."""
    simhba_set(ping_ms=ms)
    simhba_log()
    p = subprocess.Popen([ISCSIADM, *f"-m iface -I qla4xxx.00:00:5e:00:53:01.ipv4.0 -C ping -a 10.66.0.200 -c 3 -i {interval}".split()],
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    until(p)
    p.send_signal(signal.SIGINT)
    out = p.communicate(timeout=10 * PATIENCE)[0]
    equal((out, p.returncode), (f"\n--- 10.66.0.200 ping statistics ---\n{summary}\n", rc), "an interrupted ping")
    simhba_set(ping_ms=10)


def interrupts():
    def sent(_):
        wait("a ping", 10, lambda: any("ping" in line.lower() for line in simhba_log(clear=False)))
    interrupted_ping(10, 3600, lambda p: equal(p.stdout.readline(), "Ping 1 completed\n", "the first"),
                     "1 packets transmitted, 1 received, 0% packet loss", 0)
    interrupted_ping(20000, 1, sent, "1 packets transmitted, 0 received, 100% packet loss", 1)


def test():
    simhba("qla4xxx", ports=2)
    Iscsid("-d", "3")
    steps, failed = replay(golden(), "hba")
    equal(failed, 0, "steps that went otherwise")
    sent = {s.name: s.sent for s in steps}
    equal(attributes(sent["iface-apply"])[:9], APPLIED, "what apply sent")
    every = attributes(sent["iface-applyall-host"])
    equal({a[:2] for a in every}, {(1, 0), (2, 0), (2, 1)}, "interfaces that applyall sent in one message")
    sent = [line.split()[3:] for line in sent["node-login"] if "SET_PARAM" in line]
    interrupts()
    check(sent and ["1", "0"] not in sent and ["16", "-1"] not in sent, "what the firmware is told before it logs in")


if __name__ == "__main__":
    main(test)
