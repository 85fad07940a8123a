# SPDX-License-Identifier: GPL-2.0-or-later
"""Installed on a bare Debian: socket activation, logins at boot, a mount that comes back, and the order of the shutdown"""
from lab import *


def boot1():
    sh("systemctl --failed --no-legend; systemd-analyze; uname -a; ip addr; cat /proc/net/dev")
    install("miscsi")
    sh("systemctl status 'isc*' open-iscsi.service --no-pager", rc=None)
    sh("cat /etc/iscsi/initiatorname.iscsi; ls -la /etc/iscsi")
    adm(f"-m discovery -t st -p {PORTAL}")
    adm(f"-m node -T {name(0)} -l")
    sh("udevadm settle; ls -l /dev/disk/by-path")
