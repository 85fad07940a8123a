# SPDX-License-Identifier: GPL-2.0-or-later
"""Every method over every socket with real peers: only root with CAP_SYS_ADMIN in iscsid's user namespace changes anything"""
import contextlib
import json
import re
import resource

from lib import *

ABSTRACT = "@org.miscsi.iscsid"
PASSED = "/run/passed.socket"
READ = {"ListSessions", "Monitor", "GetStatus"}
PARAMETERS = {"Login": {"records": []}, "Logout": {"sids": []}, "Rescan": {"sids": []}, "SetLogLevel": {"level": "info"}}
PEERS = {
    "root": [],
    "root without CAP_SYS_ADMIN": ["setpriv", "--bounding-set=-sys_admin"],
    "root of another user namespace": ["unshare", "--user", "--map-root-user"],
    "nobody": ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"],
}
CALL = r'''
import json, socket, sys
name, calls = sys.argv[1], json.loads(sys.argv[2])
for method, parameters in calls:
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.settimeout(10)
    s.connect("\0" + name[1:] if name[0] == "@" else name)
    # without "more", Monitor replies that it expects that: enough to see that it may be called
    s.sendall(json.dumps({"method": method, "parameters": parameters}).encode() + b"\0")
    data = b""
    while not data.endswith(b"\0"):
        got = s.recv(65536)
        if not got:
            break
        data += got
    print(json.loads(data[:-1]).get("error", ""))
'''
ACTIVATE = r'''
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
new = sys.argv[1] + ".new"
s.bind(new); os.chmod(new, 0o666); s.listen(16); os.rename(new, sys.argv[1])
if s.fileno() != 3:
    os.dup2(s.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.argv[2], sys.argv[2:])
'''


def call(socket_name, peer, methods):
    """{method: error, or ""}"""
    calls = [("org.miscsi." + m, PARAMETERS.get(m, {})) for m in methods]
    p = subprocess.run([*PEERS[peer], sys.executable, "-c", CALL, socket_name, json.dumps(calls)], capture_output=True, text=True, timeout=60)
    equal(p.returncode, 0, f"{peer} on {socket_name}: {p.stderr}")
    return dict(zip(methods, p.stdout.split("\n")))


def methods():
    """All of them, so that a new one has to be put into READ or not."""
    with open(os.path.dirname(os.path.realpath(__file__)) + "/../../core/ipc/org.miscsi.varlink") as f:
        found = re.findall(r"^method (\w+)", f.read(), re.M)
    check(len(found) >= 8, f"methods: {found}")
    return found


def may(socket_name, found):
    for peer in PEERS:
        for method, error in call(socket_name, peer, [m for m in found if m != "Stop"] + ["Stop"] * (peer != "root")).items():
            denied = error == "org.varlink.service.PermissionDenied"
            equal(denied, peer != "root" and method not in READ, f"{socket_name}: {method} is denied to {peer} ({error})")
    say(f"{socket_name}: {len(PEERS)} peers, {len(found)} methods")


def files(pid):
    found = {}
    for f in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            found[int(f)] = os.readlink(f"/proc/{pid}/fd/{f}")
    return found


def inherits_nothing():
    say("-- descriptors")
    fd = os.open("/run/inherited", os.O_CREAT | os.O_RDWR)
    os.set_inheritable(fd, True)
    p = subprocess.Popen(["sh", "-c", 'exec "$0" -f <&- >&- 2>&-', ISCSID], close_fds=False)
    wait("iscsid listens", 20, lambda: SOCKET in get("/proc/net/unix", "") and get(PIDFILE) == str(p.pid))
    Iscsid.answers()  # from then on a signal ends it in order
    shown = files(p.pid)
    equal([shown.get(i) for i in range(3)], ["/dev/null"] * 3, "descriptors 0 to 2")
    check("/run/inherited" not in shown.values(), f"an inherited descriptor is open: {shown}")
    p.terminate()
    equal(p.wait(10), 0, "iscsid's status")
    os.close(fd)


def leaves_no_core():
    say("-- core dumps and capabilities")
    put("/proc/sys/kernel/core_pattern", "/run/core.%e")
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    sleeper = subprocess.Popen(["sleep", "100"])
    sleeper.send_signal(signal.SIGSEGV)
    sleeper.wait()
    check(os.path.exists("/run/core.sleep"), "no program leaves a core file here")
    daemon = Iscsid()
    status = dict(re.findall(r"^(\w+):\s*(.*)$", get(f"/proc/{daemon.pid}/status"), re.M))
    wanted = sum(1 << n for n in (1, 12, 13, 16, 19, 21, 24))
    for kind in ("CapEff", "CapPrm", "CapBnd"):
        equal(int(status[kind], 16), wanted, f"{kind} of iscsid")
    equal(status["NoNewPrivs"], "1", "NoNewPrivs of iscsid")
    helpers = [get(p, "") for p in glob.glob("/proc/[0-9]*/status")]
    locked = [int(re.search(r"VmLck:\s*(\d+)", x)[1]) for x in helpers if "Name:\tiscsid-helper" in x]
    check(any(locked), f"KiB of locked memory in helpers: {locked}; one sends the requests of recoveries")
    daemon.kill(signal.SIGSEGV)
    check(not os.path.exists("/run/core.iscsid"), "iscsid left a core file")


def reloads(target):
    say("-- SIGHUP")
    daemon = Iscsid()
    adm("-m node -l")
    fd = wait("the disk can be opened", 10, lambda: opened(disk(target)))
    subprocess.run(["mkfs.ext4", "-q", disk(target)], check=True)
    os.close(fd)
    os.makedirs("/run/mounted")
    subprocess.run(["mount", disk(target), "/run/mounted"], check=True)
    config({"iscsid.safe_logout": "Yes"})
    os.kill(daemon.pid, signal.SIGHUP)
    wait("iscsid says that it read the file", 10, lambda: "read /etc/iscsi/iscsid.conf again" in get(daemon.log))
    contains(adm("-m node -u", rc=28).err, "is mounted on /run/mounted", "logout with the new setting")
    subprocess.run(["umount", "/run/mounted"], check=True)
    adm("-m node -u")
    daemon.stop()


def a_client_with_few_capabilities_finds_iscsid(target):
    """Without CAP_SYS_PTRACE it does not see the user namespace of a process with more capabilities than its own."""
    os.rename(SOCKET, SOCKET + ".away")
    few = ["setpriv", "--bounding-set=-sys_ptrace,-sys_resource", "--inh-caps=-sys_ptrace,-sys_resource"]
    got = subprocess.run([*few, ISCSIADM, "-m", "node", "-T", target.name, "-p", PORTAL, "-l"], capture_output=True, text=True)
    equal(got.returncode, 0, f"login over the abstract socket: {got.stderr}")
    os.rename(SOCKET + ".away", SOCKET)
    adm("-m node -u")


def test():
    target = Target("a", [ram("d0", 32)])
    daemon = Iscsid()
    discover()
    found = methods()
    may(SOCKET, found)
    may(ABSTRACT, found)
    a_client_with_few_capabilities_finds_iscsid(target)
    daemon.stop()
    daemon = Iscsid(wrapper=[sys.executable, "-c", ACTIVATE, PASSED], ready=False)
    wait("the socket is there", 20, lambda: os.path.exists(PASSED))
    wait("iscsid serves its socket", 20, lambda: call(PASSED, "nobody", ["GetStatus"])["GetStatus"] == "")
    may(PASSED, found)
    daemon.stop()
    inherits_nothing()
    if not SANITIZED:
        leaves_no_core()
    reloads(target)


if __name__ == "__main__":
    main(test)
