# SPDX-License-Identifier: GPL-2.0-or-later
# needs: qemu simhba ibft
"""Firmware boot: what an iBFT and adapters say is shown, remembered without secrets, and logged in to"""
import glob
import os
import subprocess

from lib import *

VM_TIME = 60
FW, SECOND, HOST = "iqn.2026-11.example:fw", "iqn.2026-11.example:fw2", "iqn.2026-11.example:fw-host"
USER, SECRET, USER_IN, SECRET_IN = "fwuser", "fw-secret-000", "fwtarget", "fw-secret-111"
IBFT = ("target=iqn.2026-11.example:fw target2=iqn.2026-11.example:fw2 initiator=iqn.2026-11.example:fw-host lun=3 "
        "user=fwuser secret=fw-secret-000 user_in=fwtarget secret_in=fw-secret-111")
PORTAL_FW = "10.9.0.1:3260"
KINDS = ["qla4xxx", "be2iscsi", "qedi"]
BOOT = "iqn.2024-01.org.example:sim-boot"


def record(target, secret="********", secret_in="********"):
    return f"""\
# BEGIN RECORD @VERSION@
iface.initiatorname = {HOST}
iface.transport_name = tcp
iface.hwaddress = 52:54:00:12:34:56
iface.bootproto = STATIC
iface.ipaddress = 10.9.0.1
iface.prefix_len = 24
iface.subnet_mask = 255.255.255.0
iface.gateway = 10.9.0.254
iface.primary_dns = 10.9.0.253
iface.vlan_id = 0
iface.net_ifacename = eth0
node.name = {target}
node.conn[0].address = 10.9.0.1
node.conn[0].port = 3260
node.session.auth.username = {USER}
node.session.auth.password = {secret}
node.session.auth.username_in = {USER_IN}
node.session.auth.password_in = {secret_in}
node.boot_lun = 03000000
# END RECORD
"""


def adapter_record(kind, number, more=("", "")):
    return f"""\
# BEGIN RECORD @VERSION@
iface.initiatorname = iqn.2024-01.org.example:{kind}.0
iface.transport_name = {kind}
iface.hwaddress = 00:00:5e:00:53:{number:02}
iface.bootproto = STATIC
{more[0]}iface.prefix_len = -1
{more[1]}node.name = {BOOT}
node.conn[0].address = 10.66.0.{99 + number}
node.conn[0].port = 3260
node.session.auth.username = bootuser
node.session.auth.password = ********
# END RECORD
"""


def shown(*args, **more):
    version = subprocess.run([ISCSIADM, "--version"], capture_output=True, text=True).stdout.split()[-1]
    return adm(*args, quiet=True, **more).out.replace(version, "@VERSION@")


def lines(*targets):
    return "".join(f"{PORTAL_FW},1 {t}\n" for t in targets)


def none_there():
    """Before the table is read."""
    for args in ("-m fw", "-m fw -l", "-m discovery -t fw"):
        r = adm(args, rc=21)
        equal((r.out, r.err), ("", "iscsiadm: Could not get list of targets from firmware. (err 21)\n"), args)


def prepare_firmware():
    subprocess.run(["modprobe", "-a", "virtio_net", "iscsi_ibft"], check=True)
    # the interface as the firmware had it, once for each target; what is there stays
    for _ in range(2):
        p = subprocess.run(["/usr/sbin/iscsistart", "-N"], capture_output=True, text=True)
        equal((p.returncode, p.stdout, p.stderr), (0, "iscsistart: eth0 has address 10.9.0.1\n" * 2, ""), "iscsistart -N")
    shown = subprocess.run(["ip", "-o", "address", "show", "dev", "eth0"], capture_output=True, text=True).stdout
    equal(shown.count(" 10.9.0.1/24 "), 1, "addresses")
    equal(subprocess.run(["ip", "route"], capture_output=True, text=True).stdout.count("default"), 0, "default routes")


