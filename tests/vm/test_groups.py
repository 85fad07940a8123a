# SPDX-License-Identifier: GPL-2.0-or-later
"""A portal that moves to another target portal group, and a disk that is exchanged: what is another disk now is not used as the old one"""
import hashlib
import os
import subprocess
import time

from lib import *

VM_TIME = 180


class TwoGroups(Target):
    """A target with another disk in a second portal group, which has no portal yet."""

    def __init__(self, name, first, second):
        super().__init__(name, [first])
        self.other = self.path + "/tpgt_2"
        os.mkdir(self.other)
        os.mkdir(f"{self.other}/lun/lun_0")
        os.symlink(second, f"{self.other}/lun/lun_0/b")
        for key, value in (("authentication", 0), ("generate_node_acls", 1), ("demo_mode_write_protect", 0), ("cache_dynamic_acls", 1)):
            put(f"{self.other}/attrib/{key}", value)

    def move(self, meanwhile=lambda: None):
        """The portal goes to the other group."""
        self.enable(False)
        meanwhile()
        os.rmdir(f"{self.tpg}/np/{self.portal}")
        os.mkdir(f"{self.other}/np/{self.portal}")
        self.tpg, self.other = self.other, self.tpg
        self.enable(True)


def content(name):
    with open(f"/run/{name}.disk", "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def up(sid):
    return get(f"/sys/class/iscsi_session/session{sid}/state") == "LOGGED_IN"


def refused(target, daemon):
    sid, before = session_of(target), content("b")
    traffic = Traffic(disk(target))
    time.sleep(1)
    say("-- the portal moves to the group of another disk")
    target.move()
    wait("the loss is noticed", 15, lambda: not up(sid))
    wait("the log says why", 20, lambda: "belongs to target portal group 2 now, and to 1 before" in get(daemon.log, ""))
    time.sleep(5)
    check(not up(sid), "the session was restored in another group")
    equal(content("b"), before, "what is on the other group's disk")
    say("-- and back")
    target.move()
    wait("the session is back", 20, lambda: up(sid))
    say(f"{traffic.finish()} rounds of I/O without an error")
    equal(content("b"), before, "what is on the other group's disk")


def device(name):
    return f"/sys/block/{os.path.basename(name)}/device/state"


def exchanged(target, daemon, what):
    """Another disk is at the place of this one when the session is restored: not a byte that waits is written to it, and the log names both."""
    sid, name = session_of(target), disk(target)
    equal(get(device(name)), "running", "state of the disk")
    traffic, before = Traffic(name), content("b")
    time.sleep(0.5)
    what(lambda: subprocess.Popen([ISCSIADM, "-m", "session", "-r", str(sid), "-R"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    wait("the session is back", 30, lambda: up(sid))
    out, _ = traffic.process.communicate(timeout=60)
    say(f"what was written meanwhile: {out.strip()}")
    check(traffic.process.returncode != 0, "writes to a disk that is another now have succeeded")
    time.sleep(1)
    equal(content("b"), before, "what is on the other disk")
    said = wait("the log names it", 10, lambda: [x for x in get(daemon.log).splitlines() if "other disks in their places" in x])[-1]
    say(said)
    for part in (os.path.basename(name), "LUN 0", "was the device naa.", "now is naa."):
        contains(said, part, "the log")
    try:
        with open(name, "rb") as f:
            f.read(4096)
        check(False, "another disk can be read under the old one's name")
    except OSError:
        pass
    say("-- as it is now, after a new login")
    adm(f"-m session -r {sid} -u")
    adm(f"-m node -T {target.name} -l")
    write_and_compare(disk(target), 1)


def exchange_unit(target, store, meanwhile=lambda: None):
    """LUN 0 of the group is another disk from now on."""
    link = f"{target.tpg}/lun/lun_0/b"
    target.enable(False)
    meanwhile()
    os.unlink(link)
    os.symlink(store, link)
    target.enable(True)


def recovered_with_the_same(target, daemon):
    """An ordinary recovery: the check finds nothing."""
    sid, name = session_of(target), disk(target)
    target.enable(False)
    wait("the loss is noticed", 15, lambda: not up(sid))
    target.enable(True)
    wait("the session is back", 30, lambda: up(sid))
    write_and_compare(name, 1)
    time.sleep(1)
    equal(get(device(name)), "running", "state of the disk")
    check("other disks in their places" not in get(daemon.log), "the log speaks of another disk")


def does_not_tell(target, daemon, store):
    """The unit is mapped no more when the session is restored without a check before: it is named until it tells that it is the same."""
    adm("-m node -o update -n node.conn[0].iscsi.HeaderDigest -v CRC32C", quiet=True)
    adm("-m node -l")
    sid, name = session_of(target), os.path.basename(disk(target))
    link = f"{target.tpg}/lun/lun_0/b"
    target.enable(False)
    os.unlink(link)
    wait("the loss is noticed", 15, lambda: not up(sid))
    target.enable(True)
    wait("the session is back", 30, lambda: up(sid))
    said = wait("the log names it", 10, lambda: [x for x in get(daemon.log).splitlines() if "do not return their identity" in x])[-1]
    say(said)
    contains(said, f"{name} (LUN 0, before: naa.", "the log")
    contains(adm(f"-m session -r {sid} -P 3", quiet=True).out, f"Not known to be the same since the recovery: {name} (LUN 0", "-P 3")
    contains(adm(f"-m session -r {sid} -P 1 --json", quiet=True).out, f'"unverified":"{name} (LUN 0', "--json")
    equal(get(device(name)), "running", "state of the disk")
    os.symlink(store, link)
    wait("the unit has told", 20, lambda: "have returned their identity" in get(daemon.log))
    check("Not known" not in adm(f"-m session -r {sid} -P 3", quiet=True).out, "-P 3 still names the disk")
    write_and_compare(disk(target), 1)
    adm("-m node -u")
    adm("-m node -o update -n node.conn[0].iscsi.HeaderDigest -v None", quiet=True)


def test():
    first, second = file("a", 8), file("b", 8)
    target = TwoGroups("moves", first, second)
    daemon = Iscsid()
    discover()
    adm("-m node -l")
    disk(target)
    refused(target, daemon)
    recovered_with_the_same(target, daemon)
    say("-- another disk in the same group")
    exchanged(target, daemon, lambda meanwhile: exchange_unit(target, second, meanwhile))
    exchange_unit(target, first)
    adm("-m node -u")
    say("-- a disk that does not tell which it is")
    does_not_tell(target, daemon, first)
    adm("-m node -o update -n node.session.follow_group -v Yes", quiet=True)
    adm("-m node -l")
    say("-- another group, which may be followed, with another disk")
    exchanged(target, daemon, target.move)


if __name__ == "__main__":
    main(test)
