# SPDX-License-Identifier: GPL-2.0-or-later
# needs: plain
"""A static iscsistart, of glibc and of musl, works in a folder that holds nothing else; it is at most 3 MiB"""
import subprocess

from lib import *

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
ME = "iqn.2026-11.example:initiator"
AUTH, AUTH_IN = ("user", "secretsecret1"), ("target", "secretsecret2")
MOST = 3 << 20


def alone(program, folder):
    """The folder: the program, and the kernel's sysfs."""
    os.makedirs(folder + "/sys")
    subprocess.run(["strip", "-o", folder + "/iscsistart", program], check=True)
    size = os.path.getsize(folder + "/iscsistart")
    check(size <= MOST, f"{program} has {size} bytes, stripped")
    say(f"{program}: {size} bytes")
    subprocess.run(["mount", "-t", "sysfs", "sysfs", folder + "/sys"], check=True)


def start(folder, *args, rc=0):
    p = subprocess.run(["chroot", folder, "/iscsistart", *args], capture_output=True, text=True, timeout=60 * PATIENCE)
    say(f"$ iscsistart {' '.join(args)}   [{p.returncode}]\n{p.stdout}{p.stderr}".rstrip())
    equal(p.returncode, rc, "exit status")
    return p.stdout + p.stderr


def node(target, *more):
    host, port = target.portal.rsplit(":", 1)
    return ["-i", ME, "-t", target.name, "-g", "1", "-a", host, "-p", port, *more]


def works(program, number):
    folder = f"/run/alone{number}"
    alone(program, folder)
    equal(sorted(os.listdir(folder)), ["iscsistart", "sys"], "the folder")
    one = Target(f"one{number}", [ram(f"d{number}", 8)], [f"127.0.0.1:{3260 + number}"])
    two = Target(f"two{number}", [ram(f"e{number}", 8)], [f"127.0.0.1:{3270 + number}"], auth=AUTH, auth_in=AUTH_IN, initiator=ME)
    contains(start(folder, *node(one)), "logged in to")
    contains(start(folder, *node(one)), "exists already")
    contains(start(folder, *node(two, "-u", AUTH[0], "-w", "wrongwrongwrong"), rc=24), "authentication failure")
    contains(start(folder, *node(two, "-u", AUTH[0], "-w", AUTH[1], "-U", AUTH_IN[0], "-W", AUTH_IN[1])), "logged in to")
    for t in one, two:
        write_and_compare(disk(t), 1)
    other = ["-i", ME, "-t", one.name + "x", "-g", "1", "-a", "127.0.0.1"]
    contains(start(folder, *other, "-P", "iface.transport_name=nosuch", rc=12), "no plugin for transport 'nosuch'")
    contains(start(folder, "-b", rc=21), "Could not get list of targets from firmware")
    equal(sorted(os.listdir(folder)), ["iscsistart", "run", "sys"], "the folder afterwards")
    # iscsid adopts the sessions by what the program left
    os.makedirs("/run/miscsi", exist_ok=True)
    subprocess.run(["cp", "-r", folder + "/run/miscsi/sessions", "/run/miscsi/"], check=True)
    d = Iscsid()
    equal((one.logins(), two.logins()), (1, 1), "logins at the targets")
    adm("-m session -u", quiet=True)
    d.stop()


def test():
    programs = [p for p in (f"{TOP}/build/static/iscsistart", f"{TOP}/build/musl/iscsistart") if os.path.exists(p)]
    if PEER or not programs:
        skip("there is no static program (scripts/static)")
    for number, program in enumerate(programs):
        works(program, number)


if __name__ == "__main__":
    main(test)
