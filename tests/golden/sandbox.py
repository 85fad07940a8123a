# SPDX-License-Identifier: GPL-2.0-or-later
"""The sandbox that a golden test runs in: a database, a /sys, a daemon and a target, all made up."""
import os
import re
import shutil
import tempfile

import fakedaemon
import fakesys
import faketarget

INITIATOR = "iqn.2026-11.com.example:initiator"
# The values that stood in iscsid.conf, or in the program where it did not read that file, when the steps were recorded.
CONF = {
    "db": {"node.conn[0].timeo.login_timeout": "30", "node.session.initial_login_retry_max": "4"},
}


def built(name):
    """The program of the build: make check runs in the build's directory."""
    path = os.path.join(os.environ.get("BUILDDIR", "."), name)
    if not os.path.exists(path):
        raise SystemExit("%s is not there: run this by make check, or set BUILDDIR" % path)
    return path


def sanitized(program):
    """A sanitizer's memory is not the program's."""
    with open(program, "rb") as f:
        return b"__asan_init" in f.read()


class Sandbox:
    def __init__(self, group):
        self.group = group
        self.program = built("iscsiadm")
        self.dir = tempfile.mkdtemp(prefix="golden-")
        self.home = self.dir + "/iscsi"
        self.sys = self.dir + "/sys"
        self.socket = self.dir + "/daemon"
        self.daemon = None
        self.target = None

    def __enter__(self):
        if self.group == "db":
            os.makedirs(self.sys)
        else:
            s = fakesys.build(self.sys, ("tcp", "iser") if self.group != "fake-one" else ("tcp",))
            if self.group == "fake-one":
                fakesys.session(s, 2, 1)
            self.daemon = fakedaemon.Daemon(self.socket)
        if self.group == "fake-disc":
            self.target = faketarget.Target(["iqn.2026-11.com.example:tgt1", "iqn.2026-11.com.example:tgt2"])
        self.reset()
        return self

    def __exit__(self, *_):
        for part in (self.daemon, self.target):
            if part:
                part.close()
        shutil.rmtree(self.dir)

    def reset(self):
        shutil.rmtree(self.home, ignore_errors=True)
        os.makedirs(self.home)
        with open(self.home + "/initiatorname.iscsi", "w") as f:
            f.write("InitiatorName=%s\n" % INITIATOR)
        self.conf(CONF.get(self.group, {}))

    def conf(self, values):
        with open(self.home + "/iscsid.conf", "a") as f:
            for key, value in values.items():
                f.write("%s = %s\n" % (key, value))

    def prepare(self, options):
        """False: this machine cannot run the step."""
        if "reset" in options:
            self.reset()
        if self.daemon:
            self.daemon.login_code = 24 if "login=24" in options else 0
        # Retries take a second each; how often they are made is the discovery's own test.
        if "no-retries" in options:
            self.conf({"discovery.sendtargets.reopen_max": "0"})
        if "iface-lo0" in options:
            os.makedirs(self.home + "/ifaces", exist_ok=True)
            with open(self.home + "/ifaces/lo0", "w") as f:
                f.write("iface.iscsi_ifacename = lo0\niface.net_ifacename = lo\niface.transport_name = tcp\n")
        return not ("ipv6" in options and self.target and not self.target.v6)

    def environment(self):
        env = {"PATH": os.environ["PATH"], "MISCSI_HOMEDIR": self.home, "MISCSI_SYSFS": self.sys,
               "MISCSI_SOCKET": self.socket, "LC_ALL": "C",
               "MISCSI_PLUGIN_PATH": os.environ.get("MISCSI_PLUGIN_PATH", built(".libs"))}
        supp = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lsan.supp")
        env["LSAN_OPTIONS"] = "suppressions=%s:print_suppressions=0" % supp
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                env[name] = os.environ[name]
        return env

    def arguments(self, argv):
        """The target listens at an address of its own, so that tests can run side by side."""
        if not self.target:
            return argv
        return [a.replace("127.0.0.1", self.target.address) for a in argv]

    def common(self, text):
        """What differs from run to run, as it was recorded."""
        text = text.replace(self.home, "/etc/iscsi")
        text = re.sub(r"^(# BEGIN RECORD|version|iscsiadm version) \S+$", r"\1 @VERSION@", text, flags=re.M)
        return text.replace(self.target.address, "127.0.0.1") if self.target else text
