# SPDX-License-Identifier: GPL-2.0-or-later
# needs: qemu simhba
"""bnx2i and qedi without their maker's daemon: uio device, paths, VLAN, discovery with and without iscsid"""
import glob
import os
import re
import subprocess
import time

from lib import *
from test_adapters import NAME, TO, make_iface, network

VM_TIME = 60
HOSTS = {1: "bnx2i", 2: "bnx2i", 3: "qedi", 4: "qedi"}
FAR = "10.67.0.200"  # behind VLAN 7


def ip(words):
    subprocess.run(["ip", *words.split()], check=True)


def held(daemon):
    """The uio devices that the daemon has open, each time it has."""
    fds = glob.glob(f"/proc/{daemon.pid}/fd/*")
    return sorted(p for p in (os.readlink(fd) for fd in fds if os.path.islink(fd)) if p.startswith("/dev/uio"))


def device_of(host):
    return "/dev/" + os.listdir(os.path.realpath(f"/sys/class/scsi_host/host{host}/device/..") + "/uio")[0]


def said(words, clear=False):
    return [line for line in simhba_log(clear) if words in line]


def node(iface, to=TO):
    return f"-m node -T {NAME} -p {to} -I {iface}"


def iface(name, host, **settings):
    adm("-m iface -o new -I", name, quiet=True)
    settings.update(transport_name=HOSTS[host], hwaddress=get(f"/sys/class/iscsi_host/host{host}/hwaddress"))
    adm(f"-m iface -I {name} -o update", *[f"-n iface.{key} -v {value}" for key, value in settings.items()], quiet=True)


def login(iface, to=TO):
    adm(node(iface, to), "-o new", quiet=True)
    adm(node(iface, to), "-o update -n node.session.initial_login_retry_max -v 1", quiet=True)
    adm(node(iface, to), "--login")


def answered_once():
    """Each question for a path has one answer, and none that would upset a driver."""
    log = simhba_log()
    asked = [re.search(r"handle \d+", line)[0] for line in log if "PATH_REQ" in line]
    got = [re.search(r"handle \d+", line)[0] for line in log if " PATH_UPDATE" in line and "BAD" not in line]
    equal(got, asked, "answers, and questions")
    equal([line for line in log if "BAD" in line], [], "what no driver should be sent")
    return len(asked)


def uio_is_held():
    """Open while there are sessions, once, and not longer; again after a kill, and after it was away."""
    daemon = Iscsid("-d", "3")
    make_iface(1, "bnx2i")
    iface("other", 1)
    equal(held(daemon), [], "open before any use")
    simhba_log()
    login("i1")
    login("other")
    equal(held(daemon), [device_of(1)], "open with two sessions")
    equal(len(said("uio opened")), 1, "times it was opened")
    equal(len(logged_in()), 2, "sessions")

    daemon.kill()
    wait("it is closed", 5, lambda: said("host1 uio closed"))
    equal(answered_once(), 2, "paths asked for")
    daemon = Iscsid("-d", "3")
    wait("open again, as sessions are taken over", 5, lambda: held(daemon) == [device_of(1)])
    equal(len(said("uio opened")), 1, "times it was opened")
    equal(said("EP_CONNECT"), [], "connects for that")

    simhba_do("uio 1 down")
    simhba_do("uio 1 up")
    sid = logged_in()[0]
    simhba_do(f"conn_error {sid} 1011")
    wait("the session is back", 30, lambda: said("START_CONN") and len(logged_in()) == 2)
    equal(held(daemon), [device_of(1)], "open: the one that came back")
    equal(len(said("uio opened")), 2, "times it was opened")

    adm(node("i1"), "--logout")
    equal(held(daemon), [device_of(1)], "open with one session left")
    adm(node("other"), "--logout")
    wait("it is given back with the last session", 5, lambda: held(daemon) == [])
    answered_once()
    return daemon


def by_route(daemon):
    """Where the driver chooses the adapter, all of them are made ready."""
    adm("-m iface -o new -I route", quiet=True)
    adm("-m iface -I route -o update -n iface.transport_name -v bnx2i", quiet=True)
    login("route")
    equal(held(daemon), sorted([device_of(1), device_of(2)]), "open")
    adm(node("route"), "--logout")
    wait("given back", 5, lambda: held(daemon) == [])
    answered_once()


