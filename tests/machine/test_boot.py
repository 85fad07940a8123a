# SPDX-License-Identifier: GPL-2.0-or-later
"""On a bare Debian: name, socket activation, logins and mounts at boot, restart under I/O, and a shutdown in order, also with a dead target"""
import glob

from lab import *

DATA = "/data"


def boot1():
    """Installed, discovered and logged in to by the commands of README.md; then a file system."""
    _, apt, discovery, update, login, look = readme("Install the packages")[:6]
    os.makedirs("/root/build")
    os.symlink("/lab/repo", "/root/build/deb")
    sh(f"cd /root; {apt} </dev/null")
    names = sh("sed -n 's/^InitiatorName=//p' /etc/iscsi/initiatorname.iscsi").split()
    check(len(names) == 1 and names[0].startswith("iqn."), f"the name that was made: {names}")
    keep("name", names[0])
    equal(sh("stat -c %a /etc/iscsi /etc/iscsi/initiatorname.iscsi /etc/iscsi/iscsid.conf").split(), ["755", "600", "600"], "modes")
    for path in "/sbin/iscsiadm", "/usr/sbin/iscsiadm", "/usr/bin/iscsiadm":
        contains(sh(f"{path} -V"), "iscsiadm version")

    # by its socket: nothing runs until a command needs it
    equal((state("iscsid.socket"), state("iscsid.service")), ("active", "inactive"), "the daemon before the first login")
    contains(sh(discovery), f"{PORTAL},1 {name(0)}")
    # a login to each target, of which the others ask for CHAP; where it succeeds, the record is automatic
    found = sh(f"iscsi_discovery {SAN}")
    contains(found, f"{name(0)} at {PORTAL} works through transport tcp; node.startup is now automatic")
    contains(found, f"1 portals work, {LUNS - 1} do not")
    adm("-m session", rc=21)
    sh(update)
    sh(login)
    equal((state("iscsid.service"), shown("iscsid.service", "Type")), ("active", "notify"), "the daemon after it")
    device = BY_PATH.format(name(0))
    wait("udev's link", 30, lambda: os.path.exists(device))
    contains(sh(look), os.path.basename(device))
    two_ifaces(device)
    sh(f"mkfs.ext4 -q {device}; mkdir {DATA}; echo '{device} {DATA} ext4 _netdev 0 0' >>/etc/fstab; systemctl daemon-reload; mount {DATA}")

    with Writer(DATA) as writer:
        restarts = logins(0)
        sh("systemctl restart iscsid")
        writer.progress()
        equal(logins(0), restarts, "logins that the target saw at a restart of iscsid")
    adm("-m session", rc=0)
    sh(f"echo before >{DATA}/kept")
    own_namespace(device)
    stop_while_lost(device)
    exposure()


def two_ifaces(link):
    """Two sessions by two ifaces to one portal: both disks have systemd's one link, and it leads to a disk that is there."""
    def disks():
        return sorted("/dev/" + os.path.basename(p) for p in glob.glob("/sys/class/iscsi_session/session*/device/target*/*/block/*"))

    def linked(disk):
        return link[len("/dev/"):] in sh(f"udevadm info -q symlink -n {disk}", quiet=True, rc=None).split()
    first = os.path.realpath(link)
    equal(disks(), [first], "the disks of one session")
    node = f"-m node -T {name(0)} -p {PORTAL}"
    adm("-m iface -I second -o new")
    adm(f"{node} -I second -o new")
    adm(f"{node} -I second -l")
    wait("both disks have the link", 30, lambda: len(disks()) == 2 and all(map(linked, disks())))
    second = next(d for d in disks() if d != first)
    adm(f"{node} -I default -u")
    wait("the link leads to the second disk", 30, lambda: os.path.realpath(link) == second)
    adm(f"{node} -I default -l")
    wait("both disks have the link again", 30, lambda: len(disks()) == 2 and all(map(linked, disks())))
    adm(f"{node} -I second -u")
    wait("the link leads to the disk that is left", 30, lambda: len(disks()) == 1 and os.path.realpath(link) == disks()[0])
    adm("-m iface -I second -o delete")


