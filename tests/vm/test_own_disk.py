# SPDX-License-Identifier: GPL-2.0-or-later
"""iscsid, its libraries, /etc and the portal's name lie on the disk of the session that it recovers: back within Time2Wait + 0.5 s"""
import re
import subprocess
import time

from lib import *

ROOT = "/run/own"  # the file system on the session's own disk, and the root directory of the daemon
USER, SECRET = "initiator-user", "initiator-secret-1"
NAME = "portal.example"
TIME2WAIT = 2  # LIO's


def run(*args):
    subprocess.run(args, check=True)


def libraries(program):
    """The files that the dynamic linker loads for it."""
    return set(re.findall(r"(/[^ ]+) \(0x", subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout))


def copy(path):
    """With its name, and what the name is a link to."""
    os.makedirs(ROOT + os.path.dirname(path), exist_ok=True)
    shutil.copy(path, ROOT + path)


def move_in(device):
    """A file system with all that the daemon may read; what is in memory stays in memory."""
    run("mkfs.ext4", "-q", device)
    os.makedirs(ROOT)
    run("mount", device, ROOT)
    programs = [ISCSID, *glob.glob("/usr/lib/miscsi/**/*.so", recursive=True)]
    for path in {p for program in programs for p in (program, *libraries(program))} | {
            p for p in glob.glob("/lib/x86_64-linux-gnu/libnss_*") + glob.glob("/lib/x86_64-linux-gnu/libresolv*")}:
        copy(path)
    for path in ("/etc/ssl/openssl.cnf", "/etc/nsswitch.conf", "/etc/localtime", "/etc/host.conf", "/etc/gai.conf"):
        if os.path.exists(path):
            copy(path)
    shutil.copytree("/usr/lib/miscsi", ROOT + "/usr/lib/miscsi", dirs_exist_ok=True)
    shutil.copytree(HOME, ROOT + HOME)
    with open(f"{ROOT}/etc/hosts", "w") as f:
        f.write(f"127.0.0.1 localhost {NAME}\n")
    with open(f"{ROOT}/etc/secret", "w") as f:
        f.write(SECRET + "\n")
    for path in ("/proc", "/sys", "/dev", "/run"):
        os.makedirs(ROOT + path)
        run("mount", "--rbind", path, ROOT + path)
    run("sync")


def faults(pid):
    """Pages that were read from a disk for it, ever."""
    return int(get(f"/proc/{pid}/stat").rsplit(")", 1)[1].split()[9])


def comes_back(target, daemon, what):
    say(f"-- {what}")
    sid = session_of(target)
    state = f"/sys/class/iscsi_session/session{sid}/state"
    time.sleep(1)
    run("sync")
    put("/proc/sys/vm/drop_caches", 3)
    before = faults(daemon.pid)
    target.enable(False)
    wait("the loss is noticed", 15, lambda: get(state) != "LOGGED_IN", step=0.01)
    lost = time.monotonic()
    target.enable(True)
    wait("the session is back", 40, lambda: get(state) == "LOGGED_IN", step=0.01)
    seconds = time.monotonic() - lost
    say(f"back after {seconds:.2f} s; pages read from a disk: {faults(daemon.pid) - before}")
    check(seconds <= (TIME2WAIT + 0.5) * PATIENCE, f"{what}: back after {seconds:.2f} s")
    equal(faults(daemon.pid) - before, 0, f"{what}: pages that were read from a disk")
    wait("the session stays", 5, lambda: get(state) == "LOGGED_IN")


def daemon_on_its_disk(**more):
    return Iscsid(wrapper=["chroot", ROOT], **more)


def test():
    target = Target("root", [ram("d0", 64)], auth=(USER, SECRET))
    with open("/etc/hosts", "a+") as f:  # a system made by debootstrap has none
        f.seek(0)
        hosts = f.read()
    with open("/run/hosts", "w") as f:
        f.write(hosts + f"127.0.0.1 {NAME}\n")
    run("mount", "--bind", "/run/hosts", "/etc/hosts")
    with open("/run/secret", "w") as f:
        f.write(SECRET + "\n")
    first = Iscsid()
    node = ["-m", "node", "-T", target.name, "-p", f"{NAME}:3260"]
    adm(*node, "-o new")
    for key, value in {"auth.authmethod": "CHAP", "auth.username": USER, "auth.password_file": "/run/secret"}.items():
        adm(*node, ["-o", "update", "-n", "node.session." + key, "-v", value], quiet=True)
    adm(*node, "-l")
    move_in(disk(target))
    first.stop()
    files = glob.glob("/run/miscsi/sessions/session*")
    equal(len(files), 1, "files of sessions")
    text = get(files[0])
    contains(text, NAME, "the session's file")
    with open(files[0], "w") as f:  # so that the secret, too, lies on the disk
        f.write(text.replace("/run/secret", "/etc/secret") + "\n")

    daemon = daemon_on_its_disk()
    comes_back(target, daemon, "the first loss of an adopted session")
    comes_back(target, daemon, "the second loss")
    for path in glob.glob(ROOT + "/etc/*"):
        if os.path.isdir(path):
            continue
        os.unlink(path)
    comes_back(target, daemon, "a loss when the files are gone")
    daemon.stop()


if __name__ == "__main__":
    main(test)
