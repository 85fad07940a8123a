# SPDX-License-Identifier: GPL-2.0-or-later
"""Targets that misbehave in every way of tests/fake: a clear error, bounded in time and memory, nothing outside the database"""
import argparse
import concurrent.futures
import os
import re
import resource
import subprocess
import sys
import threading
import time

from lib import *

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../fake"))
import check as fake  # noqa: E402  what each misbehaviour must come to
import target as script  # noqa: E402

VM_TIME = 300
SECONDS = 30
PROGRAM_KIB = 96 * 1024
CHAP = "u:secret-of-user:t:secret-of-target"
PLACES = ("/", "/etc", "/etc/iscsi", "/root", "/var/lib", "/run", "/home", "/usr", ".")
DATABASE = ("nodes", "send_targets", "ifaces", "static", "isns", "fw", ".miscsi.lock")
LINE = re.compile(r"127\.0\.0\.1:\d+,-?\d+ (iqn\.[a-z0-9.:-]+|eui\.\w+|naa\.\w+)")


def serve(name, chap=""):
    """A target with that misbehaviour, on a port of its own; gives the port."""
    server = script.Target(argparse.Namespace(misbehaviour=name, targets=1, tpgt=1, chunk=8000, port=0, verbose=False, chap=chap))
    threading.Thread(target=server.serve, daemon=True).start()
    return server.port


def places():
    """What lies where nothing of a target's may get to; the database is checked by fit_names()."""
    return {os.path.join(p, n) for p in PLACES for n in os.listdir(p)} - {f"{HOME}/{n}" for n in DATABASE}


def fit_names():
    """Every name in the database is one that a target may have."""
    for top in ("nodes", "send_targets"):
        for folder, folders, files in os.walk(f"{HOME}/{top}"):
            for n in folders + files:
                check(re.fullmatch(r"[A-Za-z0-9.:,_\[\]-]+", n) and n not in (".", ".."), f"in the database: {folder}/{n!r}")


def fit_for_terminal(text, what):
    bad = [c for c in text.replace("\n", "").replace("\t", "") if ord(c) < 32 or 127 <= ord(c) < 160 or ord(c) in range(0x202a, 0x202f)]
    check(not bad, f"{what}: control characters {bad}: {text[:500]!r}")


def discovery(name):
    """One discovery; gives what is wrong with it, or None."""
    wanted = fake.expected(name, "discovery")
    try:
        got = adm(f"-m discovery -t st -p 127.0.0.1:{serve(name)}", rc=None, timeout=SECONDS, quiet=True)
        say(f"{name:24} [{got.rc}, {got.seconds:.2f} s] {(got.err or got.out).strip().splitlines()[:1]}")
        fit_for_terminal(got.out + got.err, name)
        for line in got.out.splitlines():
            check(LINE.fullmatch(line), f"{name}: printed {line!r}")
        if wanted.startswith("failed 24"):
            equal(got.rc, 24, name)
        elif not wanted.startswith(("done", "redirect")):
            check(got.rc not in (0, -11, -6) and got.rc > 0, f"{name}: status {got.rc}")
            check(re.match("iscsiadm: .+", got.err), f"{name}: message {got.err!r}")
        elif wanted in ("done 1", "done 3", "done 50"):
            equal((got.rc, len(got.out.splitlines())), (0, int(wanted[5:])), name)
    except Failed as e:
        return f"{name}: {e}"
    return None


def all_discoveries():
    say("-- discovery")
    names = [n for n, row in script.MISBEHAVIOURS.items() if not n.startswith("chap-")]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        wrong = [w for w in pool.map(discovery, names) if w]
    check(not wrong, "\n".join(wrong))


def results(text):
    """{port: status} of the logins that failed"""
    return {int(p): int(rc) for p, rc in re.findall(r"portal: 127\.0\.0\.1,(\d+)\]\.\niscsiadm: initiator reported error \((\d+) - ", text)}


def logins(names, chap, kind):
    """All of them by one command: each ends by itself, and none holds up another."""
    ports = {serve(n, chap): n for n in names}
    for p in ports:
        adm(f"-m node -T {script.NAME % 0} -p 127.0.0.1:{p},1 -o new", quiet=True)
    say("ports:", *(f"{p}={n}" for p, n in ports.items()))
    start = time.monotonic()
    got = adm("-m node -l", rc=None, timeout=90, quiet=True)
    say(f"{len(ports)} logins: status {got.rc}, {time.monotonic() - start:.1f} s")
    fit_for_terminal(got.out + got.err, "login")
    failed = results(got.err)
    for port, name in ports.items():
        say(f"{name:24} {failed.get(port, 'up')}")
        wanted = fake.expected(name, kind)
        if wanted.startswith("failed 24"):
            equal(failed.get(port), 24, name)
        elif not wanted.startswith(("done", "redirect")) and name != "login-tpgt":  # iscsid takes what the target says now
            check(failed.get(port), f"{name}: the login did not fail")
    adm("-m node -u", rc=(0, 21), timeout=60, quiet=True)
    equal(sessions(), {}, "sessions left behind")
    adm("-m node -o delete", quiet=True)


def test():
    if PEER:
        skip("not to be asked of it")
    quick = {"discovery.sendtargets.timeo.login_timeout": 3, "discovery.sendtargets.reopen_max": 1,
             "discovery.sendtargets.timeo.active_timeout": 3, "node.conn[0].timeo.login_timeout": 6,
             "node.session.initial_login_retry_max": 1, "node.conn[0].timeo.logout_timeout": 3}
    config(quick)
    daemon = Iscsid()
    idle = daemon.pss()
    before = places()
    all_discoveries()
    fit_names()
    subprocess.run(["rm", "-rf", f"{HOME}/nodes", f"{HOME}/send_targets"], check=True)

    say("-- login")
    logins([n for n, row in script.MISBEHAVIOURS.items() if row[0] in ("accept", "login", "never") and not n.startswith("chap-")], "", "normal")
    say("-- login with CHAP")
    user, secret, user_in, secret_in = CHAP.split(":")
    config({"node.session.auth.authmethod": "CHAP", "node.session.auth.username": user, "node.session.auth.password": secret,
            "node.session.auth.username_in": user_in, "node.session.auth.password_in": secret_in})
    logins([n for n in script.MISBEHAVIOURS if n.startswith("chap-")], CHAP, "mutual")

    equal(places() - before, set(), "what came to lie outside the database")
    fit_for_terminal(get(daemon.log), "iscsid's log")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    most = int(re.search(r"VmHWM:\s+(\d+)", get(f"/proc/{daemon.pid}/status")).group(1))
    say(f"largest command: {peak} KiB; iscsid: at most {most} KiB resident; {idle} KiB idle, {daemon.pss()} KiB now")
    if not SANITIZED:
        check(peak <= PROGRAM_KIB and most <= PROGRAM_KIB, "too much memory")


if __name__ == "__main__":
    main(test)
