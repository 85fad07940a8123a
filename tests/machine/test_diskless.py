# SPDX-License-Identifier: GPL-2.0-or-later
"""A root on iSCSI, by initramfs-tools and by iBFT: boots, survives the end of iscsid and of the target, and goes down with it clean"""
import re
import subprocess
import time

import ibft
from diskless import *

MACHINE = "diskless"
LOGIN = (f"ip={HOST}::{GATEWAY}:{MASK}::eth0:off ISCSI_TARGET_NAME={TARGET} ISCSI_TARGET_IP={SAN} ISCSI_TARGET_PORT=%d "
         f"ISCSI_USERNAME={USER} ISCSI_PASSWORD={SECRET}")


def image_is_made(m):
    """Nothing for a machine without such a root; what is missing is named, and no image made; secrets stay out."""
    names = "lsinitramfs /boot/initrd.lab | grep -i -e iscsistart -e '/miscsi' -e iscsid.conf"
    m.put("/etc/iscsi/initiatorname.iscsi", f"InitiatorName={INITIATOR}\n", 0o600)
    m.put("/etc/iscsi/iscsi.initramfs", "")
    m.enter("echo 'node.session.auth.password = somebody-elses' >>/etc/iscsi/iscsid.conf; mkdir -p /etc/iscsi/nodes; "
            "echo another-secret >/etc/iscsi/nodes/record")
    make = f"mkinitramfs -o /boot/initrd.lab {m.version}"
    m.enter("mv /usr/lib/*/miscsi/plugins-1/tcp.so /root")
    failed = m.enter(make, rc=None)
    m.enter("mv /root/tcp.so /usr/lib/*/miscsi/plugins-1/")
    if failed.returncode == 0 or "there is no plugin in" not in failed.stdout:
        raise Failed(f"without a plugin: {failed.returncode}, {failed.stdout}")
    m.enter(make)
    m.enter(f"{names}; rm -rf /root/i; unmkinitramfs /boot/initrd.lab /root/i && ! grep -rlE 'somebody-elses|another-secret' /root/i/etc || exit 1; "
            "test -e /root/i/etc/iscsi/iscsid.conf && ! find /root/i -name record | grep . && rm -rf /root/i")


def survives(m):
    m.sh("mount | grep ' / '")
    equal(m.sh("lsblk -snro TRAN $(findmnt -fno SOURCE /) | grep -m1 iscsi"), "iscsi", "the root's transport")
    m.sh("sync; echo one >/root/file && sync && cat /root/file")
    state = "cat /sys/class/iscsi_session/session*/state"
    m.wait("iscsid has the session", 60, lambda: "[1]" in m.sh("iscsiadm -m session", rc=None))
    m.sh("kill -9 $(pidof iscsid) && echo two >>/root/file && sync")
    m.wait("iscsid is back", 60, lambda: m.sh("systemctl is-active iscsid", rc=None) == "active")
    m.sh("systemctl restart iscsid && echo three >>/root/file && sync")
    m.target_down()
    time.sleep(20)
    m.target_up()
    m.wait("the session is back", 90, lambda: m.sh(state, rc=None, seconds=90) == "LOGGED_IN")
    m.sh("echo four >>/root/file && sync && echo 3 >/proc/sys/vm/drop_caches && cat /root/file", seconds=120)
    equal(m.sh("cat /root/file").split(), ["one", "two", "three", "four"], "what was written")
    m.sh("echo five >>/root/file")  # not synced: the shutdown does that


def went_down(m):
    said = m.said()
    for text in "I/O error", "Remounting filesystem read-only", "EXT4-fs error":
        if text in said:
            raise Failed(f"the console has: {text}")
    m.target_down()
    p = subprocess.run(["debugfs", "-R", "cat /root/file", m.work + "/disk"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    equal(p.stdout.split(), ["one", "two", "three", "four", "five"], "what is on the disk after the shutdown")
    p = subprocess.run(["dumpe2fs", "-h", m.work + "/disk"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if not re.search(r"^Filesystem state: +clean$", p.stdout, re.M) or "needs_recovery" in p.stdout:
        raise Failed("the root was not unmounted, or remounted read-only, before its session ended")


def by_ibft(m):
    """The same disk, named by the firmware alone: network, target and secrets."""
    words = (f"target={TARGET} initiator={INITIATOR} ip={HOST} tip={SAN} gw={GATEWAY} port={m.port} lun=1 user={USER} secret={SECRET}")
    m.target_up()
    m.boot("iscsi_auto", ibft.arguments_of_table(m.work + "/ibft", words))
    equal(m.sh("lsblk -snro TRAN $(findmnt -fno SOURCE /) | grep -m1 iscsi"), "iscsi", "the root's transport")
    m.sh("ip -4 -o addr show dev eth0 | grep -q '" + HOST + "/" + PREFIX + " '")
    equal(m.sh("cat /root/file").split(), ["one", "two", "three", "four", "five"], "what is on the root")
    m.sh("echo six >>/root/file; systemctl restart iscsid && sync")
    m.down(60)
    for text in "I/O error", "EXT4-fs error":
        if text in m.said():
            raise Failed(f"the console has: {text}")


def test(m):
    image_is_made(m)
    m.image()
    m.target_up()
    m.boot(LOGIN % m.port)
    survives(m)
    m.down(60)
    went_down(m)
    by_ibft(m)
