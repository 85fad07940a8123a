# SPDX-License-Identifier: GPL-2.0-or-later
"""A made-up /sys: the class layout of Linux, with one session of one software host when asked."""
import os

TARGET = "iqn.2026-11.com.example:disk1"
INITIATOR = "iqn.2026-11.com.example:initiator"

HOST = dict(hwaddress="(null)", ipaddress="192.0.2.1", netdev="(null)", initiatorname=INITIATOR,
            port_state="Unknown!", port_speed="Unknown!")
SCSI_HOST = dict(proc_name="iscsi_tcp", state="running", scan="", unique_id="2")
SESSION = dict(targetname=TARGET, tpgt=1, recovery_tmo=120, state="LOGGED_IN", ifacename="default", initiatorname=INITIATOR,
               username="(null)", password="(null)", username_in="(null)", password_in="(null)", initial_r2t=0,
               immediate_data=1, first_burst_len=262144, max_burst_len=16776192, max_outstanding_r2t=1, abort_tmo=15,
               lu_reset_tmo=30, tgt_reset_tmo=30, fast_abort=1, erl=0, data_pdu_in_order=1, data_seq_in_order=1,
               creator=4242, target_state="SCANNED", target_id=0)
CONNECTION = dict(address="192.0.2.10", port=3260, persistent_address="192.0.2.10", persistent_port=3260,
                  max_recv_dlength=262144, max_xmit_dlength=8192, header_digest=0, data_digest=0, exp_statsn=42, ping_tmo=5,
                  recv_tmo=5, state="up", local_ipaddr="192.0.2.1", local_port=40000)
DISK = dict(state="running", type=0, vendor="EXAMPLE ", model="VDISK           ", rescan="", delete="")


class Sys:
    def __init__(self, root):
        self.root = root

    def attributes(self, path, values):
        os.makedirs(self.root + path, exist_ok=True)
        for name, value in values.items():
            with open("%s%s/%s" % (self.root, path, name), "w") as f:
                f.write("%s\n" % value)

    def device(self, path, subsystem, values):
        """A class device with its links, as the driver core makes them."""
        name = os.path.basename(path)
        self.attributes(path, values)
        self.link("/class/%s/%s" % (subsystem, name), path)
        self.link(path + "/subsystem", "/class/" + subsystem)
        self.link(path + "/device", os.path.dirname(os.path.dirname(path)))

    def link(self, at, to):
        os.makedirs(os.path.dirname(self.root + at), exist_ok=True)
        os.symlink(os.path.relpath(self.root + to, os.path.dirname(self.root + at)), self.root + at)


def session(s, host, sid, disk="sda", host_values=None, values=None, connection=None):
    """One session of a software host, with what differs from the values above."""
    h = "/devices/platform/host%d" % host
    t = "%s/session%d" % (h, sid)
    unit = "%s/target%d:0:0/%d:0:0:0" % (t, host, host)
    s.device("%s/scsi_host/host%d" % (h, host), "scsi_host", SCSI_HOST)
    s.device("%s/iscsi_host/host%d" % (h, host), "iscsi_host", dict(HOST, **(host_values or {})))
    s.device("%s/iscsi_session/session%d" % (t, sid), "iscsi_session", dict(SESSION, **(values or {})))
    s.device("%s/connection%d:0/iscsi_connection/connection%d:0" % (t, sid, sid), "iscsi_connection",
             dict(CONNECTION, **(connection or {})))
    s.attributes(unit, DISK)
    s.link("/bus/scsi/devices/%d:0:0:0" % host, unit)
    s.link("/bus/scsi/devices/target%d:0:0" % host, os.path.dirname(unit))
    if disk:
        s.device("%s/block/%s" % (unit, disk), "block", dict(size=2097152))


def build(root, transports=("tcp",)):
    """What is there without any session; gives the Sys to add some."""
    s = Sys(root)
    for name in ("class/iscsi_transport", "class/iscsi_session", "class/iscsi_host", "class/iscsi_connection", "class/scsi_host",
                 "class/block", "class/net", "bus/scsi/devices", "bus/iscsi_flashnode/devices"):
        os.makedirs("%s/%s" % (root, name))
    s.attributes("/module/scsi_transport_iscsi", dict(version="2.0-870"))
    for name in transports:
        s.attributes("/devices/virtual/iscsi_transport/" + name, dict(handle="18446744072641421312", caps="0x39"))
        s.link("/class/iscsi_transport/" + name, "/devices/virtual/iscsi_transport/" + name)
    return s
