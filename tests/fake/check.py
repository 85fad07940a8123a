#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs tests/fake/probe (core/proto over a socket) against every misbehaviour of target.py: it must end in time, in little memory,
with the outcome that is listed here, and say why in one line that is fit for a terminal."""
import argparse
import concurrent.futures
import os
import re
import resource
import subprocess
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import target  # noqa: E402

PROBE = os.path.join(os.environ.get("BUILDDIR", "."), "tests/fake/probe")
SANITIZED_RSS = 200 << 10  # KiB; a plain build takes a twentieth
SECONDS = 20

# The outcome of each misbehaviour: the first expression that matches its name. "done N" is a success with N targets.
EXPECT = (
    ("text-nop|text-after-end|text-no-address|text-unknown-keys", "done 1"),
    ("text-split", "done 3"),
    ("scsi-dead", "done"),
    ("text-duplicate", "done 50"),
    ("text-(traversal|absolute|dots|empty|newline|control|escapes|shell|utf8|bidi|long$|address-|no-value|no-nul).*|text-long-key",
     r"done [01]"),
    ("text-traversal-inside", "done 0"),
    ("banner", "failed 19 |closed"),
    ("redirect-(loop|closed|once).*", r"redirect 127\.0\.0\.1:\d+"),
    ("redirect-.*", "failed 19 "),
    (".*silent.*", "timeout"),
    (".*(close|truncated).*", "closed"),
    ("text-(oversized|ahs)", "failed 19 .*(bytes of data|additional header)"),
    ("text-endless-c", "failed 1 .*a text key of more than 16384 bytes"),
    ("text-(million|huge-one|endless-ttt)", "failed 1 .*longer than"),
    ("text-(endless-empty|endless-nop)", "failed 1 .*does not end"),
    ("text-.*", "failed 1 "),
    ("login-(wrong-isid|alias-escapes|not-understood|reject-all|unasked-t)", "done"),
    ("login-.*", "failed 19 "),
    ("status-020[12]", "failed 24 "),
    ("status-03..", "failed 5 "),
    ("status-.*", "failed 19 "),
    ("chap-reject", "failed 24 "),
    ("chap-.*", "failed 19 "),
)


def limits():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def session_types(name, phase):
    """Which logins meet this misbehaviour."""
    if name.startswith("chap-"):
        return ["mutual"]
    if phase == "text":
        return ["discovery"]
    return ["discovery", "normal"]


def expected(name, kind):
    if name in ("login-tsih-0", "login-tpgt", "login-range"):  # nothing of this concerns a discovery
        return "failed 19 " if kind == "normal" else "done"
    if name == "login-after-end":  # a discovery goes on to read what comes behind the login
        return "done" if kind == "normal" else "failed 1 "
    if name == "slow-bytes":
        return "done"
    return next(outcome for pattern, outcome in EXPECT if re.fullmatch(pattern, name))


def probe(port, kind):
    child = subprocess.Popen([PROBE, str(port), kind], stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=limits)
    try:
        out, err = child.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        return None, "", "does not end"
    return child.returncode, out.decode("utf-8", "replace"), err.decode("utf-8", "replace")


def run(name, kind, targets):
    chap = "u:secret-of-u:t:secret-of-t" if kind in ("chap", "mutual") else ""
    server = target.Target(argparse.Namespace(misbehaviour=name, targets=targets, tpgt=1, chunk=8000, port=0, verbose=False,
                                          chap=chap))
    threading.Thread(target=server.serve, daemon=True).start()
    result = probe(server.port, kind)
    server.listener.close()
    return result


def fault(name, kind):
    """None, or what is wrong."""
    if not name:
        return well_behaved(kind)
    status, out, err = run(name, kind, 1)
    if status != 0:
        return "exit status %s: %s" % (status, err[-600:])
    if not re.match(expected(name, kind), out):
        return "%r, not %r" % (out, expected(name, kind))
    unfit = [c for c in out.rstrip("\n") + err.replace("\n", "") if ord(c) < 32 or ord(c) == 127]
    return "control characters: %r %r" % (out, err) if unfit or out.count("\n") != 1 else None


def well_behaved(kind):
    want = "done 300\n" if kind == "discovery" else "done 0\n"
    result = run("", kind, 300)
    return None if result == (0, want, "") else "%r" % (result,)


def main():
    only = sys.argv[1:]
    jobs = [("", kind) for kind in ("discovery", "normal", "chap", "mutual")]
    jobs += [(name, kind) for name, row in target.MISBEHAVIOURS.items() for kind in session_types(name, row[0])]
    jobs = [job for job in jobs if not only or job[0] in only]
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for (name, kind), why in zip(jobs, pool.map(lambda job: fault(*job), jobs)):
            if why:
                bad += 1
                print("FAIL %s (%s): %s" % (name or "well-behaved", kind, why))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    if peak > SANITIZED_RSS:
        bad += 1
        print("FAIL the largest probe took %d KiB" % peak)
    print("%d runs, %d failed, largest probe %d KiB" % (len(jobs), bad, peak))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