def own_namespace(device):
    """iscsid's mounts are a copy of the system's, made when it started: no unmounting is delayed by it, and no mount unseen. safe_logout stays on."""
    sh("echo 'iscsid.safe_logout = Yes' >>/etc/iscsi/iscsid.conf; systemctl restart iscsid")
    pid = shown("iscsid.service", "MainPID")
    check(os.readlink(f"/proc/{pid}/ns/mnt") != os.readlink("/proc/1/ns/mnt"), "iscsid has the system's mount namespace")
    logout = f"-m node -T {name(0)} -u"

    def again():
        """It is logged out, as nothing holds the disk; and mounted anew while iscsid runs."""
        adm(logout)
        adm(f"-m node -T {name(0)} -l")
        sh("udevadm settle")  # the link to the old disk is gone, too
        wait("the disk is back", 30, lambda: os.path.exists(device))
        sh(f"mount {DATA}")
    # mounted before iscsid started, and after that
    for _ in range(2):
        contains(get(f"/proc/{pid}/mounts"), f" {DATA} ")
        contains(adm(logout, rc=28).err, f"is mounted on {DATA}")
        sh(f"umount {DATA}")
        again()
    # the only mount whose end does not reach the copy: below a private one, and older than iscsid
    sh(f"mkdir /private; mount --bind /private /private; mount --make-private /private; mkdir /private/d; umount {DATA}; mount {device} /private/d; "
       "systemctl restart iscsid; umount /private/d")
    contains(adm(logout, rc=28).err, "is mounted on /private/d in iscsid's own mount namespace: restart iscsid to unmount it")
    sh("systemctl restart iscsid; umount /private")
    again()


def stop_while_lost(device):
    """A machine that runs does not end a session by force because it is lost just now: a program has its disk open, without a mount. safe_logout is on."""
    sh(f"umount {DATA}; systemctl start open-iscsi")
    with open(device, "rb"):
        lib.put(f"{lib.CONFIG}/iscsi/{name(0)}/tpgt_1/enable", 0)
        wait("the session is lost", 30, lambda: not logged_in())
        before = list(sessions())
        sh("systemctl stop open-iscsi")
        equal((state("open-iscsi.service"), list(sessions())), ("inactive", before), "the lost session after systemctl stop")
        lib.put(f"{lib.CONFIG}/iscsi/{name(0)}/tpgt_1/enable", 1)
        wait("the session is restored", 60, logged_in)
    sh(f"mount {DATA}")


def exposure():
    text = sh("systemd-analyze security iscsid.service --no-pager", quiet=True)
    say(text)
    pid = sh("systemctl show -P MainPID iscsid", quiet=True).strip()
    locked = int(sh(f"sed -n 's/^VmLck:[^0-9]*\\([0-9]*\\) kB/\\1/p' /proc/{pid}/status", quiet=True))
    check(locked > 1000, f"iscsid has locked {locked} kB of its memory")
    level = float(text.split("Overall exposure level for iscsid.service: ")[1].split()[0])
    check(level <= 4, f"systemd-analyze security says {level}")


def boot2():
    """All is back by itself; iscsi-shutdown logged out in the right order at the end of boot 1."""
    order("boot1")
    equal(sh("sed -n 's/^InitiatorName=//p' /etc/iscsi/initiatorname.iscsi"), kept("name"), "the name after a reboot")
    wait("open-iscsi.service has logged in", 120, lambda: state("open-iscsi.service") == "active", 0.5)
    wait("the file system is mounted", 60, lambda: mounted(DATA), 0.5)
    equal(sh("systemctl is-enabled iscsi.service"), "alias", "iscsi.service")
    equal(sh(f"cat {DATA}/kept"), "before", "what was on the disk")
    sh("systemctl --failed --no-legend | grep -i iscsi", rc=1)
    # a session that was made by hand and whose disk is written to; then the target dies, unnoticed as yet
    sh(f"dd if=/dev/zero of={DATA}/dirty bs=64k count=64 2>&1")
    san(False)
    # the kernel needs 10 s to notice it, by its NOP-Outs
    down_within(15)


def boot3():
    """The target was dead when the machine went down. Now it was dead for a while: the session is known to be lost."""
    lines = get("/lab/boot2.console").splitlines()
    first, last = (next(float(line.split()[0]) for line in lines if text in line)
                   for text in ("Stopping iscsi-shutdown-early.service", "Stopped iscsi-shutdown.service"))
    say(f"the end of the sessions took {last - first:.1f} s")
    # of which 10 until the kernel notices
    check(last - first <= 11 + float(get("/lab/boot1.took")) / 2, f"the end of the sessions took {last - first:.1f} s")
    wait("the file system is mounted", 120, lambda: mounted(DATA), 0.5)
    sh(f"dd if=/dev/zero of={DATA}/dirty bs=64k count=64 2>&1")
    san(False)
    wait("the loss is noticed", 60, lambda: not logged_in(), 0.5)
    down_within(15)


def order(previous):
    """What the previous boot's console says of its end."""
    lines = get(f"/lab/{previous}.console").splitlines()

    def place(*texts):
        found = [i for i, line in enumerate(lines) if all(t in line for t in texts)]
        check(found, f"{previous} never said: {texts}")
        return found[-1]
    steps = ["Unmounted data.mount", "Stopped iscsi-shutdown.service", "Stopped iscsid.service", "Stopped target network.target"]
    places = [place(s) for s in steps]
    equal(places, sorted(places), f"the order of {steps}")
    place("Logout of [", f"target: {name(0)}, portal: {SAN},3260] successful")
