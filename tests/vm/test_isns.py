# SPDX-License-Identifier: GPL-2.0-or-later
"""iSNS: discovery from open-isns, records, login, 1000 targets; a server that must be registered with, refuses, is dead or hostile"""
import re

from lib import *

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
OPEN_ISNS = os.path.join(TOP, "build/cache/open-isns/usr")
VM_TIME = 180  # of which 30 are for a server that is silent
FAKE = os.path.join(TOP, "tests/fake/isns.py")
SERVER = "127.0.0.1:3205"
MANY = 200 if SANITIZED else 1000
ENV = dict(os.environ, LD_LIBRARY_PATH=f"{OPEN_ISNS}/lib/x86_64-linux-gnu")


class OpenIsns:
    """Debian's open-isns, with an empty database in memory."""

    def __init__(self):
        shutil.rmtree("/run/isns", ignore_errors=True)
        os.makedirs("/run/isns")
        with open("/run/isns/isnsd.conf", "w") as f:
            f.write(f"SourceName = isns.example\nBindAddress = {SERVER}\nDatabase = /run/isns/db\nSecurity = 0\n"
                    "DefaultDiscoveryDomain = 1\nPIDFile = /run/isns/isnsd.pid\n")
        with open("/run/isns/isnsadm.conf", "w") as f:
            f.write(f"ServerAddress = {SERVER}\nSourceName = iqn.2026-11.example:registrar\nSecurity = 0\n")
        self.process = subprocess.Popen([f"{OPEN_ISNS}/sbin/isnsd", "-f", "-c", "/run/isns/isnsd.conf"], env=ENV)
        wait("isnsd listens", 10, lambda: re.search(":0C85 [0-9A-F:]+ 0A ", get("/proc/net/tcp", "")))

    def register(self, *words):
        subprocess.run([f"{OPEN_ISNS}/sbin/isnsadm", "--config", "/run/isns/isnsadm.conf", "--register", *words], env=ENV, check=True)

    def end(self):
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def fake(behaviour, targets=1):
    """Gives the server's portal, and the list of the requests that it got, complete after the block."""
    p = subprocess.Popen([sys.executable, "-B", FAKE, behaviour, "--targets", str(targets)], stdout=subprocess.PIPE, text=True)
    requests = []
    try:
        yield "127.0.0.1:" + p.stdout.readline().strip(), requests
    finally:
        p.kill()
        requests += p.communicate()[0].split("\n")[:-1]


def discover_isns(portal=SERVER, *more, rc=0, **how):
    return adm(f"-m discovery -t isns -p {portal}", *more, rc=rc, **how)


