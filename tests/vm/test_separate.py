# SPDX-License-Identifier: GPL-2.0-or-later
# needs: qemu simhba
"""Each plugin's file alone: without any one of them the other transports are shown, log in and log out as ever"""
import glob
import os
import shutil

from lib import *
from test_adapters import KINDS, NAME, TO, make_iface, network
from test_plugin import plugins

VM_TIME = 180
SERVES = {"cxgbi.so": {"cxgb3i", "cxgb4i"}}


def without(folder, name, neighbour):
    """Logs in through those that need it, tcp and a neighbour."""
    gone = SERVES.get(name, {name[:-3]}) & {"tcp", *KINDS}
    asked = gone | {"tcp", neighbour}
    shutil.move(f"{folder}/{name}", "/run/gone")
    daemon = Iscsid()
    for words in ("-m transport", "-m host", "-m host -P 1", "-m iface"):
        equal(adm(words, quiet=True).err, "", f"stderr of {words} without {name}")
    for kind in asked:
        iface = "default" if kind == "tcp" else f"i{1 + KINDS.index(kind)}"
        got = adm(f"-m node -I {iface} --login", rc=12 if kind in gone else 0, quiet=True)
        check(kind not in gone or f"miscsi-plugin-{name[:-3]}" in got.err, f"what is said of {kind}: {got.err}")
    up = {line.split(":")[0] for line in adm("-m session", quiet=True).out.splitlines()}
    equal(up, asked - gone, f"transports that are logged in without {name}")
    equal(adm("-m session -P 3", quiet=True).err, "", f"stderr of -m session -P 3 without {name}")
    adm("-m node --logout", quiet=True)
    equal(sessions(), {}, f"sessions left without {name}")
    daemon.stop()
    shutil.move("/run/gone", f"{folder}/{name}")
    say(f"{name}: {', '.join(sorted(gone)) or 'nobody'} missed it")


def test():
    network()
    simhba(",".join(KINDS), ports=1, netdevs=",".join(["sim0"] * len(KINDS)))
    Target("s0", [null("n0")])
    daemon = Iscsid()
    discover()
    for host, kind in enumerate(KINDS, 1):
        adm(f"-m node -o new -T {NAME} -p {TO}:3260,1 -I {make_iface(host, kind)}", quiet=True)
    daemon.stop()
    folder = plugins()
    files = sorted(os.path.basename(f) for f in glob.glob(folder + "/*.so"))
    check(len(files) >= 8, f"plugins: {files}")
    for i, name in enumerate(files + ["miscsi.adapters"]):
        without(folder, name, KINDS[i % len(KINDS)])


if __name__ == "__main__":
    main(test)