def login_works(args, *names):
    """Of those targets; gives the sessions."""
    adm(args)
    wait("sessions", 10, lambda: len(logged_in()) == len(names))
    equal(sorted(get(p + "/targetname") for p in sessions().values()), sorted(names), "targets")
    equal({get(p + "/initiatorname") for p in sessions().values()}, {HOST}, "who we are there")
    for sid in logged_in():
        write_and_compare(wait("a disk", 10, lambda s=sid: disks(s))[0], 1)
    adm("-m session -u")
    equal(sessions(), {}, "sessions left")


def table():
    """The machine's own firmware, over software."""
    equal(shown("-m fw"), record(FW) + record(SECOND), "-m fw")
    equal(shown("-m fw -S"), record(FW, SECRET, SECRET_IN) + record(SECOND, SECRET, SECRET_IN), "-m fw -S")
    check(not os.path.exists(HOME + "/nodes"), "showing makes records")
    p = subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", ISCSIADM, "-m", "fw"], capture_output=True, text=True)
    equal((p.returncode, p.stdout, p.stderr), (13, "", "iscsiadm: only root may read the boot targets of the firmware: run this command as root\n"), "-m fw as nobody")
    login_works("-m fw -l", FW, SECOND)
    adm("-m fw -l -W", quiet=True)
    wait("both are up", 10, lambda: len(logged_in()) == 2)
    r = adm("-m fw -l")
    equal((r.out, r.err), ("", "iscsiadm: default: 1 session requested, but 1 already present.\n" * 2), "all are there")
    adm("-m session -u", quiet=True)
    adm("-m fw -l -n node.session.timeo.replacement_timeout -v 77", quiet=True)
    equal({get(p + "/recovery_tmo") for p in sessions().values()}, {"77"}, "a setting of the command line")
    adm("-m session -u", quiet=True)
    contains(adm("-m fw -l -n nosuch -v 77", rc=7).err, "nosuch is not a setting of node mode")
    contains(adm("-m fw -P 1", rc=7).err, "fw mode: option '-P' is not allowed/supported")
    equal(adm("-m node", rc=21).out, "", "records that a login leaves")


def discovery():
    equal(adm("-m discovery -t fw -o nonpersistent").out, lines(FW, SECOND), "nonpersistent")
    adm("-m node", rc=21)
    equal(adm("-m discovery -t fw").out, lines(FW, SECOND), "discovery")
    equal(adm("-m discovery -t fw -P 1").out, "".join(f"Target: {t}\n\tPortal: {PORTAL_FW},1\n\t\tIface Name: default\n"
                                                       for t in (FW, SECOND)), "as a tree")
    equal(adm("-m node").out, lines(FW, SECOND), "records")
    contains(adm("-m discovery -P 1").out, f"FIRMWARE:\nTarget: {FW}\n", "listed as of firmware")
    text = shown(f"-m node -S -T {FW}")
    for line in ("node.startup = onboot", "node.discovery_type = fw", "node.session.auth.authmethod = CHAP",
                 f"node.session.auth.username = {USER}", f"iface.initiatorname = {HOST}"):
        contains(text, line + "\n", "the record")
    for path in tree():
        with open(path, "rb") as f:
            data = f.read()
        check(SECRET.encode() not in data and SECRET_IN.encode() not in data, f"{path} holds a secret of the firmware")
    login_works("-m node -L onboot", FW, SECOND)
    equal(adm("-m discovery -t fw -l").out.splitlines()[:2], lines(FW, SECOND).splitlines(), "discovery with a login")
    equal(len(logged_in()), 2, "sessions")
    adm("-m discovery -t fw -l", rc=15)
    adm("-m node -U all", rc=21)  # the system may run from them
    adm("-m node -u")
    adm("-m node -o delete")


