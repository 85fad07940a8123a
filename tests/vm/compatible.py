# SPDX-License-Identifier: GPL-2.0-or-later
"""For test_compatible: the rows of doc/COMPATIBILITY.md that need a target and a daemon, and those that cannot be run with both programs."""
import pty
import re
import select

import lib
from lib import *

TOP = os.path.realpath(os.path.dirname(os.path.abspath(__file__)) + "/../..")
PEER_ROOT = os.environ.get("PEER_ROOT", "")
FAKES = {"unusable": ["target.py", "text-traversal"], "long": ["target.py", "text-address-249"], "three": ["target.py", "--targets", "3"],
         "silent": ["target.py", "login-silent"], "isns": ["isns.py", "good"],
         "small": ["isns.py", "small-buffer"]}
CONF = """iscsid.startup = /bin/true
discovery.sendtargets.reopen_max = 1
discovery.max_targets = 2
iscsid.safe_logout = Yes
node.session.initial_login_retry_max = 1
node.conn[0].timeo.login_timeout = 3
"""


class Program:
    """One of the two, with its daemon."""

    def __init__(self, theirs):
        self.theirs, self.name, self.daemon = theirs, "theirs" if theirs else "ours", None
        self.env = dict(os.environ, **({"LD_LIBRARY_PATH": PEER_ROOT + "/usr/lib/x86_64-linux-gnu"} if theirs else {}))
        self.root = PEER_ROOT if theirs else ""

    def command(self, words):
        return [self.root + "/usr/sbin/iscsiadm", *(words if isinstance(words, list) else words.split())]

    def run(self, words, program="iscsiadm"):
        """Status and output; words: options, or a list with values that have blanks."""
        p = subprocess.run([f"{self.root}/usr/sbin/{program}", *self.command(words)[1:]], env=self.env, stdin=subprocess.DEVNULL, text=True,
                           errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60 * PATIENCE, check=False)
        return p.returncode, p.stdout

    def on_terminal(self, words, seconds, until=None):
        """What it prints there in this time, or until it has printed this."""
        pid, fd = pty.fork()
        if not pid:
            os.execve(self.command(words)[0], self.command(words), self.env)
        out, end = b"", time.monotonic() + seconds * PATIENCE
        with contextlib.suppress(OSError):
            while (until is None or until not in out) and select.select([fd], [], [], max(0, end - time.monotonic()))[0]:
                part = os.read(fd, 4096)
                if not part:
                    break
                out += part
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(fd)
        return out.decode(errors="replace")

    def start(self):
        lib.ISCSID, lib.PEER = self.root + "/usr/sbin/iscsid", self.theirs
        self.daemon = Iscsid(env=self.env)

    def stop(self):
        """With the process that writes the log of 2.1.8, which holds its socket."""
        others = get(f"/proc/{self.daemon.pid}/task/{self.daemon.pid}/children", "").split() if self.theirs else []
        self.daemon.kill()
        for pid in others:
            os.kill(int(pid), signal.SIGKILL)
        for lock in glob.glob("/run/lock/iscsi/*"):
            os.unlink(lock)  # of the commands that were killed