def from_open_isns():
    say("-- open-isns")
    server = OpenIsns()
    equal(discover_isns(rc=21).err, "iscsiadm: No portals found\n", "nothing registered")
    one = Target("one", [ram("d1")])
    words = [w for n in (one.name, "iqn.2026-11.example:two") for w in ("target=" + n, "pg,pgt=1")]
    server.register("entity=lab.example", words[0], "portal=127.0.0.1:3260,name=p0", *words[1:], "portal=10.9.9.9:3261,name=p1", "pg,pgt=7")
    want = {"127.0.0.1:3260,1 " + one.name, "10.9.9.9:3261,1 " + one.name, "127.0.0.1:3260,1 iqn.2026-11.example:two",
            "10.9.9.9:3261,7 iqn.2026-11.example:two"}
    equal(set(discover_isns(SERVER, "-o nonpersistent").out.split("\n")) - {""}, want, "the targets")
    adm("-m node", rc=21, quiet=True)
    equal(set(discover_isns("127.0.0.1").out.split("\n")) - {""}, want, "the targets by the default port")
    record = adm(f"-m node -T {one.name} -p 127.0.0.1:3260").out
    for line in ("node.discovery_type = isns", "node.discovery_address = 127.0.0.1", "node.discovery_port = 3205", "node.tpgt = 1"):
        contains(record, line + "\n")
    tree = adm("-m discovery -P 1").out
    contains(tree.split("STATIC")[0].split("iSNS:")[1], f"DiscoveryAddress: 127.0.0.1,3205\nTarget: {one.name}\n")

    say("-- log in to what was found")
    adm(f"-m node -T {one.name} -p 127.0.0.1:3260 -l")
    write_and_compare(disk(one), 1)
    adm(f"-m node -T {one.name} -u")

    say("-- discoverydb: show, discover, delete")
    contains(adm("-m discoverydb -t isns -p 127.0.0.1 -o show").out, "discovery.type = isns\n")
    equal(set(adm("-m discoverydb -t isns -p 127.0.0.1 -D").out.split("\n")) - {""}, want, "the targets by the record")
    adm("-m discoverydb -t isns -p 127.0.0.1 -o delete")
    adm("-m node", rc=21)

    notified(server)
    say("-- an iface's initiator name is the source of the query")
    server.end()
    with fake("good") as (portal, requests):
        adm("-m iface -I other -o new", quiet=True)
        adm("-m iface -I other -o update -n iface.initiatorname -v iqn.2026-11.example:other", quiet=True)
        discover_isns(portal, "-I other", "-o nonpersistent")
    equal(requests, ["query iqn.2026-11.example:other"], "requests")

    say("-- discovery and login in one command")
    both = Target("iqn.2026-01.org.miscsi.test:n0", [ram("d2")])
    with fake("good") as (portal, _):
        contains(discover_isns(portal, "-l").out, "successful.")
        write_and_compare(disk(both), 1)
        adm(f"-m node -T {both.name} -u", quiet=True)
        adm(f"-m discoverydb -t isns -p {portal} -o delete", quiet=True)


def notified(server):
    say("-- iscsid registers for notifications: what the server learns is a record within two seconds")
    names = [f"iqn.2026-11.example:later{i}" for i in range(2)]
    adm("-m discoverydb -t isns -p 127.0.0.1 -o new", quiet=True)
    adm("-m discoverydb -t isns -p 127.0.0.1 -o update -n discovery.isns.use_discoveryd -v Yes", quiet=True)
    wait("what the server has", 5, lambda: adm("-m node", rc=None, quiet=True).out.count("\n") == 4)
    for name in names:
        server.register("entity=lab.example", "target=" + name, "portal=127.0.0.1:3260,name=p0", "pg,pgt=1")
        start = time.monotonic()
        wait(name, 2, lambda: adm(f"-m node -T {name}", rc=None, quiet=True).rc == 0)
        say(f"{name}: {time.monotonic() - start:.2f} s")
    say("-- so do the next daemons, which listen on the same port: open-isns notifies another one late while nobody answers at this one")
    for k in range(3 if SANITIZED else 10):
        Iscsid.running[-1].kill()
        d = Iscsid()
        wait("the registration", 5, lambda: "portals, of which" in get(d.log))
        name = f"iqn.2026-11.example:last{k}"
        server.register("entity=lab.example", "target=" + name, "portal=127.0.0.1:3260,name=p0", "pg,pgt=1")
        start = time.monotonic()
        wait("its record", 2, lambda: adm("-m node -T", name, rc=None, quiet=True).rc == 0)
        say(f"{name}: {time.monotonic() - start:.2f} s")
    contains(get(d.log), "repeats the discovery by isns of 127.0.0.1 port 3205, because the iSNS server reported a change")
    adm("-m discoverydb -t isns -p 127.0.0.1 -o delete", quiet=True)


def thousand():
    say(f"-- {MANY} targets of open-isns, which cannot name more than some fifty in one response")
    server = OpenIsns()
    for i in range(0, MANY, 25):
        names = [f"iqn.2026-11.example:t{k}" for k in range(i, i + 25)]
        server.register("entity=lab.example", "target=" + names[0], "portal=127.0.0.1:3260,name=p0", "pg,pgt=1",
                        *(w for n in names[1:] for w in ("target=" + n, "pg,pgt=1")))
    one_by_one = discover_isns(quiet=True)
    server.end()
    say(f"-- {MANY} targets of a server that names them all at once")
    with fake("good", MANY) as (portal, _):
        at_once = discover_isns(portal, "-o nonpersistent", quiet=True)
    for got in one_by_one, at_once:
        equal(len(got.out.split("\n")) - 1, MANY, "targets")
        say(f"{MANY} targets in {got.seconds:.2f} s")
    equal(len(adm("-m node", quiet=True).out.split("\n")) - 1, MANY, "records")
    adm(f"-m discoverydb -t isns -p 127.0.0.1 -o delete", quiet=True)
    adm("-m node", rc=21, quiet=True)


