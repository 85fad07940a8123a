# SPDX-License-Identifier: GPL-2.0-or-later
"""iscsistart: logs in without a daemon, again, with CHAP, to what refuses and what is dead, after one that was killed; iscsid takes the session over"""
import socket

from lib import *

START = os.environ.get("ISCSISTART", "/usr/sbin/iscsistart")
ME = "iqn.2026-11.example:initiator"
AUTH = ("user", "secretsecret1")


def start(*args, rc=0, timeout=60, background=False):
    args = [str(a) for w in args for a in (w.split() if isinstance(w, str) else w)]
    began = time.monotonic()
    p = subprocess.Popen([START, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if background:
        return p
    out, err = p.communicate(timeout=timeout * PATIENCE)
    seconds = time.monotonic() - began
    say(f"$ iscsistart {' '.join(args)}   [{p.returncode}, {seconds:.2f} s]\n{out}{err}".rstrip())
    check(p.returncode in (rc if isinstance(rc, tuple) else (rc,)), "exit status", p.returncode, "not", rc)
    return Result(p.returncode, out, err, seconds)


def node(target, *more, portal=None):
    host, port = (portal or target.portal).rsplit(":", 1)
    return ["-i", ME, "-t", target.name, "-g", "1", "-a", host.strip("[]"), "-p", port, *more]


def words():
    say("-- options")
    contains(start("-v").out, "iscsistart version ")
    contains(start("-h").out, "--param=NAME=VALUE")
    for args, text in (("", "InitiatorName not set"), (f"-i {ME}", "Portal Group not set"), (f"-i {ME} -g 1", "TargetName not set"),
                       (f"-i {ME} -g 1 -t iqn.2026-11.example:x", "IP Address not set")):
        equal(start(args, rc=7).err, f"iscsistart: {text}. Exiting iscsistart\n", "the message")
    ok = f"-i {ME} -g 1 -t iqn.2026-11.example:x -a 127.0.0.1 "
    for args, text in (("-p 9x", "'9x' is not allowed"), ("-p 70000", "65535"), ("--param=node.startup", "Invalid --param node.startup. Missing value."),
                       ("-P node.nosuch=1", "node.nosuch"), ("-P node.session.queue_depth=many", "'many' is not allowed"), ("-d 9", "from 0 to 8"),
                       ("more", "unexpected argument 'more'"), ("--nosuch", "iscsistart --help")):
        contains(start(ok + args, rc=7).err, text)
    contains(start(f"-i bad\tname -g 1 -t iqn.2026-11.example:x -a 127.0.0.1".split(" "), rc=7).err, "bad\\x09name")
    contains(start("-b", rc=21).err, "Could not get list of targets from firmware")
    contains(start("-f", rc=21).err, "Could not get list of targets from firmware")
    equal(sessions(), {}, "sessions")


def logs_in(one):
    say("-- a login, and the same again")
    before = tree()
    got = start(node(one))
    equal(got.err, "", "stderr of a success")
    equal(got.out, f"iscsistart: logged in to {one.name} at {one.portal}\n", "stdout")
    write_and_compare(disk(one), 1)
    contains(start(node(one)).out, "exists already")
    equal(len(sessions()), 1, "sessions")
    equal(one.logins(), 1, "logins at the target")
    equal(tree(), before, "/etc/iscsi")
    equal(get("/proc/net/unix", "").count("iscsid"), 0, "sockets")


def scanned_later():
    """As one is left by an iscsistart that was killed before the scan, on kernels that do not tell (before 6.3)."""
    say("-- a session without a device is scanned by the one that wants it")
    t = Target("later", [ram("d8", 8)], ["127.0.0.1:3265"])
    for _ in range(2):
        start(node(t, "-P", "node.session.scan=manual"))
        equal(disks(session_of(t)), [], "disks of a session that nobody scans")
    contains(start(node(t)).out, "exists already")
    check(disks(session_of(t)), "no disk after the scan")
    equal(t.logins(), 1, "logins at the target")


def taken_over(one):
    say("-- iscsid takes the session over without a login, and maintains it")
    d = Iscsid()
    equal(one.logins(), 1, "logins at the target")
    one.enable(False)
    sid = session_of(one)
    wait("the session is lost", 10, lambda: get(f"{sessions()[sid]}/state") != "LOGGED_IN")
    one.enable(True)
    wait("the session is back", 20, lambda: get(f"{sessions()[sid]}/state") == "LOGGED_IN")
    write_and_compare(disk(one), 1)
    say("-- with iscsid running, a second one by iscsistart")
    two = Target("two", [ram("d2", 8)], ["127.0.0.1:3262"])
    start(node(two))
    write_and_compare(disk(two), 1)
    adm(f"-m session -r {session_of(one)} -u")
    d.stop()


def chap():
    say("-- CHAP and settings")
    t = Target("chap", [ram("d3", 8)], ["127.0.0.1:3261"], auth=AUTH)
    got = start(node(t), rc=24)
    contains(got.err, "authentication failure")
    equal(got.err.count("\n"), 1, "lines on stderr")
    contains(start(node(t, "-u", AUTH[0], "-w", "wrongwrongwrong"), rc=24).err, "iscsistart: ")
    equal([s for s, p in sessions().items() if get(p + "/targetname") == t.name], [], "sessions after failures")
    with open("/run/secret", "w") as f:
        os.chmod("/run/secret", 0o600)
        f.write(AUTH[1] + "\n")
    other = Target("file", [ram("d5", 8)], ["127.0.0.1:3264"], auth=AUTH)
    start(node(other, "-u", AUTH[0], "-P", "node.session.auth.password_file=/run/secret"))
    start(node(t, "-u", AUTH[0], "-w", AUTH[1], "-P", "node.session.timeo.replacement_timeout=77", "--param=node.session.queue_depth=20"))
    equal(get(sessions()[session_of(t)] + "/recovery_tmo"), "77", "recovery_tmo")
    for name in os.listdir("/run/miscsi/sessions"):
        check(AUTH[1] not in get("/run/miscsi/sessions/" + name), "a secret in", name)


def bounded(one):
    say("-- refused, dead, ended")
    nosuch = "-i", ME, "-t", "iqn.2026-11.example:nosuch", "-g", "1", "-a", "127.0.0.1"
    got = start([*nosuch, "-P", "node.session.initial_login_retry_max=1"], rc=5)
    contains(got.err, "service unavailable")
    before = sorted(sessions())
    with socket.create_server(("127.0.0.1", 3299)):
        got = start([*nosuch, "-p", "3299", "-P", "node.conn[0].timeo.login_timeout=2", "-P", "node.session.initial_login_retry_max=2"], rc=8)
        check(got.seconds < 20 * PATIENCE, "seconds:", got.seconds)
        p = start([*nosuch, "-p", "3299", "-P", "node.conn[0].timeo.login_timeout=1", "-P", "node.session.initial_login_retry_max=999"],
                  background=True)
        time.sleep(2.5 * PATIENCE)  # one attempt has failed
        p.terminate()
        _, err = p.communicate(timeout=10 * PATIENCE)
        contains(err, "a signal ended iscsistart before the login was complete; the last attempt failed: ")
        equal(p.returncode, 8, "status after SIGTERM")
    equal(sorted(sessions()), before, "sessions")


def kill_whole(p):
    """With its helper process, which made the kernel's session and ends when it sees that nobody is there any more."""
    p.kill()
    p.communicate(timeout=10 * PATIENCE)
    wait("the makers of all sessions are gone", 10, lambda: not any(os.path.exists(f"/proc/{int(get(path + '/creator')) & 0x3fffff}") for path in sessions().values()))


def killed_at(target, reached, what):
    """SIGKILL as soon as the kernel has got so far."""
    p = start(node(target), background=True)
    wait(what, 20, lambda: reached() or p.poll() is not None, step=0.001)
    kill_whole(p)


def killed():
    say("-- killed in each phase of a login: the next one logs in all the same")
    with socket.create_server(("127.0.0.1", 3290)) as silent:
        half = Target("half", [ram("k0", 8)], ["127.0.0.1:3291"])
        p = start(node(half, portal="127.0.0.1:3290"), background=True)
        wait("a session without an answer", 10, lambda: [s for s, path in sessions().items() if get(path + "/targetname") == half.name])
        silent.accept()
        kill_whole(p)
    check(get(sessions()[session_of(half)] + "/state") != "LOGGED_IN", "the session that it left is up")
    got = start(node(half, "-P", "node.session.initial_login_retry_max=1", portal="127.0.0.1:3290"), rc=(4, 8))
    check("exists already" not in got.out, "a session that nobody completes is not one:", got.out)
    equal([s for s, path in sessions().items() if get(path + "/targetname") == half.name], [], "sessions left")
    before = set(sessions())

    def new(attribute, *values):
        return any(get(f"/sys/class/iscsi_session/session{s}/{attribute}") in values for s in set(sessions()) - before)

    phases = [(lambda: set(sessions()) - before, "a session"), (lambda: new("targetname", "iqn.2026-11.example:k1"), "its target's name"),
              (lambda: new("state", "LOGGED_IN"), "a login"), (lambda: any(disks(s) for s in set(sessions()) - before), "a disk")]
    for i, (reached, what) in enumerate(phases):
        t = Target(f"k{i}", [ram(f"k1{i}", 8)], [f"127.0.0.1:{3292 + i}"])
        killed_at(t, reached, what)
        start(node(t))
        write_and_compare(disk(t), 1)
        before = set(sessions())
    d = Iscsid()
    for i in range(len(phases)):
        wait("iscsid has it", 10, lambda: f":k{i} " in adm("-m session", quiet=True).out)
        equal(len([s for s, path in sessions().items() if get(path + "/targetname").endswith(f":k{i}")]), 1, "sessions of it")
        adm(f"-m session -r {[s for s, path in sessions().items() if get(path + '/targetname').endswith(f':k{i}')][0]} -u", quiet=True)
    d.stop()


def one_of_two_portals():
    say("-- two portals, of which one does not answer, each with an iscsistart of its own")
    t = Target("paths", [ram("d7", 8)], ["127.0.0.1:3280"])
    with socket.create_server(("127.0.0.1", 3281)):
        began = time.monotonic()
        dead = start(node(t, portal="127.0.0.1:3281"), background=True)
        start(node(t))
        out, err = dead.communicate(timeout=60 * PATIENCE)
        seconds = time.monotonic() - began
    say(out, err)
    contains(err, "the target has a session through another portal")
    equal(dead.returncode, 0, "status: the target has a session")
    check(4 < seconds < 12 * PATIENCE, "seconds until both had ended:", seconds)
    equal(len([s for s, path in sessions().items() if get(path + "/targetname") == t.name]), 1, "sessions of it")


def examples():
    say("-- the examples of iscsistart(8)")
    t = Target("iqn.2026-11.com.example:root", [ram("d6", 8)])
    with open(os.path.dirname(os.path.abspath(__file__)) + "/../../doc/man/iscsistart.8") as f:
        lines = f.read().replace("\\-", "-").split(".SH EXAMPLES\n.nf\n")[1].split(".fi")[0].splitlines()
    equal(len(lines), 2, "examples")
    for line in lines:
        start(line.replace("192.0.2.1", "127.0.0.1").split(" ", 1)[1], rc=21 if "-b" in line else 0)  # no firmware here: test_fw
    write_and_compare(disk(t), 1)


def network_comes():
    say("-- the network comes while it waits")
    subprocess.run("ip link set lo up; ip address del 10.77.1.1/32 dev lo", shell=True, stderr=subprocess.DEVNULL)
    t = None
    args = ["-i", ME, "-t", "iqn.2026-11.example:late", "-g", "1", "-a", "10.77.1.1", "-p", "3263"]
    p = start(args, background=True)
    time.sleep(2)
    subprocess.run(["ip", "address", "add", "10.77.1.1/32", "dev", "lo"], check=True)
    t = Target("late", [ram("d4", 8)], ["10.77.1.1:3263"])
    out, err = p.communicate(timeout=40 * PATIENCE)
    equal((p.returncode, err), (0, ""), "outcome")
    write_and_compare(disk(t), 1)


def test():
    if PEER:
        skip("it has its own words")
    words()
    one = Target("one", [ram("d1", 8)])
    logs_in(one)
    scanned_later()
    taken_over(one)
    chap()
    bounded(one)
    killed()
    one_of_two_portals()
    examples()
    network_comes()


if __name__ == "__main__":
    main(test)
