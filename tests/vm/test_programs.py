# needs: clients
# SPDX-License-Identifier: GPL-2.0-or-later
"""os-brick, libvirt and Ansible attach and detach a disk through iscsiadm, and leave nothing behind"""
import json

from lib import *

VM_TIME = 180
PYTHON = "/usr/bin/python3"
MODULE = "/usr/lib/python3/dist-packages/ansible_collections/community/general/plugins/modules/open_iscsi.py"
# In the guest the caller is root: os-brick's privileged calls need no process of their own.
OS_BRICK = r'''
import json, logging, sys
logging.basicConfig(level=logging.INFO, format="os-brick: %(name)s: %(message)s")
from os_brick.privileged import default
default.set_client_mode(False)
from oslo_concurrency import lockutils
lockutils.set_defaults("/run/lock")
from os_brick.initiator.connectors.iscsi import ISCSIConnector
volume = json.loads(sys.argv[1])
brick = ISCSIConnector(None, use_multipath=False, device_scan_attempts=5)
for line in sys.stdin:
    if line == "connect\n":
        device = brick.connect_volume(volume)
        print(json.dumps(device), flush=True)
    else:
        brick.disconnect_volume(volume, device)
        print(json.dumps("gone"), flush=True)
'''
VIRSH = ("virsh", "-q", "-c", "storage:///system")


def run(*args, rc=0, stdin=None, timeout=60):
    p = subprocess.run(args, input=stdin, capture_output=True, text=True, timeout=timeout)
    say(f"$ {' '.join(args)[:200]}   [{p.returncode}]\n{p.stdout[-3000:]}{p.stderr[-3000:]}")
    equal(p.returncode, rc, f"exit status of {args[0]}")
    return p.stdout


def nothing_left(target, what):
    equal(sessions(), {}, f"sessions after {what}")
    equal(disks(), [], f"disks after {what}")
    equal(target.open_sessions(), 0, f"sessions at the target after {what}")


def no_records(what):
    adm("-m node", rc=21)
    equal([p for p in tree() if "/nodes/" in p], [], f"files of nodes after {what}")


def os_brick(target):
    volume = {"target_portal": PORTAL, "target_iqn": target.name, "target_lun": 0, "target_discovered": False, "volume_id": "1"}
    with subprocess.Popen([PYTHON, "-c", OS_BRICK, json.dumps(volume)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as p:
        def ask(word):
            p.stdin.write(word + "\n")
            p.stdin.flush()
            answer = p.stdout.readline()
            check(answer, f"os-brick ended at {word}")
            say(f"os-brick {word}: {answer}")
            return json.loads(answer)
        device = ask("connect")
        equal(device["path"], disk(target), "os-brick's disk")
        write_and_compare(device["path"], 1)
        equal(ask("disconnect"), "gone", "os-brick's answer")
    nothing_left(target, "os-brick disconnected")
    no_records("os-brick disconnected")


@contextlib.contextmanager
def libvirtd():
    with open("/run/libvirtd.conf", "w") as f:
        f.write('auth_unix_rw = "none"\nauth_unix_ro = "none"\nlog_outputs = "4:stderr"\n')
    if not os.path.exists("/usr/bin/iscsiadm"):
        os.symlink(ISCSIADM, "/usr/bin/iscsiadm")  # as in the package
    p = subprocess.Popen(["libvirtd", "-f", "/run/libvirtd.conf"])
    try:
        wait("libvirtd answers", 30, lambda: os.path.exists("/run/libvirt/libvirt-sock"))
        yield
    finally:
        p.terminate()
        p.wait(20)


def libvirt(target, iqn):
    """A pool without an initiator's name, then one with its own, for which libvirt makes an iface."""
    pool = f"""<pool type='iscsi'><name>san</name><source><host name='127.0.0.1'/><device path='{target.name}'/>
        {f"<initiator><iqn name='{iqn}'/></initiator>" if iqn else ""}</source><target><path>/dev</path></target></pool>"""
    with open("/run/pool.xml", "w") as f:
        f.write(pool)
    volumes = run(*VIRSH, "pool-create /run/pool.xml; pool-refresh san; vol-list san --details")
    contains(volumes, disk(target), "libvirt's volumes")
    equal(get(sessions()[session_of(target)] + "/initiatorname"), iqn or INITIATOR, "the initiator's name of libvirt's session")
    write_and_compare(disk(target), 1)
    run(*VIRSH, "pool-destroy san")
    nothing_left(target, "libvirt destroyed the pool")


def ansible(target, **task):
    """One task of a playbook."""
    arguments = {"portal": "127.0.0.1", "port": target.portal.split(":")[1], "target": target.name, **task}
    out = run(PYTHON, MODULE, stdin=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}))
    return json.loads(out.strip().splitlines()[-1])


def ansible_tasks(target, user, password):
    found = ansible(target, discover=True, show_nodes=True)
    equal(found["nodes"], [target.name], "Ansible's nodes")
    got = ansible(target, login=True, node_auth="CHAP", node_user=user, node_pass=password, auto_node_startup=True)
    check(got["changed"] and got["automatic_changed"], f"Ansible's login: {got}")
    contains(adm(f"-m node -T {target.name}").out, "node.startup = automatic\n")
    check(ansible(target, rescan=True)["changed"], "a rescan changed nothing")
    check(ansible(target, login=False)["changed"], "Ansible's logout changed nothing")
    nothing_left(target, "Ansible logged out")
    adm(f"-m node -T {target.name} -o delete")
    no_records("the delete")


def test():
    Iscsid()
    secret = Target("secret", [ram("d1", 16)], ["127.0.0.1:3261"], auth=("user", "a secret of many"))
    ansible_tasks(secret, "user", "a secret of many")
    target = Target("disk", [ram("d0", 16)])
    os_brick(target)
    with libvirtd():
        libvirt(target, None)
        libvirt(target, "iqn.2026-11.example:guests")


if __name__ == "__main__":
    main(test)
