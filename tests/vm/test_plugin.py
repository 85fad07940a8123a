# SPDX-License-Identifier: GPL-2.0-or-later
"""Plugins: they are listed; without the one that is needed, the message names it, where it was looked for, and the package"""
import glob
import os
import shutil
import struct

from lib import *


def plugins():
    found = glob.glob("/usr/lib*/miscsi/plugins-1") + glob.glob("/usr/lib/*/miscsi/plugins-1")
    equal(len(found), 1, "folders of plugins")
    return found[0]


def transports_are_listed():
    contains(adm("-m transport").out, "tcp", "list of transports")


def missing_plugin_is_named(target, folder):
    shutil.move(f"{folder}/tcp.so", "/run/tcp.so")
    daemon = Iscsid()
    for what in ("-m discovery -t st -p " + PORTAL, f"-m node -T {target.name} -l"):
        got = adm(what, rc=12)
        for word in ("tcp", folder, "miscsi-plugin-tcp"):
            contains(got.err, word, "message")
    check(daemon.alive(), "iscsid died")
    equal(sessions(), {}, "sessions left behind")
    daemon.stop()
    shutil.move("/run/tcp.so", f"{folder}/tcp.so")


def damage(path):
    """Moves the plugin's constructor to where no code is: it crashes whoever loads it."""
    with open(path, "rb") as f:
        data = bytearray(f.read())
    table, = struct.unpack_from("<Q", data, 40)
    size, count = struct.unpack_from("<HH", data, 58)
    for row in range(table, table + size * count, size):
        kind, address, offset = struct.unpack_from("<4xI8xQQ", data, row)
        if kind == 4:  # relocations; a constructor is the first
            struct.pack_into("<Q", data, offset + 16, address)
            break
    os.unlink(path)
    with open(path, "wb") as f:
        f.write(data)


def broken_plugin_disturbs_nothing(target, folder):
    for name, data in (("broken.so", b"\x7fELF\x02\x01\x01" + bytes(100)), ("empty.so", b""), ("text.so", b"no plugin\n" * 10)):
        with open(f"{folder}/{name}", "wb") as f:
            f.write(data)
    damage(f"{folder}/ocs.so")
    Iscsid()
    got = adm("-m transport", rc=12)
    contains(got.out, "broken", "list of transports")
    contains(got.out, "it is damaged: an attempt to load it ended", "list of transports")
    contains(got.err, "4 of", "message")
    adm(f"-m node -T {target.name} -l")
    adm(f"-m node -T {target.name} -u")


def test():
    if PEER:
        skip("open-iscsi has no plugins")
    target = Target("p", [null("n0")])
    folder = plugins()
    daemon = Iscsid()
    transports_are_listed()
    discover()
    daemon.stop()
    missing_plugin_is_named(target, folder)
    broken_plugin_disturbs_nothing(target, folder)


if __name__ == "__main__":
    main(test)
