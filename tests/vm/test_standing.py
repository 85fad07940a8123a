# SPDX-License-Identifier: GPL-2.0-or-later
"""standing discovery: iscsid polls portals; new targets get records and sessions, gone ones are logged out when told to and not in use"""
import json
from lib import *

FOUND = "/run/miscsi/discoveries"
DB = f"-m discoverydb -t st -p {PORTAL}"
VM_TIME = 120


def status():
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
        s.settimeout(20 * PATIENCE)
        s.connect(SOCKET)
        s.sendall(b'{"method":"org.miscsi.GetStatus"}\0')
        text = b""
        while not text.endswith(b"\0"):
            text += s.recv(65536)
    return json.loads(text[:-1])["parameters"]["discoveries"]


def has_record(target, seconds=6):
    wait(f"a record of {target.name}", seconds, lambda: adm(f"-m node -T {target.name}", rc=None, quiet=True).rc == 0)


def has_session(target, seconds=10):
    wait(f"a session of {target.name}", seconds, lambda: any(get(p + "/targetname") == target.name and get(p + "/state") == "LOGGED_IN"
                                                             for p in sessions().values()))


def has_no_session(target, seconds=10):
    wait(f"the end of the session of {target.name}", seconds, lambda: target.name not in [get(p + "/targetname") for p in sessions().values()])


def set_record(**settings):
    words = [f"-n discovery.{k.replace('__', '.')} -v {v}" for k, v in settings.items()]
    adm(DB + " -o update", *words, quiet=True)


def new_targets():
    say("-- a record that says so starts polling at once; what is there gets records, and sessions where they are automatic")
    one = Target("one", [ram("d1")])
    adm(DB + " -o new")
    adm("-m node", rc=21, quiet=True)
    equal(status(), [], "discoveries of records without use_discoveryd")
    set_record(sendtargets__discoveryd_poll_inval=1, sendtargets__use_discoveryd="Yes")
    has_record(one)
    check(not sessions(), "a manual record got a session")
    config({"node.startup": "automatic"})
    say("-- a target that comes later")
    two = Target("two", [ram("d2")], [PORTAL])
    has_session(two)
    write_and_compare(disk(two), 1)
    check(len(sessions()) == 1, "a session of the manual record")
    s, = status()
    equal((s["type"], s["address"], s["port"], s["portals"]), ("sendtargets", "127.0.0.1", 3260, 2), "the daemon's list")
    check("error" not in s, s)
    return two


def no_disturbance(two):
    say("-- without a change nothing is written, and a logout by hand stays")
    adm(f"-m node -T {two.name} -u", quiet=True)
    before = {p: os.stat(p).st_mtime_ns for p in tree()}
    time.sleep(2.5)
    equal({p: os.stat(p).st_mtime_ns for p in tree()}, before, "files of the database")
    check(not sessions(), "a session that was logged out came back")


def restart(d):
    say("-- the next daemon continues, after SIGKILL too")
    d.kill()
    d = Iscsid()
    three = Target("three", [ram("d3")])
    has_session(three)
    check(len(sessions()) == 1, "the logout by hand was forgotten by the restart")
    return d, three


def gone(d, three):
    say("-- a portal that is gone: by default nothing happens")
    four = Target("four", [ram("d4")])
    has_session(four)
    disk(four)
    unlisted = f"{four.tpg}/np/{PORTAL}"
    held = os.open(disk(four), os.O_RDONLY)
    os.rmdir(unlisted)
    wait("the portal is no longer reported", 6, lambda: status()[0]["portals"] == 3)
    check(get(f"/sys/class/iscsi_session/session{session_of(four)}/state"), "a logout nobody asked for")
    os.mkdir(unlisted)
    wait("the portal is reported again", 6, lambda: status()[0]["portals"] == 4)
    say("-- with discovery.logout_gone its session is ended, but not while its disk is in use")
    set_record(logout_gone="Yes")
    wait("the record is in force", 6, lambda: status()[0]["portals"] == 4)
    os.rmdir(unlisted)
    wait("the portal is no longer reported", 6, lambda: status()[0]["portals"] == 3)
    wait("the refusal is logged", 6, lambda: "whose portal is no longer reported" in get(d.log))
    check(get(f"/sys/class/iscsi_session/session{session_of(four)}/state"), "the session of a disk in use was ended")
    os.close(held)
    has_no_session(four, 20)
    has_session(three)
    adm(f"-m node -T {four.name}", quiet=True)


def away(d):
    say("-- a portal that is away is asked more and more rarely, and logged once")
    adm("-m discoverydb -t st -p 127.0.0.1:9 -o new", quiet=True)
    adm("-m discoverydb -t st -p 127.0.0.1:9 -o update -n discovery.sendtargets.discoveryd_poll_inval -v 1"
        " -n discovery.sendtargets.use_discoveryd -v Yes", quiet=True)
    wait("the failure is shown", 10, lambda: any("error" in s for s in status()))
    time.sleep(2)
    failed, = [s for s in status() if s["port"] == 9]
    equal(failed["error"], "Connection refused", "the failure")
    check(get(d.log).count("port 9 failed") <= 3, get(d.log))
    say("-- a record that is deleted is no longer discovered, and leaves nothing")
    adm("-m discoverydb -t st -p 127.0.0.1:9 -o delete", quiet=True)
    adm(DB + " -o delete", quiet=True)
    wait("no discovery is left", 6, lambda: status() == [])
    equal(os.listdir(FOUND), [], FOUND)
    adm("-m node", rc=21, quiet=True)


def test():
    d = Iscsid()
    idle = d.pss()
    two = new_targets()
    no_disturbance(two)
    d, three = restart(d)
    gone(d, three)
    away(d)
    if not SANITIZED:  # which keep what was freed
        wait("the memory is given back", 5, lambda: d.pss() <= idle + 700)
    say(f"memory: {idle} KiB without discoveries, {d.pss()} KiB afterwards")
    check(SANITIZED or idle <= 8 << 10, f"{idle} KiB")


if __name__ == "__main__":
    main(test)