def iscsistart():
    """The same without the daemon: as an initramfs does it. Its sessions are taken over later."""
    def run(*args):
        p = subprocess.run(["/usr/sbin/iscsistart", *args], capture_output=True, text=True)
        equal((p.returncode, p.stderr), (0, ""), f"iscsistart {args}")
        return p.stdout
    version = subprocess.run([ISCSIADM, "--version"], capture_output=True, text=True).stdout.split()[-1]
    equal(run("-f").replace(version, "@VERSION@"), record(FW) + record(SECOND), "iscsistart -f")
    before = tree()
    equal(sorted(run("-b", "-P", "node.session.timeo.replacement_timeout=78").splitlines()),
          [f"iscsistart: logged in to {t} at {PORTAL_FW}" for t in (FW, SECOND)], "iscsistart -b")
    equal({get(p + "/recovery_tmo") for p in sessions().values()}, {"78"}, "a setting of iscsistart")
    equal({get(p + "/initiatorname") for p in sessions().values()}, {HOST}, "who we are there")
    equal(len(run("-b").splitlines()), 2, "lines about sessions that exist")
    equal(tree(), before, "/etc/iscsi after iscsistart")


def adapters():
    """What adapters' own firmware knows, each by its own transport."""
    simhba(",".join(KINDS), ports=1)
    whole = ("iface.ipaddress = 10.66.0.12\n", "iface.subnet_mask = 255.255.255.0\niface.gateway = 10.66.0.1\niface.vlan_id = 0\n")
    wanted = [adapter_record("qla4xxx", 1), adapter_record("be2iscsi", 2), adapter_record("qedi", 3, whole)]
    wanted[2] = wanted[2].replace("# END", "node.boot_lun = 0\n# END")
    equal(shown("-m fw"), record(FW) + record(SECOND) + "".join(wanted), "-m fw with adapters")
    adm("-m discovery -t fw")
    equal(sorted(os.path.basename(p) for p in glob.glob(f"{HOME}/nodes/{BOOT}/*/*")),
          ["be2iscsi.00:00:5e:00:53:02.ipv4.0", "qedi.00:00:5e:00:53:03.ipv4.0", "qla4xxx.00:00:5e:00:53:01.ipv4.0"], "their ifaces")
    simhba_log()
    for address, kind in (("10.66.0.100", "qla4xxx"), ("10.66.0.101", "be2iscsi")):
        adm(f"-m node -T {BOOT} -p {address} -l")
        sid = logged_in()[0]
        contains(adm("-m session").out, f"{kind}: [{sid}] {address}:3260,", "session")
        equal(get(f"/sys/class/iscsi_session/session{sid}/username"), "bootuser", "user")
        write_and_compare(wait("its disk", 10, lambda s=sid: disks(s))[0], 1)
        adm("-m session -u")
    sent = "\n".join(simhba_log())
    contains(sent, "SET_PARAM 24 bootsecret12", "what the firmware was told")
    check("SET_PARAM 1 0" not in sent and "SET_PARAM 16 -1" not in sent, "the firmware is told what nobody knows")


def card_of_an_adapter():
    """Where the card that the machine's firmware used is an iSCSI adapter's, the session goes through that."""
    subprocess.run(["rmmod", "miscsi_simhba"], check=True)
    simhba("cxgb4i", ports=1, netdevs="eth0")
    equal(shown("-m fw"), (record(FW) + record(SECOND)).replace("transport_name = tcp", "transport_name = cxgb4i"), "-m fw")
    adm("-m fw -l", rc=24)  # its target knows other names
    host = get(glob.glob("/sys/class/iscsi_host/host*/hwaddress")[0])
    contains("\n".join(simhba_log()), "EP_CONNECT", "what the adapter was asked for")
    contains(adm("-m fw -l", rc=24).err, f"[iface: cxgb4i.{host}.ipv4.0, target: {FW}", "through which iface")


def test():
    none_there()
    prepare_firmware()
    put(HOME + "/initiatorname.iscsi", "InitiatorName=iqn.2026-11.example:somebody-else\n")
    luns = [ram("a", 4), ram("b", 4)]
    for name, lun in ((FW, luns[0]), (SECOND, luns[1])):
        t = Target(name, [lun], [PORTAL_FW], auth=(USER, SECRET), auth_in=(USER_IN, SECRET_IN), initiator=HOST)
        del t
    iscsistart()
    Iscsid("-d", "3")
    wait("both were taken over", 10, lambda: len(logged_in()) == 2)
    adm("-m session -u")
    table()
    discovery()
    adapters()
    card_of_an_adapter()


if __name__ == "__main__":
    main(test)
