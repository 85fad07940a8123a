# SPDX-License-Identifier: GPL-2.0-or-later
"""iscsid.safe_logout: iscsid alone decides, and sees every use of a disk: raw openers, other namespaces, loop devices, claims; --force overrides"""
import json

from lib import *

MOUNT = "/run/mounted"
BUSY = 28


def run(*args):
    subprocess.run(args, check=True)


def refused(target, text, seconds=8):
    got = adm(f"-m node -T {target.name} -u", rc=BUSY)
    contains(got.err, text, "the reason")
    check(got.seconds < seconds * PATIENCE, f"the refusal took {got.seconds:.1f} s")
    equal(len([s for s in logged_in() if s == session_of(target)]), 1, "the session")


class Process:
    """A shell in the background that did something and waits; its end undoes that."""

    def __init__(self, command, *wrapper):
        self.process = subprocess.Popen([*wrapper, "sh", "-c", command + "; echo ready; read end"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        equal(self.process.stdout.readline(), "ready\n", command)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.communicate("\n")


def raw_openers(target, device):
    say("-- a process that has the disk open")
    with Process(f"exec 9<{device}"):
        refused(target, f"{os.path.basename(device)} is in use: process")
    generic = glob.glob(f"/sys/class/block/{os.path.basename(device)}/device/scsi_generic/sg*")
    if generic:
        say("-- a process that sends SCSI commands")
        name = os.path.basename(generic[0])
        with Process(f"exec 9<>/dev/{name}"):
            refused(target, f"{name} is in use: process")
    say("-- a loop device over the disk")
    subprocess.run(["modprobe", "loop"])
    loop = subprocess.run(["losetup", "-f", "--show", device], capture_output=True, text=True)
    if loop.returncode == 0:
        refused(target, f"{os.path.basename(device)} is in use by loop device")
        run("losetup", "-d", loop.stdout.strip())
    else:
        say(f"not tried: {loop.stderr.strip()}")


def other_namespaces(target, device):
    say("-- a mount that only another process sees")
    with Process(f"mount {device} {MOUNT}", "unshare", "--mount", "--propagation=private"):
        refused(target, f"is mounted on {MOUNT}")
    say("-- a mount in a namespace that no process is in")
    os.makedirs("/run/namespaces")
    run("mount", "--bind", "/run/namespaces", "/run/namespaces")
    run("mount", "--make-private", "/run/namespaces")
    with open("/run/namespaces/one", "w"):
        pass
    run("unshare", "--mount=/run/namespaces/one", "--propagation=private", "mount", device, MOUNT)
    refused(target, f"{os.path.basename(device)} is in use: a mount that iscsid cannot see")
    run("umount", "/run/namespaces/one")


def swap_space(target, device):
    say("-- swap space")
    subprocess.run(["mkswap", device], check=True, capture_output=True)
    if subprocess.run(["swapon", device], capture_output=True).returncode:
        say("not tried: this kernel has no swap space")
        return
    refused(target, f"{os.path.basename(device)} is in use as swap space")
    run("swapoff", device)


def does_not_answer(target, other):
    """The check hangs; nothing else does."""
    say("-- a disk that does not answer")
    sid = session_of(target)
    target.enable(False)
    wait("the loss is noticed", 15, lambda: sid not in logged_in())
    start = time.monotonic()
    command = subprocess.Popen([ISCSIADM, "-m", "session", "-r", str(sid), "-u"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    time.sleep(0.5)
    state = f"/sys/class/iscsi_session/session{session_of(other)}/state"
    other.enable(False)
    wait("the other session is lost", 15, lambda: get(state) != "LOGGED_IN", step=0.01)
    other.enable(True)
    lost = time.monotonic()
    wait("the other session is back", 10, lambda: get(state) == "LOGGED_IN", step=0.01)
    say(f"the other session was back after {time.monotonic() - lost:.2f} s")
    check(time.monotonic() - lost < 2.6 * PATIENCE, "a check that hangs delays another session's recovery")
    _, err = command.communicate(timeout=30 * PATIENCE)
    say(f"[{command.returncode}, {time.monotonic() - start:.1f} s] {err.strip()}")
    if command.returncode != 0:
        equal(command.returncode, BUSY, "the status of a logout that could not be checked")
        adm(f"-m session -r {sid} -u --force")
    check(sid not in sessions(), "--force did not log out")
    target.enable(True)


def a_logout_goes_on_without_its_client(target):
    say("-- a client that leaves while iscsid checks: its logout was accepted")
    sid = session_of(target)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
        s.connect(SOCKET)
        s.sendall(json.dumps({"method": "org.miscsi.Logout", "parameters": {"sids": [int(sid)]}}).encode() + b"\0")
    wait("the session to end", 10, lambda: sid not in sessions())


def test():
    target = Target("used", [ram("d0", 64)], ["127.0.0.1:3261"])
    other = Target("other", [ram("d1", 8)], ["127.0.0.1:3262"])
    with open(f"{HOME}/iscsid.conf") as f:
        plain = f.read()
    config({"iscsid.safe_logout": "Yes"})
    subprocess.run(["modprobe", "sg"])
    daemon = Iscsid()
    with open(f"{HOME}/iscsid.conf", "w") as f:  # what iscsiadm reads: the daemon has its own
        f.write(plain)
    for t in (target, other):
        discover(t.portal)
    adm("-m node -l")
    device = disk(target)
    os.close(wait("the disk can be opened", 5, lambda: opened(device)))
    os.makedirs(MOUNT)
    run("mkfs.ext4", "-q", device)
    run("mount", device, MOUNT)
    refused(target, f"is mounted on {MOUNT}")
    run("umount", MOUNT)
    raw_openers(target, device)
    other_namespaces(target, device)
    swap_space(target, device)

    say("-- a disk that nothing uses")
    a_logout_goes_on_without_its_client(target)
    adm(f"-m node -T {target.name} -l")
    adm(f"-m node -T {target.name} -u")
    say("-- --force")
    adm(f"-m node -T {target.name} -l")
    device = disk(target)
    with Process(f"exec 9<{device}"):
        refused(target, "is in use: process")
        adm(f"-m node -T {target.name} -u --force")
    adm(f"-m node -T {target.name} -l")
    wait("a disk", 10, lambda: disks(session_of(target)))
    does_not_answer(target, other)

    say("-- -U all leaves a session without a record alone")
    adm(f"-m node -T {target.name} -l")
    sid = session_of(target)
    shutil.rmtree(f"{HOME}/nodes/{target.name}")
    adm("-m node -U all")
    equal(list(sessions()), [sid], "sessions left by -U all")
    adm(f"-m session -r {sid} -u")
    daemon.stop()


if __name__ == "__main__":
    main(test)
