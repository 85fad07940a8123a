# SPDX-License-Identifier: GPL-2.0-or-later
# needs: qemu simhba
"""Adapters on the PCI bus: a host names the one that it is on; one whose plugin, module or driver is missing is reported with its package"""
import glob
import os
import re
import shutil

from lib import *

PCI = "/sys/bus/pci/devices"
TO, SIMULATED = "10.66.0.200", "iqn.2024-01.org.example:sim0"


def plugins():
    found = glob.glob("/usr/lib*/miscsi/plugins-1") + glob.glob("/usr/lib/*/miscsi/plugins-1")
    equal(len(found), 1, "folders of plugins")
    return found[0]


def id_of(slot, what):
    return get(f"{PCI}/{slot}/{what}")[2:]


def card():
    """A PCI device of the guest that has a driver: whatever it is, hosts can be hung below it."""
    found = [s for s in sorted(os.listdir(PCI)) if os.path.exists(f"{PCI}/{s}/driver")]
    check(found, "no PCI device with a driver")
    return found[0]


def hosts_name_their_adapter(slot):
    out = adm("-m host -P 1").out
    blocks = out.split("Host Number: ")[1:]
    equal(len(blocks), 3, "hosts")
    driver = os.path.basename(os.readlink(f"{PCI}/{slot}/driver"))
    for block in blocks:
        for line in (f"\tPCI Slot: {slot}\n", f"\tPCI Vendor: [{id_of(slot, 'vendor')}] ", f"\tPCI Device: [{id_of(slot, 'device')}] ",
                     f"\tPCI Driver: {driver}\n"):
            contains(block, line, "block of a host")
    if os.path.exists("/usr/share/misc/pci.ids"):
        check("<empty>" not in re.search("PCI Vendor: .*", out).group(), "the vendor has no name")
    check("PCI" not in adm("-m host").out, "the short form has changed")


def software_names_none():
    target = Target("s", [null("n0")])
    discover()
    daemon = Iscsid()
    adm(f"-m node -T {target.name} -l")
    sid = session_of(target)
    number = re.search(r"/host(\d+)/", os.path.realpath(sessions()[sid])).group(1)
    check("PCI" not in adm(f"-m host -H {number} -P 4").out, "a host of software names an adapter")
    adm(f"-m node -T {target.name} -u")
    daemon.stop()


def a_transports_name_is_an_iface():
    """No host is named: the route leads to the adapter."""
    daemon = Iscsid()
    for name in ("cxgb3i", "cxgb4i"):
        contains(adm(f"-m discovery -t st -p {TO} -I {name}").out, f"{TO}:3260,1 {SIMULATED}\n", "discovery")
        node = f"-m node -T {SIMULATED} -p {TO} -I {name}"
        adm(node, "-l")
        contains(adm("-m session").out, f"{name}: [", "sessions")
        adm(node, "-u")
        adm(node, "-o delete")
    daemon.stop()


def missing_plugin_is_reported(folder):
    """The kernel's transport is there and the plugin is not; both of a plugin's transports name its package."""
    shutil.move(f"{folder}/cxgbi.so", "/run/cxgbi.so")
    wanted = "cxgbi.so is missing: on Debian, run apt-get install miscsi-plugin-cxgbi"
    shown = adm("-m transport").out
    contains(shown, "Kernel transport: cxgb3i\n\tNot served: no plugin for transport 'cxgb3i' in ")
    contains(shown, wanted)
    adm("-m iface -I t3 -o new")
    adm("-m iface -I t3 -o update -n iface.transport_name -v cxgb3i")
    contains(adm(f"-m discovery -t st -p {PORTAL} -I t3", rc=12).err, wanted, "message of a discovery")
    shutil.move("/run/cxgbi.so", f"{folder}/cxgbi.so")
    check("cxgbi.so is missing" not in adm("-m transport").out, "a plugin that is back is still missed")


def missing_plugin_of_a_card_is_reported(folder, slot):
    """A vendor's line is enough to know the card by."""
    with open(f"{folder}/vendor.adapters", "w") as f:
        f.write(f"transport card cards nosuchmodule vendor-cards\npci {id_of(slot, 'vendor')}:{id_of(slot, 'device')} A card\n")
    for line in ("-m transport", "-m host -P 1"):
        shown = adm(line)
        equal(shown.err, "", "stderr")
        at = re.search(rf"^Adapter: {slot} .*\n\tTransport: card\n\tDriver: .*\n((\tNot ready: .*\n)+)", shown.out, re.M)
        check(at, f"{line} does not report the card")
        contains(at.group(1), "cards.so is missing: on Debian, run apt-get install vendor-cards")
        contains(at.group(1), f"kernel {os.uname().release} has no module nosuchmodule")
    os.unlink(f"{folder}/vendor.adapters")


def missing_module_is_reported(folder, slot):
    """A module that could be loaded, and is not, is named with the command that does it."""
    with open(f"{folder}/vendor.adapters", "w") as f:
        f.write(f"transport card cards be2iscsi vendor-cards\npci {id_of(slot, 'vendor')}:* A card\n")
    contains(adm("-m transport").out, "\tNot ready: kernel module be2iscsi is not loaded: run 'modprobe be2iscsi'\n")
    os.unlink(f"{folder}/vendor.adapters")


def test():
    if PEER:
        skip("open-iscsi has no plugins")
    folder, slot = plugins(), card()
    simhba("qla4xxx,cxgb3i,cxgb4i", ports=1, pci=slot)
    hosts_name_their_adapter(slot)
    software_names_none()
    a_transports_name_is_an_iface()
    missing_plugin_is_reported(folder)
    missing_plugin_of_a_card_is_reported(folder, slot)
    missing_module_is_reported(folder, slot)


if __name__ == "__main__":
    main(test)
