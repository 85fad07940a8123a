# SPDX-License-Identifier: GPL-2.0-or-later
"""From the packaged open-iscsi to miscsi and back by one apt-get, with four sessions, CHAP and a file system being written: nobody notices"""
from lab import *

DATA = "/data"
TIME = 500


def boot1():
    os.makedirs(lib.HOME, exist_ok=True)
    with open(lib.HOME + "/initiatorname.iscsi", "w") as f:
        f.write(f"InitiatorName={INITIATOR}\n")
    install("open-iscsi")
    adm(f"-m discovery -t st -p {PORTAL}")
    for i in range(1, LUNS):
        for key, value in (("authmethod", "CHAP"), ("username", USER), ("password", SECRET)):
            sh(f"iscsiadm -m node -T {name(i)} -o update -n node.session.auth.{key} -v '{value}'", quiet=True)
    sh("iscsiadm -m node -o update -n node.startup -v automatic")
    # as at a boot: this is the unit whose stop logs out
    sh("systemctl start open-iscsi.service")
    equal(len(logged_in()), LUNS, "sessions of open-iscsi")
    equal(state("open-iscsi.service"), "active", "open-iscsi.service")
    device = BY_PATH.format(name(1))
    wait("udev's link", 30, lambda: os.path.exists(device))
    sh(f"mkfs.ext4 -q {device}; mkdir {DATA}; echo '{device} {DATA} ext4 _netdev 0 0' >>/etc/fstab; systemctl daemon-reload; mount {DATA}")
    changed("miscsi", "open-iscsi")
    contains(journal("-u", "iscsid"), f"took over {LUNS} running sessions")
    contains(sh("iscsiadm -V"), "iscsiadm version 0.")


def boot2():
    """miscsi starts what open-iscsi was set to start; then back."""
    up_again()
    changed("open-iscsi", "miscsi")
    # its socket alone would start it when somebody asks, and a connection that is lost asks nobody
    wait("open-iscsi's iscsid watches the sessions", 60, lambda: state("iscsid.service") == "active", 0.5)
    contains(sh("iscsiadm -V"), "iscsiadm version 2.")
    contains(sh("iscsiadm -m node -o show", quiet=True), "node.session.auth.authmethod = CHAP")


def boot3():
    """open-iscsi starts as ever. Then to miscsi for good, and that is purged too."""
    up_again()
    changed("miscsi", "open-iscsi")
    before = records()
    sh("DEBIAN_FRONTEND=noninteractive apt-get purge -y -q open-iscsi </dev/null")
    equal(records(), before, "the records after what was left of open-iscsi is purged")
    adm("-m session")
    sh(f"umount {DATA}")
    adm("-m node -u")
    sh("DEBIAN_FRONTEND=noninteractive apt-get purge -y -q '^miscsi' </dev/null")
    equal(sh("find / -xdev \\( -name '*iscsi*' -o -name '*miscsi*' \\) -not -path '/lab/*' -not -path '/host/*' -not -path '/var/lib/systemd/*' "
             "-not -name 'libopeniscsiusr*' -not -path '/etc/iscsi/*' -not -path '/var/cache/*' -not -path '/var/l*' -not -path '/usr/lib/*' -not -path '/proc/*'"), "/etc/iscsi",
          "what is left")


def records():
    return {p: h for p, h in tree(lib.HOME).items() if "/nodes/" in p or "/send_targets/" in p or p.endswith("initiatorname.iscsi")}


def up_again():
    wait("all sessions are back", 120, lambda: len(logged_in()) == LUNS, 0.5)
    wait("the file system is mounted", 60, lambda: mounted(DATA), 0.5)
    sh("systemctl --failed --no-legend | grep -i iscsi", rc=1)


def changed(to, old):
    """apt-get install, while a file system on a session is written to: no login, no error, the same records."""
    seen, there, kept_records = [logins(i) for i in range(LUNS)], sorted(sessions()), records()
    with Writer(DATA) as writer:
        install(to)
        writer.progress()
        # open-iscsi's iscsid logs in anew to each session that it takes over
        check(to == "open-iscsi" or [logins(i) for i in range(LUNS)] == seen, f"logins that the targets saw: {seen}, then more")
        equal(sorted(sessions()), there, "sessions")
        check(not installed(old), f"{old} is still installed")
        equal(records(), kept_records, "records")
        text = sh("iscsiadm -m session")
        for i in range(LUNS):
            contains(text, name(i))
        writer.progress()
