# SPDX-License-Identifier: GPL-2.0-or-later
"""A portal that moves to another target portal group, with another disk: the session waits, says why, and writes nothing there"""
import hashlib
import os
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

    def move(self):
        """The portal goes to the other group."""
        self.enable(False)
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
    wait("the log says why", 20, lambda: "belongs to target portal group 2, not to 1" in get(daemon.log, ""))
    time.sleep(5)
    check(not up(sid), "the session was restored in another group")
    equal(content("b"), before, "what is on the other group's disk")
    say("-- and back")
    target.move()
    wait("the session is back", 20, lambda: up(sid))
    say(f"{traffic.finish()} rounds of I/O without an error")
    equal(content("b"), before, "what is on the other group's disk")


def test():
    target = TwoGroups("moves", file("a", 8), file("b", 8))
    daemon = Iscsid()
    discover()
    adm("-m node -l")
    disk(target)
    refused(target, daemon)


if __name__ == "__main__":
    main(test)
