# SPDX-License-Identifier: GPL-2.0-or-later
"""A boot path of Open Firmware: it is shown, its network is set up, it is logged in to and remembered without its secrets; a hostile one is none"""
from lib import *

VM_TIME = 120
START = os.environ.get("ISCSISTART", "/usr/sbin/iscsistart")
BASE = "/sys/firmware/devicetree/base"
NODE, MAC = "pci@800000020000204/ethernet@0", "02:00:00:00:00:51"
HOST, ROOT = "iqn.2026-11.example:of-host", "iqn.2026-11.example:of-root"
USER, SECRET, USER_IN, SECRET_IN = "ofuser", "of-secret-000", "oftarget", "of-secret-111"
PATH = (f"/{NODE}:speed=auto,duplex=auto,iscsi,ciaddr=10.8.0.7,giaddr=10.8.0.254,subnet-mask=255.255.255.0,siaddr=10.9.0.1,"
        f"itname={HOST},iname={ROOT},iport=3260,ilun=0:2,chapid={USER},chappw={SECRET},ichapid={USER_IN},ichappw={SECRET_IN}")


def bootpath(text):
    os.makedirs(f"{BASE}/chosen", exist_ok=True)
    with open(f"{BASE}/chosen/bootpath", "wb") as f:
        f.write(text if isinstance(text, bytes) else text.encode() + b"\0")


def machine():
    """A device tree, and the card that it names; its target is reached through a gateway."""
    subprocess.run(["mount", "-t", "tmpfs", "firmware", "/sys/firmware"], check=True)
    os.makedirs(f"{BASE}/{NODE}")
    with open(f"{BASE}/{NODE}/local-mac-address", "wb") as f:
        f.write(bytes.fromhex(MAC.replace(":", "")))
    for words in (f"link add of0 address {MAC} type dummy", "link add other address 02:00:00:00:00:52 type dummy",
                  "address add 10.9.0.1/32 dev lo", "link set lo up"):
        subprocess.run(["ip", *words.split()], check=True)


def record(password="********", password_in="********"):
    return f"""\
iface.initiatorname = {HOST}
iface.transport_name = tcp
iface.hwaddress = {MAC}
iface.bootproto = STATIC
iface.ipaddress = 10.8.0.7
iface.prefix_len = -1
iface.subnet_mask = 255.255.255.0
iface.gateway = 10.8.0.254
node.name = {ROOT}
node.conn[0].address = 10.9.0.1
node.conn[0].port = 3260
node.session.auth.username = {USER}
node.session.auth.password = {password}
node.session.auth.username_in = {USER_IN}
node.session.auth.password_in = {password_in}
node.boot_lun = 0
"""


def start(*args, rc=0):
    p = subprocess.run([START, *args], capture_output=True, text=True, timeout=60 * PATIENCE)
    say(f"$ iscsistart {' '.join(args)}   [{p.returncode}]\n{p.stdout}{p.stderr}".rstrip())
    equal(p.returncode, rc, "exit status")
    return p


def shown(text):
    return "".join(line + "\n" for line in text.splitlines() if not line.startswith("#"))


def no_secret(*folders):
    for folder in folders:
        for path in tree(folder):
            with open(path, "rb") as f:
                data = f.read()
            check(SECRET.encode() not in data and SECRET_IN.encode() not in data, f"{path} holds a secret of the firmware")


def shows():
    say("-- shown")
    equal(shown(start("-f").stdout), record(), "iscsistart -f")
    equal(shown(adm("-m fw").out), record(), "-m fw")
    equal(shown(adm("-m fw -S").out), record(SECRET, SECRET_IN), "-m fw -S")


def boots():
    say("-- the network, and the login with mutual CHAP; again")
    for _ in range(2):
        equal(start("-N").stdout, "iscsistart: of0 has address 10.8.0.7\n", "-N")
    ip = subprocess.run("ip -o address; ip route", shell=True, capture_output=True, text=True).stdout
    contains(ip, "of0    inet 10.8.0.7/24 ", "the address")
    contains(ip, "10.9.0.1 via 10.8.0.254 dev of0", "the route")
    contains(start("-b").stdout, f"logged in to {ROOT} at 10.9.0.1:3260")
    contains(start("-b").stdout, "exists already")
    equal({get(p + "/initiatorname") for p in sessions().values()}, {HOST}, "who we are there")
    write_and_compare(wait("its disk", 10, disks)[0], 1)


def remembered():
    say("-- records, and a login by them")
    Iscsid()
    wait("the session was taken over", 10, lambda: "of-root" in adm("-m session", quiet=True).out)
    adm("-m session -u")
    equal(adm("-m discovery -t fw").out, f"10.9.0.1:3260,1 {ROOT}\n", "discovery")
    adm(f"-m node -T {ROOT} -l")
    write_and_compare(wait("its disk", 10, disks)[0], 1)
    adm("-m session -u")
    adm("-m fw -l")
    equal(len(logged_in()), 1, "sessions")
    adm("-m session -u")
    no_secret(HOME, "/run/miscsi/sessions")


def hostile():
    say("-- hostile boot paths")
    for text in (b"", b"\0", b"/" * 4096, PATH.encode()[:90], b"/../../../etc:iscsi,siaddr=10.9.0.1,iname=" + ROOT.encode(),
                 b"/\x1b[2J:iscsi,siaddr=10.9.0.1,iname=" + ROOT.encode(), f"/{NODE}:iscsi,siaddr=10.9.0.1,iname=../x".encode(),
                 f"/{NODE}:iscsi,siaddr=10.9.0.1,iname=iqn.2026-11.example:a\nnode.startup = automatic".encode()):
        bootpath(text)
        equal(start("-f", rc=21).stderr, "iscsistart: Could not get list of targets from firmware. (err 21)\n", "the message")
    start("-b", rc=21)
    start("-N", rc=21)
    bootpath(f"/{NODE}:iscsi,ciaddr=$(id),siaddr=10.9.0.1,ilun=\x1b[2J,chapid=a\tb,iname={ROOT}")
    text = start("-f").stdout
    check("$(" not in text and "\x1b" not in text and "\t" not in text, "a value that was not checked")
    contains(start("-N", rc=21).stderr, "reports no network interface with an address")


def test():
    machine()
    bootpath(PATH)
    t = Target(ROOT, [ram("a", 4)], ["10.9.0.1:3260"], auth=(USER, SECRET), auth_in=(USER_IN, SECRET_IN), initiator=HOST)
    shows()
    boots()
    equal(t.logins(), 1, "logins at the target")
    remembered()
    hostile()


if __name__ == "__main__":
    main(test)
