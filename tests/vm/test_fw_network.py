# SPDX-License-Identifier: GPL-2.0-or-later
"""iscsistart -N: addresses, prefixes, VLANs, routes and IPv6 as an iBFT or a boot path has them, and nothing else of the network changes"""
import ctypes
import re

from lib import *

VM_TIME = 180  # many programs, each slow to start on a busy machine
START = os.environ.get("ISCSISTART", "/usr/sbin/iscsistart")
TREE = "/run/fw-sys"
MACS = {f"nic{n}": f"02:00:00:00:01:0{n}" for n in range(3)}
# what is there before: two devices more, one with a default route
SETUP = "\n".join([f"link add {name} address {mac} mtu 1400 type dummy" for name, mac in MACS.items()] +
                  ["link add other address 02:00:00:00:02:01 type dummy", "link set lo up", "link set other up", "address add 10.5.0.1/24 dev other",
                   "route add default via 10.5.0.254 dev other", "address add fd05::1/64 dev other nodad", "route add ::/0 via fd05::fe dev other",
                   "rule add from 10.5.0.9 table 77"]) + "\n"
LOOKS = [("-4", "link\naddress\nroute show table all\nrule\n"), ("-6", "address\nroute show table all\nrule\n")]

V4 = {"ip-addr": "10.1.0.7", "subnet-mask": "255.255.255.128", "gateway": "10.1.0.126"}
V6 = {"ip-addr": "fd00:0001:0000:0000:0000:0000:0000:0007", "prefix-len": "64", "gateway": "fd00:0001:0000:0000:0000:0000:0000:00fe"}
FAR6 = "fd00:0009:0000:0000:0000:0000:0000:0001"
OF = "/vdevice/l-lan@30000002:iscsi,iname=iqn.2026-11.example:of,"
# (what, {card: its files}, [(card's number, target's address)] or a boot path, {device: what it gets}, status)
CASES = [
    ("a mask and a gateway", {0: V4}, [(0, "10.9.0.1")], {"nic0": ["inet 10.1.0.7/25 ", "10.9.0.1 via 10.1.0.126 dev nic0"]}, 0),
    ("a target within the prefix", {0: V4}, [(0, "10.1.0.1")], {"nic0": ["inet 10.1.0.7/25 "]}, 0),
    ("the length of the prefix", {0: {"ip-addr": "10.1.0.7", "prefix-len": "27"}}, [(0, "10.1.0.1")], {"nic0": ["inet 10.1.0.7/27 "]}, 0),
    ("by DHCP", {0: dict(V4, origin="3")}, [(0, "10.9.0.1")], {"nic0": ["inet 10.1.0.7/25 ", "10.9.0.1 via 10.1.0.126 dev nic0"]}, 0),
    ("neither mask nor prefix", {0: {"ip-addr": "10.1.0.7", "gateway": "10.1.0.126"}}, [(0, "10.9.0.1")],
     {"nic0": ["inet 10.1.0.7/32 ", "10.9.0.1 via 10.1.0.126 dev nic0"]}, 0),
    ("the address alone", {0: {"ip-addr": "10.1.0.7"}}, [(0, "10.1.0.1")], {"nic0": ["inet 10.1.0.7/32 ", "10.1.0.1 dev nic0"]}, 0),
    ("IPv6", {0: V6}, [(0, FAR6)], {"nic0": ["inet6 fd00:1::7/64 ", "fd00:9::1 via fd00:1::fe dev nic0"]}, 0),
    ("IPv6 without a prefix", {0: dict(V6, **{"prefix-len": ""})}, [(0, FAR6)], {"nic0": ["inet6 fd00:1::7/128 ", "fd00:9::1 via fd00:1::fe dev nic0"]}, 0),
    ("a VLAN", {0: dict(V4, vlan="7")}, [(0, "10.9.0.1")],
     {"nic0": [], "nic0.7": ["vlan protocol 802.1Q id 7 ", "inet 10.1.0.7/25 ", "10.9.0.1 via 10.1.0.126 dev nic0.7"]}, 0),
    ("two cards", {0: V4, 1: dict(V6, vlan="4094")}, [(0, "10.1.0.1"), (1, FAR6)],
     {"nic0": ["inet 10.1.0.7/25 "], "nic1": [], "nic1.4094": ["inet6 fd00:1::7/64 ", "fd00:9::1 via fd00:1::fe dev nic1.4094"]}, 0),
    ("two targets of a card", {1: V4}, [(1, "10.9.0.1"), (1, "10.9.0.2")],
     {"nic1": ["inet 10.1.0.7/25 ", "10.9.0.1 via 10.1.0.126 dev nic1", "10.9.0.2 via 10.1.0.126 dev nic1"]}, 0),
    ("a card that is missing, and one that is there", {0: dict(V4, mac="02:00:00:00:09:09"), 2: V4}, [(0, "10.1.0.1"), (2, "10.1.0.1")],
     {"nic2": ["inet 10.1.0.7/25 "]}, 4),
    ("no address", {0: {"gateway": "10.1.0.126"}}, [(0, "10.9.0.1")], {}, 21),
    ("values that are none", {0: {"ip-addr": "10.1.0", "subnet-mask": "\x1b[2J", "vlan": "4096"}}, [(0, "10.9.0.1")], {}, 21),
    ("a gateway of another family", {0: dict(V4, gateway=V6["gateway"])}, [(0, "10.9.0.1")], {"nic0": ["inet 10.1.0.7/25 "]}, 4),
    ("Open Firmware", {2: None}, OF + "siaddr=10.9.0.1,ciaddr=10.1.0.7,subnet-mask=255.255.255.128,giaddr=10.1.0.126",
     {"nic2": ["inet 10.1.0.7/25 ", "10.9.0.1 via 10.1.0.126 dev nic2"]}, 0),
    ("Open Firmware, IPv6", {2: None}, OF + "ipv6,siaddr=fd00:9::1,ciaddr=fd00:1::7,giaddr=fd00:1::fe",
     {"nic2": ["inet6 fd00:1::7/128 ", "fd00:9::1 via fd00:1::fe dev nic2"]}, 0),
]


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(text if isinstance(text, bytes) else text.encode() + b"\n")


