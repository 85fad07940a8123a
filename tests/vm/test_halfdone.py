# SPDX-License-Identifier: GPL-2.0-or-later
"""iscsid is killed in the middle of logins, again and again: what the next one finds has its disks and its file, or is ended"""
import glob
import os
import random
import subprocess
import time

from lib import *

VM_TIME = 300
ROUNDS = int(os.environ.get("HALFDONE_ROUNDS", 2))
TARGETS = 4
STATES = "/run/miscsi/sessions"


def killed_while_logging_in(daemon, after):
    login = subprocess.Popen([ISCSIADM, "-m", "node", "-l"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if after > 0.01:
        wait("the kernel has a session", 10, sessions, step=0.002)
    time.sleep(after)
    daemon.process.kill()
    try:
        daemon.process.wait(2 * PATIENCE)
    except subprocess.TimeoutExpired:
        for task in glob.glob(f"/proc/{daemon.pid}/task/*"):
            say("held by the kernel:", get(task + "/wchan"), get(task + "/stack"), get(task + "/syscall"))
        raise Failed("iscsid is there 2 s after SIGKILL") from None
    daemon.kill()
    login.wait(30)


def a_half_login_is_no_session():
    """Before the next iscsid ends it. Who asks for the login must not be told that it is there."""
    bare = [sid for sid in sessions() if not disks(sid)]
    got = adm("-m node -l", rc=(15, 20), quiet=True)
    bare = [sid for sid in bare if not disks(sid)]
    check(got.err.count("already present") <= TARGETS - len(bare), f"sessions without disks: {bare}, and: {got.err}")
    return len(bare)


def whole(sid):
    """Up, with its disk and with a file that is not pending."""
    return get(f"/sys/class/iscsi_session/session{sid}/state") == "LOGGED_IN" and disks(sid) and os.path.exists(f"{STATES}/session{sid}")


def all_whole():
    return all(whole(sid) for sid in sessions()) and sorted(os.listdir(STATES)) == sorted(f"session{s}" for s in sessions())


def what_is_there():
    return [(sid, get(p + "/state"), get(p + "/target_state"), disks(sid)) for sid, p in sessions().items()], os.listdir(STATES)


def test():
    if PEER:
        skip("there, such sessions stay for ever")
    seed = int(os.environ.get("HALFDONE_SEED", int(time.time())))
    say(f"HALFDONE_SEED={seed}")
    rnd = random.Random(seed)
    all_targets = targets(TARGETS, [ram("d0", 4)])
    daemon = Iscsid()
    discover(quiet=True)
    kept = ended = bare = 0
    for n in range(ROUNDS):
        killed_while_logging_in(daemon, rnd.random() * rnd.choice([0.05, 0.4]))
        left = len(sessions())
        bare += a_half_login_is_no_session()
        daemon = Iscsid()
        try:
            wait("every session is whole", 10, all_whole)
        except Failed:
            raise Failed(f"round {n}: {what_is_there()}") from None
        kept += len(sessions())
        ended += left - len(sessions())
        adm("-m node -u", rc=(0, 21), quiet=True)
        equal(sessions(), {}, "sessions after logout")
        equal(os.listdir(STATES), [], "files after logout")
    say(f"{ROUNDS} rounds: {kept} sessions were kept, {ended} ended, {bare} had no disk yet")
    check(kept and ended or ROUNDS < 10, "the daemon was always killed too early or too late")
    wait("the targets know of no session", 10, lambda: not any(t.open_sessions() for t in all_targets))
    adm("-m node -l")
    equal(len(logged_in()), TARGETS, "sessions in the end")


if __name__ == "__main__":
    main(test)