def refused(daemon):
    """What is missing is told, with its name, and at once."""
    simhba_do("uio 1 down")
    r = adm(node("i1"), "--login", rc=12)
    contains(r.err, "transport bnx2i connects only while iscsid holds the adapter's uio device open", "what it says")
    check(r.seconds < 5 * PATIENCE, "that took long")
    simhba_do("uio 1 up")
    path = device_of(1)
    wait(path, 5, lambda: os.path.exists(path))
    os.rename(path, path + ".away")
    contains(adm(node("i1"), "--login", rc=4).err, f"{path}, which does not exist", "what it says")
    os.rename(path + ".away", path)
    with open(path, "rb"):  # the maker's daemon
        adm(node("i1"), "--login")
        equal(held(daemon), [], "open in the daemon while another program has it")
        adm(node("i1"), "--logout")
    for words, rc in (("-m iface -I i1 -C ping -a 10.66.0.200 -c 1", 27), ("-m iface -I i1 -o apply", 14)):
        text = adm(words, rc=rc)
        contains(text.err + text.out, ": its kernel driver leaves that to a daemon of the adapter's maker", words)
    # an address that nobody has, and no leave to make a macvlan
    for key, value, part in (("ipaddress", "10.66.0.9", "10.66.0.9 (iface.ipaddress)"), ("bootproto", "dhcp", "the adapter cannot use DHCP")):
        iface(key, 1, **{key: value})
        adm(node(key), "-o new", quiet=True)
        for words in (f"{node(key)} --login", f"-m discovery -t st -p {TO} -I {key}"):
            r = adm(words, rc=14)
            contains(r.err, part, "what it says")
            contains(r.err, "iscsid.offload_macvlan = Yes", "what it says")
    answered_once()


def vlan():
    """A route by a VLAN device: the adapter is told the number."""
    for host in (1, 3):
        i = make_iface(host, HOSTS[host])
        simhba_log()
        login(i, FAR)
        update = said("PATH_UPDATE")
        contains(update[0], "mac 02:00:00:00:07:c8 len 4 vlan 7 mtu 1400", "the answer")
        adm(node(i, FAR), "--logout")
        answered_once()


def discoveries(expected=1):
    """Through both kinds; each question is answered once, whoever does it."""
    for host in (1, 3):
        i = make_iface(host, HOSTS[host])
        contains(adm(f"-m discovery -t st -p {TO} -I {i}").out, f"{TO}:3260,1 {NAME}\n", "discovery")
        equal(answered_once(), expected, "paths asked for")
        equal(sessions(), {}, "sessions left")


def without_daemon():
    discoveries()
    both = [subprocess.Popen([ISCSIADM, *f"-m discovery -t st -p {TO} -I i{h}".split()], stdout=subprocess.DEVNULL) for h in (1, 3)]
    equal([p.wait(60) for p in both], [0, 0], "two at once")
    equal(answered_once(), 2, "paths asked for")
    contains(adm(f"-m discovery -t st -p {FAR} -I i3").out, "10.67.0.200:3260,1", "by the VLAN")


def test():
    network()
    subprocess.run(["modprobe", "8021q"], check=True)
    for words in ("link add link sim0 name sim0.7 type vlan id 7", "link set sim0.7 mtu 1400 up", "addr add 10.67.0.1/24 dev sim0.7",
                  f"neigh add {FAR} lladdr 02:00:00:00:07:c8 dev sim0.7 nud permanent"):
        ip(words)
    simhba("bnx2i,qedi", ports=2, netdevs="sim0,sim0,sim0,sim0")
    for host in HOSTS:
        wait(device_of(host), 5, lambda: os.path.exists(device_of(host)))
    for part in (uio_is_held, by_route, refused, vlan, discoveries):
        start = time.monotonic()
        if part is uio_is_held:
            daemon = part()
        else:
            part(daemon) if part in (by_route, refused) else part()
        say(f"{part.__name__}: {time.monotonic() - start:.1f} s")
    daemon.stop()
    without_daemon()
    equal(subprocess.run(["rmmod", "miscsi_simhba"]).returncode, 0, "rmmod: nothing is left that uses it")


if __name__ == "__main__":
    main(test)