def firmware(cards, boot):
    remove_tree(TREE)
    os.makedirs(f"{TREE}/class/net")
    if isinstance(boot, str):
        base = f"{TREE}/firmware/devicetree/base"
        write(f"{base}/chosen/bootpath", boot.encode() + b"\0")
        write(f"{base}/vdevice/l-lan@30000002/local-mac-address", b"\0\0" + bytes.fromhex(MACS["nic2"].replace(":", "")))
        return
    for n, files in cards.items():
        for name, text in dict({"mac": MACS[f"nic{n}"], "origin": "1", "vlan": "0"}, **files).items():
            write(f"{TREE}/firmware/ibft/ethernet{n}/{name}", text)
    for n, (card, address) in enumerate(boot):
        for name, text in (("target-name", f"iqn.2026-11.example:fw{n}"), ("ip-addr", address), ("nic-assoc", str(card))):
            write(f"{TREE}/firmware/ibft/target{n}/{name}", text)


def ip(lines, *family):
    return subprocess.run(["ip", *family, "-o", "-d", "-batch", "-"], input=lines, capture_output=True, text=True, check=True).stdout


def look():
    """Each line without what counts down."""
    return [re.sub(r"\s+", " ", re.sub(r"(valid_lft|preferred_lft|expires) \S+", "", line)) for family, words in LOOKS for line in ip(words, family).splitlines()]


def lines_of(lines, device):
    return [line for line in lines if re.search(rf"\b{re.escape(device)}(@|:| |$)", line)]


def one(what, cards, boot, wanted, status):
    """In a network of its own."""
    firmware(cards, boot)
    ip(SETUP)
    before = look()
    for _ in range(2):  # again: what is there stays
        p = subprocess.run([START, "-N"], capture_output=True, text=True, timeout=30 * PATIENCE, env=dict(os.environ, MISCSI_SYSFS=TREE))
        say((p.stdout + p.stderr).rstrip())
        equal(p.returncode, status, "exit status")
        check("\x1b" not in p.stdout + p.stderr, "a value that was not checked")
    after = look()
    for device, parts in wanted.items():
        lines = lines_of(after, device)
        check(any("<" in line and ",UP" in line for line in lines), device, "is not up")
        for part in parts:
            equal(len([line for line in lines if part in line + " "]), 1, f"{part} in {lines}")
        check(not any("tentative" in line for line in lines), "an address that is tried out", lines)
        check(not any(re.match("(unicast )?default ", line) for line in lines), "a default route", lines)
        check(all("mtu 1400" in line for line in lines if "<" in line), "an MTU", lines)
    mine = [line for device in wanted for line in lines_of(before + after, device)]
    equal([line for line in after if line not in mine], [line for line in before if line not in mine], "the rest of the network")


def test():
    subprocess.run(["modprobe", "-a", "ipv6", "dummy", "8021q"], check=True)
    failed = []
    for case in CASES:
        say("--", case[0])
        child = os.fork()
        if not child:
            try:
                equal(ctypes.CDLL(None).unshare(0x40000000), 0, "unshare(CLONE_NEWNET)")
                one(*case)
            except Exception as e:
                say("FAILED:", e)
                os._exit(1)
            os._exit(0)
        if os.waitpid(child, 0)[1]:
            failed.append(case[0])
    equal(failed, [], "cases that failed")


if __name__ == "__main__":
    main(test)