class Lab:
    """Targets for both programs: LIO's t and a (with CHAP), and scripted ones by name."""

    def __init__(self):
        self.t = Target("live", [null("live")])
        self.a = Target("chap", [null("chap")], ["127.0.0.1:3261"], auth=("user", "secret-of-user"))
        self.fakes, self.port = [], {}
        for name, words in FAKES.items():
            p = subprocess.Popen([sys.executable, TOP + "/tests/fake/" + words[0], *words[1:]], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            self.fakes.append(p)
            self.port[name] = int(p.stdout.readline())

    def close(self):
        for p in self.fakes:
            p.kill()
            p.wait()


def asked(p, lab, name, more=""):
    return p.run(f"-m discovery -t st -p 127.0.0.1:{lab.port[name]} {more}")


def discovered(p, more=""):
    return p.run(f"-m discovery -t st -p 127.0.0.1 {more}")


def node(lab, portal="127.0.0.1:3260", target=None):
    return f"-m node -T {(target or lab.t).name} -p {portal} "


def has(*path):
    return os.path.exists(os.path.join(HOME, *path))


def empty():
    for path in glob.glob(HOME + "/*"):
        if os.path.isdir(path) and not os.path.islink(path):
            remove_tree(path)
        elif os.path.basename(path) not in ("iscsid.conf", "initiatorname.iscsi"):
            os.unlink(path)


# Each returns what is compared with the two values of the row's line in LIVE; the order is that of the list.

def unusable_part(p, lab):
    return "../../x" in asked(p, lab, "unusable")[1]


def too_many(p, lab):
    empty()
    rc, _ = asked(p, lab, "three")
    return rc, len(os.listdir(HOME + "/nodes")) if has("nodes") else 0


def long_address(p, lab):
    empty()
    asked(p, lab, "long", "-o new")
    return sorted(os.listdir(HOME + "/nodes")) if has("nodes") else []


def shown_only(p, lab):
    return discovered(p, "-o show")[0], has("send_targets/127.0.0.1,3260")


def replaced(p, lab):
    discovered(p)
    p.run(f"-m node -T {lab.t.name} -o update -n node.startup -v automatic")
    discovered(p)
    return "node.startup = automatic" in get(f"{HOME}/nodes/{lab.t.name}/127.0.0.1,3260,1/default", "")


def gone_target(p, lab):
    p.run(f"-m node -T {lab.a.name} -o update -n node.startup -v automatic")
    lab.a.enable(False)
    discovered(p)
    return has("nodes", lab.a.name)


def gone_through_iface(p, lab):
    """The target is still disabled."""
    lab.a.enable(True)
    p.run("-m iface -I blue -o new")
    discovered(p, "-I default -I blue")
    lab.a.enable(False)
    discovered(p, "-I blue -o delete")
    lab.a.enable(True)
    return has("nodes", lab.a.name, "127.0.0.1,3261,1/default")


def group_found(p, lab):
    empty()
    p.run(node(lab) + "-o new")
    p.run(node(lab) + "-o update -n node.startup -v automatic")
    discovered(p)
    return "node.startup = automatic" in get(f"{HOME}/nodes/{lab.t.name}/127.0.0.1,3260,1/default", "")


def discovery_record(p, lab):
    p.run("-m discoverydb -t st -p 127.0.0.1 -o new")
    p.run("-m discoverydb -t st -p 127.0.0.1 -o update -n discovery.sendtargets.auth.username -v joe")
    discovered(p)
    return "joe" in get(f"{HOME}/send_targets/127.0.0.1,3260/st_config", "")


REFUSED = []


def refused_discovery(p, lab):
    REFUSED[:] = p.run("-m discovery -t st -p 127.0.0.1:1")
    return REFUSED[0]


def repeated_line(p, lab):
    return REFUSED[1].count("cannot make connection to 127.0.0.1: Connection refused")


def refused_login(p, lab):
    empty()
    discovered(p)
    p.run(node(lab, "127.0.0.1:1,1") + "-o new")
    return p.run(node(lab, "127.0.0.1:1") + "-l")[0]


def failed_login(p, lab):
    rc, out = p.run(f"-m node -T {lab.a.name} -l")
    return rc, "0x0201" in out


def logged_in(p, lab):
    """No row: the session of those that follow."""
    return p.run(node(lab) + "-l")[0]


def label(p, lab):
    return "password_in: <empty>" in p.run("-m session -P 2 -S")[1]


def unknown_host(p, lab):
    return p.run("-m host -H 99")[0]


def host_update(p, lab):
    rc, out = p.run(f"-m host -H {host_of(lab)} -o update -n initiatorname -v {INITIATOR}")
    return rc, out.startswith("tcp: [")


def host_of(lab):
    return re.search(r"/host(\d+)/", os.path.realpath(sessions()[session_of(lab.t)])).group(1)


def open_disk(p, lab):
    path = disk(lab.t)
    fd = wait(f"{path} can be opened", 5, lambda: opened(path))
    rc, _ = p.run(node(lab) + "-u")
    os.close(fd)
    if not sessions():
        logged_in(p, lab)
    return rc


def interrupted(p, lab):
    where = node(lab, f"127.0.0.1:{lab.port['silent']}")
    p.run(node(lab, f"127.0.0.1:{lab.port['silent']},1") + "-o new")
    p.run(where + "-o update -n node.conn[0].timeo.login_timeout -v 60")
    login = subprocess.Popen(p.command(where + "-l"), env=p.env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wait("the connection", 10, lambda: len(sessions()) == 2)
    login.send_signal(signal.SIGINT)
    _, err = login.communicate(timeout=20)
    return login.returncode, "iscsid continues" in err


def pending_logout(p, lab):
    """Between two attempts."""
    where = node(lab, "127.0.0.1:1")
    p.run(where + "-o update -n node.session.initial_login_retry_max -v 100")
    login = subprocess.Popen(p.command(where + "-l"), env=p.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(1)
    rc, _ = p.run(where + "-u")
    login.kill()
    login.wait()
    return rc


def killed_during_login(p, lab):
    """No row: for those that follow."""
    where = node(lab, f"127.0.0.1:{lab.port['silent']}")
    if len(sessions()) == 1:
        login = subprocess.Popen(p.command(where + "-l"), env=p.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait("the connection", 10, lambda: len(sessions()) == 2)
        login.kill()
        login.wait()
    p.stop()


def half_session(p, _lab):
    p.start()
    time.sleep(1)
    return len(sessions())


def connection_state(p, _lab):
    sid = next(s for s, path in sessions().items() if get(path + "/state") == "LOGGED_IN")
    return "iSCSI Connection State: LOGGED IN" in p.run(f"-m session -r {sid} -P 1")[1]


START = f"-i {INITIATOR} -t %s -g 1 -a 127.0.0.1 -p 3260"
STARTED = []


def start_again(p, lab):
    STARTED[:] = p.run(START % lab.t.name, "iscsistart")
    return STARTED[0]


def start_steps(p, lab):
    return "Logging into" in STARTED[1] or "version" in STARTED[1]


def sockets(_p, _lab):
    names = get("/proc/net/unix", "")
    return "@ISCSIADM_ABSTRACT_NAMESPACE" in names, "@org.miscsi.iscsid" in names and SOCKET in names


def hint(p, _lab):
    return "hint:" in p.on_terminal("-m session", 5)


def progress(p, lab):
    where = f"127.0.0.1:{lab.port['silent']}"
    p.run(f"-m discoverydb -t st -p {where} -o new")
    return "waiting" in p.on_terminal(f"-m discoverydb -t st -p {where} -D", 2 if p.theirs else 10, b"waiting")


def isns_record(p, lab):
    where = f"127.0.0.1:{lab.port['isns']}"
    p.run(f"-m discovery -t isns -p {where}")
    return has("isns", where.replace(":", ","), "isns_config")


def isns_one_by_one(p, lab):
    rc, out = p.run(f"-m discovery -t isns -p 127.0.0.1:{lab.port['small']} -o nonpersistent")
    return rc, ":n0" in out


# (begin of the row's first cell, function, what it returns for 2.1.8, and for miscsi)
LIVE = [
    ("`iscsid.socket` listens on", sockets, (True, False), (False, True)),
    ("On a terminal, nothing more", hint, False, True),
    ("A command that waits prints nothing", progress, False, True),
    ("`-m discovery -t isns` makes no", isns_record, False, True),
    ("A discovery by an iSNS server that", isns_one_by_one, (25, False), (0, True)),
    ("Parts of a discovery's answer", unusable_part, False, True),
    ("A discovery writes whatever", too_many, (0, 3), (5, 0)),
    ("An address that is too long", long_address, [], ["iqn.2026-01.org.miscsi.test:t1"]),
    ("`-m discovery -t st -p P -o show`", shown_only, (0, True), (0, False)),
    ("A discovery replaces the records", replaced, False, True),
    ("A discovery deletes its records", gone_target, False, True),
    ("A discovery with `-I` and", gone_through_iface, False, True),
    ("When a discovery finds the portal group", group_found, False, True),
    ("`-m discovery` replaces the record", discovery_record, False, True),
    ("A discovery from a portal that refuses", refused_discovery, 11, 4),
    ("A failed discovery is reported for", repeated_line, 2, 1),
    ("A portal that refuses connections", refused_login, 8, 4),
    ("A failed login is reported only", failed_login, (24, False), (24, True)),
    (None, logged_in, 0, 0),
    ("`-m session -P 2 -S` labels", label, False, True),
    ("`-m host` and `-m iface` ignore", unknown_host, 0, 23),
    ("There is no `-m host -o update`", host_update, (0, True), (0, False)),
    ("With `iscsid.safe_logout`,", open_disk, 0, 28),
    ("Ctrl-C ends the command", interrupted, (1, False), (18, True)),
    ("`-m node -u` during a login", pending_logout, 21, 0),
    (None, killed_during_login, None, None),
    ("`iSCSI Connection State` is", connection_state, False, True),
    ("`iscsistart` exits with 1 when", start_again, 1, 0),
    ("`iscsistart` prints its version", start_steps, True, False),
    ("A session whose login was cut short", half_session, 2, 1),
]

RECORDED = "the answers of both are recorded and compared there: it needs an adapter"
ADAPTER = "it needs an adapter, which only a simulation has, and with which the packaged one is not run"
SYSTEMD = "it needs a Debian with systemd"
# (begin of the row's first cell, why it is not run with both programs here, a file below tests that shows what miscsi does, a text in it)
ELSEWHERE = [
    ("The lock is a hard link", "2.1.8 waits 30 s", "unit/record-race.c", "a_killed_writer_leaves_a_whole_record_and_no_lock"),
    ("A record is read without the lock", "a race, which 2.1.8 does not always lose", "unit/record-race.c", "writers_at_once_lose_nothing"),
    ("A name in initiatorname.iscsi", "both programs are run there", "vm/test_layouts.py", "REFUSED = "),
    ("An update of many records holds", "it needs 100,000 records", "unit/record-bulk.c", "a_long_update_lets_others_write"),
    ("With `node.leading_login`,", "2.1.8 takes minutes", "cli/run", "def test_leading_login_takes_the_next_portal_on_failure"),
    ("`-m session` and `-P 1` to 3 sort", "it needs twelve sessions", "unit/object-session_info.c", "l.info[2].sid == 12"),
    ("The ISID contains the kernel's", "it needs several orders of logins", "unit/session-traps.c", "isid"),
    ("A lost session is restored through", "2.1.8 takes a minute, and damages the disk", "vm/test_groups.py", "def refused"),
    ("A disk that is another one", "2.1.8 takes a minute, and damages the disk", "vm/test_groups.py", "def exchanged"),
    ("`tcp.window_size` always sets", "another process does not see the options of the daemon's sockets", "unit/plugin-tcp.c", "SO_SNDBUF"),
    ("`use_discoveryd` starts a process", "2.1.8 polls at intervals of half a minute", "vm/test_standing.py", "def no_disturbance"),
    ("An iSNS server that does not answer", "2.1.8 does not end", "vm/test_isns.py", 'fake("silent")'),
    ("A target whose portals the iSNS", "it needs an iSNS server with such a target", "unit/proto-isns.c", "no-group"),
    ("`iscsistart` tries again without", "2.1.8 does not end", "vm/test_start.py", "def bounded"),
    ("Flash node records show", RECORDED, "golden/hba-differences.txt", "# ---- Passwords are masked without -S."),
    ("`-C chap -o show` shows all", RECORDED, "golden/hba-differences.txt", "# ---- -x chooses an entry."),
    ("Passwords of the CHAP table", RECORDED, "golden/hba-differences.txt", "# ---- Passwords are masked without -S."),
    ("A CHAP entry can be updated", RECORDED, "golden/hba.txt", "-C chap -x 0 -o update"),
    ("`Received iferror -5", RECORDED, "golden/hba-differences.txt", "# ---- Why the driver refused is said in words"),
    ("A flash node setting that is", RECORDED, "golden/hba-differences.txt", "# ---- What is no good is refused with what would be right"),
    ("IPv4 addresses of flash nodes", ADAPTER, "vm/test_host.py", "def attributes"),
    ("`-m host -P 1` does not show", ADAPTER, "vm/test_pci.py", "def hosts_name_their_adapter"),
    ("A failed ping exits with 0", RECORDED, "golden/hba-differences.txt", "# ---- The status tells when no ping was answered."),
    ("Ping prints a line for each", RECORDED, "golden/hba-differences.txt", "# ---- Behind the replies a summary"),
    ("Ping and apply fail for host 0", ADAPTER, "unit/object-adapter.c", "host"),
    ("`iface.dhcp_alt_client_id_state`", RECORDED, "golden/hba-differences.txt", "# ---- What an adapter shows of its alternate client id"),
    ("`-m iface -P 1` prints nothing", RECORDED, "golden/hba.txt", "$ -m iface"),
    ("If an adapter's VLANs are off", RECORDED, "golden/hba-differences.txt", "# ---- Where VLANs are off"),
    ("Discovery prints `Optional", RECORDED, "golden/hba-differences.txt", "# ---- What is optional and not set"),
    ("`-m session -r SID` does not find", RECORDED, "golden/hba-differences.txt", "# ---- Sessions that the adapter made are found"),
    ("bnx2i and qedi need", ADAPTER, "vm/test_offload.py", "def uio_is_held"),
    ("For bnx2i and qedi,", ADAPTER, "vm/test_macvlan.py", "def fixed_address"),
    ("Boot targets (`-m fw`)", RECORDED, "golden/hba-differences.txt", "# ---- Boot targets come by host number"),
    ("`-m fw -l` logs in", ADAPTER, "vm/test_fw.py", "def login_works"),
    ("Records of boot targets", ADAPTER, "vm/test_fw.py", "def discovery"),
    ("Discovery type fw fails (6)", ADAPTER, "vm/test_fw.py", "def discovery"),
    ("Of Open Firmware, the", "it needs a machine with Open Firmware", "unit/object-openfirmware.c", "chapid=user"),
    ("The initiator's name is made", SYSTEMD, "machine/test_boot.py", "initiatorname"),
    ("Shutdown logs out only if", SYSTEMD, "machine/test_boot.py", "down_within"),
    ("At shutdown a lost session", SYSTEMD, "machine/test_boot.py", "san(False)"),
    ("If a file system cannot be", SYSTEMD, "machine/test_boot.py", "down_within"),
    ("Removing the package unmounts", SYSTEMD, "machine/test_changeover.py", "def up_again"),
    ("A question about sessions", SYSTEMD, "machine/test_changeover.py", "DEBIAN_FRONTEND=noninteractive"),
    ("iscsid.conf is readable", SYSTEMD, "machine/test_boot.py", '"600", "600"], "modes"'),
    ("Purging deletes `/etc/iscsi`", SYSTEMD, "machine/packages", "what the administrator made stays"),
    ("`iscsid` has all capabilities", SYSTEMD, "unit/service-file.sh", "CapabilityBoundingSet"),
    ("There are scripts for the", SYSTEMD, "machine/test_diskless.py", "initramfs"),
]
