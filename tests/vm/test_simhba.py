# SPDX-License-Identifier: GPL-2.0-or-later
# needs: qemu simhba
"""Simulated adapters: every one comes up with its hosts, and takes what its driver takes"""
import glob
import os

from lib import *


def test():
    simhba("qla4xxx,bnx2i,cxgb3i,cxgb4i,be2iscsi,qedi,ocs", ports=1)
    equal(sorted(os.listdir("/sys/class/iscsi_transport")),
          ["be2iscsi", "bnx2i", "cxgb3i", "cxgb4i", "ocs", "qedi", "qla4xxx", "tcp"], "transports")
    equal(get("/sys/class/scsi_host/host1/proc_name"), "qla4xxx", "host1's driver")
    equal(get("/sys/class/iscsi_iface/ipv4-iface-1-0/ipaddress"), "10.66.0.10", "its address")
    equal(len(glob.glob("/sys/bus/iscsi_flashnode/devices/flashnode_sess-1:*")), 2, "flash nodes")


if __name__ == "__main__":
    main(test)