def registration():
    say("-- a server that wants the initiator registered")
    with fake("must-register") as (portal, requests):
        contains(discover_isns(portal, "-o nonpersistent").out, ":n0")
    equal([r.split()[0] for r in requests], ["query", "register", "query"], "requests")
    equal({r.split()[1] for r in requests}, {INITIATOR}, "sources")
    with fake("refuses-registration") as (portal, requests):
        got = discover_isns(portal, rc=26)
    contains(got.err, f"the iSNS server refused to register the initiator {INITIATOR}: the registration is invalid (status 3); allow this name on the server")
    contains(got.err, "Could not perform iSNS discovery: iSNS registration failed\n")


def refused_or_dead():
    say("-- refused, dead, unknown")
    with fake("status-12") as (portal, _):
        got = discover_isns(portal, rc=25)
    equal(got.err, f"iscsiadm: the iSNS server refused to list the targets for the initiator {INITIATOR}: it is busy (status 12); try again later\n"
          "iscsiadm: Could not perform iSNS discovery: iSNS query failed\n", "the messages")
    contains(discover_isns("127.0.0.1:9", rc=25).err, "iSNS server 127.0.0.1 (port 9) failed: ")
    contains(discover_isns("nosuch.invalid", rc=25).err, "nosuch.invalid")
    adm("-m discovery -t isns", rc=7)
    with fake("silent") as (portal, _):
        got = discover_isns(portal, rc=25)
        contains(got.err, "the server did not complete its response in time")
        check(got.seconds < 45 * PATIENCE, "seconds:", got.seconds)
    adm("-m node", rc=21, quiet=True)


def hostile():
    say("-- hostile")
    for behaviour, text in (("garbage", "iSNS version is not 1"), ("http", "iSNS version is not 1"), ("other-xid", "it answers another request"),
                            ("cut-20", "closed the connection before its response was complete"), ("cut-90", "closed the connection before"),
                            ("same-again", "names the same node twice"), ("status-11", "it has an internal error (status 11)"),
                            ("endless-pdus", "it has more PDUs than"), ("endless-portals", "more portals than the limit of 1024")):
        with fake(behaviour) as (portal, _):
            got = discover_isns(portal, rc=25)
        contains(got.err, text, behaviour)
    adm("-m node", rc=21, quiet=True)
    with fake("small-buffer", 5) as (portal, requests):
        equal(discover_isns(portal, "-o nonpersistent").out, "".join(f"127.0.0.1:3260,1 iqn.2026-01.org.miscsi.test:n{i}\n" for i in (0, 3, 4)),
              "one target after the other, without those that vanish")
    equal([r.split()[0] for r in requests], ["query"] + ["next", "query"] * 5 + ["next"], "requests")
    for behaviour in ("bytewise", "small-pdus"):
        with fake(behaviour, 3) as (portal, _):
            equal(len(discover_isns(portal, "-o nonpersistent").out.split("\n")), 4, behaviour)
    with fake("hostile-names") as (portal, _):
        got = discover_isns(portal)
    equal(got.out, "127.0.0.1:3260,1 iqn.2026-01.org.miscsi.test:n0\n", "the only good target")
    equal(got.err.count("the target list leaves out"), 5, "what was left out")
    check("\x1b" not in got.err, "an escape sequence reached the terminal")
    with fake("endless-targets") as (portal, _):
        got = discover_isns(portal, rc=None, quiet=True)
    check(got.rc != 0, "an endless list is a success")
    equal(len(adm("-m node", quiet=True).out.split("\n")) - 1, 1, "records")


def test():
    Iscsid()
    from_open_isns()
    thousand()
    registration()
    refused_or_dead()
    hostile()


if __name__ == "__main__":
    main(test)
