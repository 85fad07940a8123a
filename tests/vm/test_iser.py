# SPDX-License-Identifier: GPL-2.0-or-later
# needs: qemu
"""iSER over soft RoCE: discovery, login, 64 MiB compared, the link lost and restored, logout"""
import time

from lib import *

VM_MEMORY = 1024
VM_TIME = 180
ADDRESS = "10.9.0.1"
RDMA_PORTAL = ADDRESS + ":3260"


def run(*words, rc=0):
    p = subprocess.run([w for part in words for w in part.split()], capture_output=True, text=True)
    check(rc is None or p.returncode == rc, f"{' '.join(words)}: {p.returncode} {p.stderr}{p.stdout}")
    return p


def fabric():
    """A soft RDMA device on a network device of its own; the target's portal listens on it."""
    if run("modprobe rdma_rxe", rc=None).returncode:
        skip("this kernel has no rdma_rxe")
    run("modprobe dummy numdummies=0")
    run("ip link add d0 type dummy")
    run(f"ip addr add {ADDRESS}/24 dev d0")
    run("ip link set d0 up")
    run("rdma link add rxe0 type rxe netdev d0")
    run("modprobe -a ib_isert ib_iser rdma_cm rdma_ucm ib_uverbs")


def discovers(target):
    got = adm(f"-m discovery -t st -p {RDMA_PORTAL} -I iser")
    equal(got.out, f"{RDMA_PORTAL},1 {target.name}\n", "discovery")
    wait("the discovery's session is gone", 5, lambda: not sessions())
    equal(glob.glob("/sys/class/iscsi_endpoint/*"), [], "endpoints left behind")
    contains(adm(f"-m node -T {target.name}").out, "iface.transport_name = iser", "the record")


def logs_in(target):
    adm(f"-m node -T {target.name} -p {RDMA_PORTAL} -I iser -l")
    sid = session_of(target)
    equal(adm("-m session").out, f"iser: [{sid}] {RDMA_PORTAL},1 {target.name} (non-flash)\n", "session")
    return sid


def recovers(target, sid, silently):
    """The RDMA link goes away and comes back: the same session, logged in anew.

    silently: nothing says that it went, only pings that are not answered. The RDMA device is made anew all the same: soft RoCE 6.1
    loses what the connection manager sends while its network device is down and never sends again, so that nothing at all
    connects afterwards.
    """
    logins, start = target.logins(), time.monotonic()
    run("ip link set d0 down" if silently else "rdma link delete rxe0")
    wait("the loss is noticed", 60, lambda: get(f"/sys/class/iscsi_session/session{sid}/state") != "LOGGED_IN")
    say(f"noticed after {time.monotonic() - start:.1f} s")
    time.sleep(3)
    equal(adm("-m session").out, f"iser: [{sid}] {RDMA_PORTAL},1 {target.name} (non-flash)\n", "session while the link is gone")
    if silently:
        run("rdma link delete rxe0")
        run("ip link set d0 up")
    run("rdma link add rxe0 type rxe netdev d0")
    for on in (0, 1):  # the target's listener went with the device
        put(f"{target.tpg}/np/{RDMA_PORTAL}/iser", on)
    start = time.monotonic()
    wait("the session is back", 60, lambda: logged_in() == [sid])
    say(f"back after {time.monotonic() - start:.1f} s")
    equal(target.logins() - logins, 1, "new logins that the target saw")


def test():
    fabric()
    target = Target("rdma", [ram("d0", 80)], [RDMA_PORTAL])
    put(f"{target.tpg}/np/{RDMA_PORTAL}/iser", 1)
    daemon = Iscsid()
    discovers(target)
    sid = logs_in(target)
    path = disk(target, 30)
    write_and_compare(path, 64)
    logins = target.logins()
    daemon.stop()
    time.sleep(1)
    equal(logged_in(), [sid], "the session without its daemon")
    Iscsid()
    write_and_compare(path, 4)
    equal(target.logins(), logins, "logins by a daemon that takes over")
    for silently in (False, True):
        recovers(target, sid, silently)
        write_and_compare(path, 4)
    adm(f"-m node -T {target.name} -u")
    equal(sessions(), {}, "sessions after logout")
    equal(glob.glob("/sys/class/iscsi_endpoint/*"), [], "endpoints after logout")
    equal(disks(), [], "disks after logout")


if __name__ == "__main__":
    main(test)
