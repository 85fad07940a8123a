# SPDX-License-Identifier: GPL-2.0-or-later
"""A root on iSCSI, by initramfs-tools, dracut and iBFT: boots, survives the end of iscsid and of the target and an upgrade, and goes down clean"""
import base64
import re
import shutil
import subprocess
import time

import ibft
from diskless import *

MACHINE = "diskless"
DEAD = "10.9.0.77"  # nobody answers there
ROOT_IS_THERE, ROOT_IS_MOUNTED = r"\[sda\] Attached SCSI disk", r"EXT4-fs \(sda\): mounted filesystem"
LOGIN = (f"ip={HOST}::{GATEWAY}:{MASK}::eth0:off ISCSI_TARGET_NAME={TARGET} ISCSI_TARGET_IP={SAN} ISCSI_TARGET_PORT=%d "
         f"ISCSI_USERNAME={USER} ISCSI_PASSWORD={SECRET}")


HOOK = ("rm -rf /run/d; mkdir -p /run/d/conf /run/d/sbin /run/d/etc; export DESTDIR=/run/d verbose=n version={0} MODULESDIR=/lib/modules/{0} "
        "MODULES=most __MODULES_TO_ADD=/run/modules; /usr/share/initramfs-tools/hooks/{1} || exit; find /run/d -type f -printf '%s\\n' | "
        "awk '{{ s += $1 }} END {{ print s + 0 }}'")


def costs_nothing(m):
    """
    Without a root on iSCSI the hook puts nothing into the image; its script, which initramfs-tools copies all the same, ends at once. dracut is
    told that its module is not wanted.
    """
    equal(m.enter(HOOK.format(m.version, "miscsi")).stdout, "0\n", "bytes in the image of a machine without such a root")
    out = m.enter("cd /usr/share/initramfs-tools/scripts/local-top; mv /usr/share/miscsi/boot/boot-login /run; "
                  "bash -c 'time -p for i in $(seq 100); do sh ./miscsi; done'; mv /run/boot-login /usr/share/miscsi/boot/").stdout
    took = sum(float(n) for n in re.findall(r"^(?:user|sys) (.*)$", out, re.M)) / 100
    m.say(f"at the boot of a machine without such a root: {took * 1000:.1f} ms of CPU time")
    said = m.enter("bash -c 'hostonly=yes; . /usr/lib/dracut/modules.d/95miscsi/module-setup.sh; check; echo $?'").stdout
    equal(said, "255\n", "dracut's question whether a machine without such a root needs the module")
    if took > 0.02:
        raise Failed(f"the script takes {took * 1000:.0f} ms of CPU time at the boot of a machine without such a root")


def grows_no_more(m):
    """What the hook puts into the image, libraries and kernel modules included, is not more than that of the packaged open-iscsi."""
    ours = int(m.enter(HOOK.format(m.version, "miscsi")).stdout.split()[-1])
    debs = m.root + "/root/peer"
    shutil.copytree(CACHE + "/machine/open-iscsi.debs", debs)
    peer = int(m.enter("dpkg --purge miscsi-initramfs miscsi miscsi-plugin-tcp; dpkg --force-depends -i /root/peer/*.deb; mkdir -p /etc/iscsi; "
                       ">/etc/iscsi/iscsi.initramfs; " + HOOK.format(m.version, "iscsi"), discarded=True).stdout.split()[-1])
    shutil.rmtree(debs)
    m.say(f"an image grows by {ours} bytes, with open-iscsi by {peer}")
    if not 5e6 < ours <= peer:
        raise Failed(f"an image grows by {ours} bytes, with open-iscsi by {peer}")


FINAL = """#!/bin/sh
exec >/dev/console 2>&1
umount -R /oldroot && echo lab: the root is unmounted
/miscsi.finalrd "$1"
echo o >/proc/sysrq-trigger
sleep 60
"""


