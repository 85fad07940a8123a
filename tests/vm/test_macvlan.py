# SPDX-License-Identifier: GPL-2.0-or-later
# needs: qemu simhba
"""An adapter's address that no network device has: a macvlan answers for it, when iscsid.offload_macvlan says so"""
import os
import subprocess

from lib import *
from test_adapters import NAME, TO
from test_offload import FAR, HOSTS, answered_once, iface, ip, node, said

VM_TIME = 60
PARENT = "02:00:00:00:00:01"
WHO_HAS = """
import select, socket, sys, time
us, target = bytes.fromhex("0200000000c8"), socket.inet_aton(sys.argv[1])
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x806))
s.bind(("far0", 0x806))
s.send(b"\\xff" * 6 + us + bytes.fromhex("08060001080006040001") + us + socket.inet_aton(sys.argv[2]) + bytes(6) + target)
end, found = time.monotonic() + 1, []
while select.select([s], [], [], max(0, end - time.monotonic()))[0]:
    data = s.recv(100)
    if data[20:22] == b"\\0\\2" and data[28:32] == target:
        found.append(":".join("%02x" % b for b in data[22:28]))
print(*found)
"""


def network():
    """A cable whose far end, in a network of its own, has the target's address; and a VLAN on it."""
    subprocess.run(["modprobe", "-a", "veth", "8021q"], check=True)
    for words in ("netns add far", "link add sim0 type veth peer name far0 netns far", f"link set sim0 address {PARENT} up",
                  "addr add 10.66.0.1/24 dev sim0", "link add link sim0 name sim0.7 type vlan id 7", "link set sim0.7 up"):
        ip(words)
    for words in ("link set far0 address 02:00:00:00:00:c8 up", f"addr add {TO}/24 dev far0", "link set lo up",
                  "link add link far0 name far0.7 type vlan id 7", "link set far0.7 up", f"addr add {FAR}/24 dev far0.7"):
        ip("-n far " + words)


def who_has(address, us=TO):
    """Who answers at the far end, each of them."""
    p = subprocess.run(["ip", "netns", "exec", "far", "python3", "-c", WHO_HAS, address, us], stdout=subprocess.PIPE, text=True, check=True)
    return p.stdout.split()


def mac_of(host):
    return get(f"/sys/class/iscsi_host/host{host}/hwaddress")


def device_of(host):
    return "isc" + mac_of(host).replace(":", "")


def devices():
    return sorted(d for d in os.listdir("/sys/class/net") if d.startswith("isc"))


def log_in(name, to=TO, rc=0):
    adm(node(name, to), "-o new", quiet=True)
    adm(node(name, to), "-o update -n node.session.initial_login_retry_max -v 1", quiet=True)
    return adm(node(name, to), "--login", rc=rc)


def fixed_address():
    """bnx2i knows its network device, qedi is told it."""
    iface("a", 1, ipaddress="10.66.0.50")
    iface("b", 3, ipaddress="10.66.0.53", net_ifacename="sim0")
    iface("c", 4, ipaddress="10.66.0.54")
    contains(log_in("c", rc=7).err, "cannot make a macvlan for the adapter, because its network device is not known", "what it says")
    equal(devices(), [], "devices")
    for name, host, address in (("a", 1, "10.66.0.50"), ("b", 3, "10.66.0.53")):
        equal(who_has(address), [], f"who answered for {address} before")
        log_in(name)
        contains(said("src:")[-1], bytes(map(int, address.split("."))).hex(), "the source that the adapter was told")
        contains(said(" PATH_UPDATE")[-1], "mac 02:00:00:00:00:c8", "the target's address")
        equal(who_has(address), [mac_of(host)], f"who answers for {address}")
        equal(who_has("10.66.0.1"), [PARENT], "who answers for the parent's address")
    equal(devices(), sorted([device_of(1), device_of(3)]), "devices")
    index = get(f"/sys/class/net/{device_of(1)}/ifindex")
    for name in "ab":
        adm(node(name), "--logout")
    equal(who_has("10.66.0.50"), [mac_of(1)], "who answers after the logout")
    log_in("a")
    adm(node("a"), "--logout")
    equal(get(f"/sys/class/net/{device_of(1)}/ifindex"), index, "the device is the same")
    ip(f"link del {device_of(1)}")
    log_in("a")
    equal(who_has("10.66.0.50"), [mac_of(1)], "who answers when it was made anew")
    adm(node("a"), "--logout")
    answered_once()


def dhcp():
    """The device is there for the administrator's client; its address is used as soon as there is one."""
    name = device_of(2)
    iface("d", 2, bootproto="dhcp")
    contains(log_in("d", rc=4).err, f"network device {name}, which iscsid made for the adapter, has no IP address yet: run a DHCP client on it", "what it says")
    ip(f"addr add 10.66.0.60/24 dev {name}")  # as a client does
    log_in("d")
    contains(said("src:")[-1], "0a42003c", "the source that the adapter was told")
    adm(node("d"), "--logout")
    ip(f"link del {name}")
    answered_once()


def vlan():
    """The iface names a VLAN device: the macvlan is on it, and the adapter tags."""
    iface("v", 2, ipaddress="10.67.0.50", subnet_mask="255.255.255.0", net_ifacename="sim0.7")
    log_in("v", FAR)
    contains(said(" PATH_UPDATE")[-1], "mac 02:00:00:00:00:c8 len 4 vlan 7 mtu 1500", "the answer")
    contains(said("src:")[-1], "0a430032", "the source that the adapter was told")
    adm(node("v", FAR), "--logout")
    answered_once()


def discovery():
    """Without the daemon the command makes it."""
    ip(f"link del {device_of(1)}")
    contains(adm(f"-m discovery -t st -p {TO} -I a").out, f"{TO}:3260,1 {NAME}\n", "discovery")
    equal(who_has("10.66.0.50"), [mac_of(1)], "who answers")
    answered_once()


def test():
    network()
    simhba("bnx2i,qedi", ports=2, netdevs="sim0,sim0,sim0,sim0")
    equal(len(HOSTS), 4, "hosts")
    config({"iscsid.offload_macvlan": "Yes"})
    daemon = Iscsid("-d", "3")
    for part in (fixed_address, dhcp, vlan):
        part()
    daemon.stop()
    discovery()


if __name__ == "__main__":
    main(test)
