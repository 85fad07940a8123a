# SPDX-License-Identifier: GPL-2.0-or-later
"""CHAP secrets in files and in systemd credentials, for sessions and discovery, and on a disk that does not answer"""
from lib import *

USER, SECRET = "initiator-user", "initiator-secret-1"
USER_IN, SECRET_IN = "target-user", "target-secret-22"
CREDENTIALS = "/run/credentials/iscsid.service"
DEAD = "/run/dead"


def settings(target, **pairs):
    for key, value in pairs.items():
        adm("-m node", ["-T", target.name, "-o", "update", "-n", "node.session." + key, "-v", value], quiet=True)


def works(target, what):
    say(f"-- {what}")
    adm(f"-m node -T {target.name} -l")
    kept = f"{sessions()[session_of(target)]}/password"
    check(subprocess.run(["setpriv", "--bounding-set=-sys_admin", "cat", kept], capture_output=True).returncode, "root without CAP_SYS_ADMIN reads the secret")
    for path in glob.glob("/run/miscsi/sessions/*"):
        check(SECRET not in get(path), f"the secret is in {path}")
    write_and_compare(disk(target), 1)
    adm(f"-m node -T {target.name} -u")


def refused(target, what, text):
    say(f"-- {what}")
    got = adm(f"-m node -T {target.name} -l", rc=24)
    contains(got.err, text, what)
    equal(target.open_sessions(), 0, f"{what}: sessions at the target")


def discovery_uses_its_own(both):
    """iscsiadm logs in by itself: the variable is its own."""
    put(f"{CONFIG}/iscsi/discovery_auth/userid", USER)
    put(f"{CONFIG}/iscsi/discovery_auth/password", SECRET)
    put(f"{CONFIG}/iscsi/discovery_auth/enforce_discovery_auth", 1)
    config({"discovery.sendtargets.auth.authmethod": "CHAP", "discovery.sendtargets.auth.username": USER,
            "discovery.sendtargets.auth.password_file": "credential:chap"})
    got = discover(both.portal, rc=24)
    contains(got.err, "CREDENTIALS_DIRECTORY is not set: start iscsiadm by a systemd unit with LoadCredential=chap")
    got = discover(both.portal, env={"CREDENTIALS_DIRECTORY": CREDENTIALS})
    contains(got.out, both.name)
    put(f"{CONFIG}/iscsi/discovery_auth/enforce_discovery_auth", 0)


def a_dead_disk(daemon, both, plain, other):
    """The secret's file lies on the disk of a session whose target is gone: others log in, and so does this one when the target is back; it is recovered, whatever becomes of the disk later."""
    adm(f"-m node -T {other.name} -l")
    device = disk(other)
    os.makedirs(DEAD)
    subprocess.run(["mkfs.ext4", "-q", "-O", "^has_journal", device], check=True)
    subprocess.run(["mount", device, DEAD], check=True)
    with open(f"{DEAD}/secret", "w") as f:
        f.write(SECRET)
    subprocess.run(["umount", DEAD], check=True)
    subprocess.run(["mount", "-o", "ro", device, DEAD], check=True)
    other.enable(False)
    settings(both, **{"auth.password_file": f"{DEAD}/secret", "initial_login_retry_max": "1"})
    adm("-m node", ["-T", both.name, "-o", "update", "-n", "node.conn[0].timeo.login_timeout", "-v", "4"])
    got = adm(f"-m node -T {both.name} -l", rc=8)
    contains(got.err, "could not read the file of the CHAP secret")
    check(got.seconds < 8 * PATIENCE, f"the login took {got.seconds} s")
    adm(f"-m node -T {plain.name} -l")
    say("-- iscsid is killed while the disk with the secret is away, and the session is lost")
    other.enable(True)
    wait("the disk answers", 60, lambda: adm(f"-m node -T {both.name} -l", rc=None).rc == 0, step=1)
    sid = session_of(both)
    state = f"/sys/class/iscsi_session/session{sid}/state"
    other.enable(False)
    wait("the loss is noticed", 15, lambda: len(logged_in()) < len(sessions()))
    put("/proc/sys/vm/drop_caches", 3)
    daemon.kill()
    both.enable(False)
    wait("the loss is noticed", 15, lambda: get(state) != "LOGGED_IN")
    again = Iscsid(env={"CREDENTIALS_DIRECTORY": CREDENTIALS})
    both.enable(True)
    wait("the session is back", 10, lambda: get(state) == "LOGGED_IN")
    other.enable(True)
    wait("all sessions are back", 60, lambda: len(logged_in()) == len(sessions()))
    return again


def test():
    both = Target("mutual", [ram("d0", 4)], ["127.0.0.1:3261"], auth=(USER, SECRET), auth_in=(USER_IN, SECRET_IN))
    plain = Target("plain", [ram("d1", 16)], ["127.0.0.1:3262"])
    other = Target("other", [ram("d2", 16)], ["127.0.0.1:3263"])
    os.makedirs(CREDENTIALS)
    for path, secret in ((f"{CREDENTIALS}/chap", SECRET), (f"{CREDENTIALS}/target", SECRET_IN), ("/run/secret", SECRET)):
        with open(path, "w") as f:
            f.write(secret + "\n")
    os.mkfifo("/run/fifo")

    daemon = Iscsid()
    for t in (both, plain, other):
        discover(t.portal)
    settings(both, **{"auth.authmethod": "CHAP", "auth.username": USER, "auth.username_in": USER_IN})
    settings(both, **{"auth.password_file": "credential:chap", "auth.password_in_file": "credential:target"})
    refused(both, "no systemd", "CREDENTIALS_DIRECTORY is not set: start iscsid by a systemd unit with LoadCredential=chap")
    daemon.stop()

    daemon = Iscsid(env={"CREDENTIALS_DIRECTORY": CREDENTIALS})
    works(both, "both secrets are credentials")
    settings(both, **{"auth.password_file": "/run/secret"})
    works(both, "a file and a credential")
    settings(both, **{"auth.password_file": "credential:nothing"})
    refused(both, "no such credential", f"cannot read the CHAP secret from {CREDENTIALS}/nothing: No such file or directory")
    settings(both, **{"auth.password_file": "/run/fifo"})
    refused(both, "a FIFO", "cannot read the CHAP secret from /run/fifo: it is not a regular file")
    with open("/run/short", "w") as f:
        f.write("elevenbytes")
    settings(both, **{"auth.password_file": "/run/short"})
    adm(f"-m node -T {both.name} -l", rc=24)
    contains(get(daemon.log), f"the CHAP secret in /run/short, for {both.name}, has 11 bytes: RFC 7143 requires at least 12")
    discovery_uses_its_own(both)
    again = a_dead_disk(daemon, both, plain, other)
    for log in (get(daemon.log), get(again.log)):
        check(SECRET not in log and SECRET_IN not in log, "a secret is in the daemon's log")
    again.stop()


if __name__ == "__main__":
    main(test)