def final_folder(m):
    """
    finalrd(1) is not in Debian 12. Its work, as its manual has it: a folder that has what the hook puts there, and where process 1 runs the hook
    again when systemd-shutdown has left the root.
    """
    m.sh("D=/run/initramfs; mkdir -p $D; mount -t tmpfs final $D; mkdir -p $D/dev $D/proc $D/sys $D/run $D/oldroot; for d in bin lib lib64 sbin; do mkdir -p $D/usr/$d && ln -sn usr/$d $D/$d; done; "
         "export DESTDIR=$D verbose=n; . /usr/share/initramfs-tools/hook-functions; for f in sh umount sleep; do copy_exec /bin/$f; done; "
         "cp /usr/share/finalrd/miscsi.finalrd $D/ && $D/miscsi.finalrd setup && chroot $D iscsiadm -m transport | grep -x 'Plugin: tcp' && "
         f"echo {base64.b64encode(FINAL.encode()).decode()} | base64 -d >$D/shutdown && chmod +x $D/shutdown")


def image_is_made(m):
    """Nothing for a machine without such a root; what is missing is named, and no image made; secrets stay out."""
    names = "lsinitramfs /boot/initrd.lab | grep -i -e iscsistart -e '/miscsi' -e iscsid.conf"
    costs_nothing(m)
    m.put("/etc/iscsi/initiatorname.iscsi", f"InitiatorName={INITIATOR}\n", 0o600)
    m.put("/etc/iscsi/iscsi.initramfs", "")
    grows_no_more(m)
    m.enter("echo 'node.session.auth.password = somebody-elses' >>/etc/iscsi/iscsid.conf; mkdir -p /etc/iscsi/nodes; "
            "echo another-secret >/etc/iscsi/nodes/record")
    make = f"mkinitramfs -o /boot/initrd.lab {m.version}"
    # not compressed, and the drivers that the machine needs: time, here and at the boot
    dracut = f"dracut --force --no-hostonly --no-compress --drivers 'virtio_net virtio_pci sd_mod ext4' /boot/initrd.dracut {m.version}"
    m.enter("mv /usr/lib/*/miscsi/plugins-1/tcp.so /root; mkdir -p /dev/shm")
    for command in make, dracut:
        failed = m.enter(command, rc=None)
        if failed.returncode == 0 or "there is no plugin in" not in failed.stdout:
            raise Failed(f"without a plugin: {failed.returncode} of {command}, {failed.stdout}")
    m.enter("mv /root/tcp.so /usr/lib/*/miscsi/plugins-1/; test ! -e /boot/initrd.dracut")
    m.enter(f"{make} && {dracut}")
    m.enter(f"{names}; rm -rf /root/i; unmkinitramfs /boot/initrd.lab /root/i && ! grep -rlE 'somebody-elses|another-secret' /root/i/etc || exit 1; "
            "test -e /root/i/etc/iscsi/iscsid.conf && ! find /root/i -name record | grep . && rm -rf /root/i")


def write(m, word, seconds=60, from_disk=True):
    """Adds it to the file, of which all is there."""
    m.written.append(word)
    m.sh(f"echo {word} >>/root/file && sync" + " && echo 3 >/proc/sys/vm/drop_caches" * from_disk, seconds=seconds)
    equal(m.sh("cat /root/file").split(), m.written, "what was written")


def is_up(m):
    equal(m.sh("lsblk -snro TRAN $(findmnt -fno SOURCE /) | grep -m1 iscsi"), "iscsi", "the root's transport")
    m.wait("iscsid has the session", 60, lambda: "[1]" in m.sh("iscsiadm -m session", rc=None))
    m.wait("iscsid runs", 60, lambda: m.sh("systemctl is-active iscsid", rc=None) == "active")


def main_process(m):
    return m.sh("systemctl show -P MainPID iscsid")


def killed(m, between=None):
    """What systemd and iscsid need to start again is in memory, as on a machine that is in use: between() may take the disk away."""
    old = main_process(m)
    if between:
        between()
    m.sh(f"kill -9 {old}")
    m.wait("iscsid is back", 60, lambda: main_process(m) not in (old, "0"))


def back(m):
    m.target_up()
    m.wait("the session is back", 90, lambda: m.sh("cat /sys/class/iscsi_session/session*/state", rc=None, seconds=90) == "LOGGED_IN")


def survives(m):
    write(m, "one")
    killed(m)
    write(m, "two")
    m.sh("systemctl restart iscsid")
    write(m, "three")
    m.target_down()
    time.sleep(20)
    back(m)
    write(m, "four", seconds=120)


def goes_down(m):
    """The shutdown writes what was not yet on the disk, and ends the root's session last, if at all."""
    m.written.append("last")
    m.sh("echo last >>/root/file")
    m.down(60)
    said = m.said()
    for text in "I/O error", "Remounting filesystem read-only", "EXT4-fs error":
        if text in said:
            raise Failed(f"the console has: {text}")
    m.target_down()
    p = subprocess.run(["debugfs", "-R", "cat /root/file", m.work + "/disk"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    equal(p.stdout.split(), m.written, "what is on the disk after the shutdown")
    p = subprocess.run(["dumpe2fs", "-h", m.work + "/disk"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if not re.search(r"^Filesystem state: +clean$", p.stdout, re.M) or "needs_recovery" in p.stdout:
        raise Failed("the root was not unmounted, or remounted read-only, before its session ended")


def delays_no_more(m, first, then, seconds):
    """On the console, by the kernel's clock."""
    times = [float(re.search(r"\[ *([0-9.]+)\][^\n]*" + text, m.said()).group(1)) for text in (first, then)]
    m.say(f"{times[1] - times[0]:.1f} s from {first} to {then}")
    if times[1] - times[0] > seconds * PATIENCE:
        raise Failed(f"{times[1] - times[0]:.0f} s from {first} to {then}")


def by_dracut(m):
    """
    With Debian's choice of a network, systemd-networkd, a dead portal of the root's target and a dead target; then the package is upgraded, and
    iscsid starts while its own disk is away.
    """
    m.target_up()
    m.boot(f"ip={HOST}::{GATEWAY}:{MASK}::eth0:off netroot=iscsi:{USER}:{SECRET}@{DEAD}::{m.port}:1:{TARGET} "
           f"netroot=iscsi:{USER}:{SECRET}@{SAN}::{m.port}:1:{TARGET} netroot=iscsi:{DEAD}::::iqn.2026-11.example:dead", initrd="initrd.dracut")
    is_up(m)
    delays_no_more(m, ROOT_IS_THERE, ROOT_IS_MOUNTED, 60)
    old = main_process(m)
    m.sh("dpkg --force-unsafe-io -i /root/next/*.deb", seconds=180)
    if main_process(m) == old or not m.sh("dpkg-query -W -f '${Version}' miscsi").endswith("+next"):
        raise Failed("the package was not upgraded")
    write(m, "upgraded", from_disk=False)
    killed(m, m.target_down)
    back(m)
    write(m, "returned", seconds=120)
    goes_down(m)


def by_ibft(m):
    """The same disk, named by the firmware alone: network, target and secrets."""
    words = (f"target={TARGET} initiator={INITIATOR} ip={HOST} tip={SAN} gw={GATEWAY} port={m.port} lun=1 user={USER} secret={SECRET}")
    m.target_up()
    m.boot("iscsi_auto", ibft.arguments_of_table(m.work + "/ibft", words))
    is_up(m)
    m.sh("ip -4 -o addr show dev eth0 | grep -q '" + HOST + "/" + PREFIX + " '")
    equal(m.sh("cat /root/file").split(), m.written, "what is on the root")
    m.sh("systemctl restart iscsid")
    final_folder(m)
    goes_down(m)
    for text in "lab: the root is unmounted", f"target: {TARGET}, portal: {SAN},{m.port}] successful.":
        if text not in m.said():
            raise Failed(f"the console does not say: {text}")


def test(m):
    m.written = []
    image_is_made(m)
    m.image()
    m.target_up()
    # a target that is wholly down, beside the root's
    m.boot(LOGIN % m.port + f" netroot=iscsi:{DEAD}::::iqn.2026-11.example:dead")
    is_up(m)
    delays_no_more(m, ROOT_IS_THERE, ROOT_IS_MOUNTED, 60)
    survives(m)
    goes_down(m)
    by_dracut(m)
    by_ibft(m)
