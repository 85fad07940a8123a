# SPDX-License-Identifier: GPL-2.0-or-later
"""scripts/bench sessions: system calls and time of iscsiadm's listings of sessions, beside the floor (sessions_floor.c).

Both read a directory that has as many sessions, each with a disk, as the kernel would show in /sys.
"""
import argparse
import os
import subprocess
import sys
import tempfile
import time

SESSION = {
    "targetname": "iqn.2026-11.com.example:t%d", "tpgt": "1", "creator": "1000", "ifacename": "default", "state": "LOGGED_IN",
    "initiatorname": "iqn.2026-11.com.example:host", "target_state": "SCANNED", "target_id": "0", "recovery_tmo": "120",
    "abort_tmo": "15", "lu_reset_tmo": "30", "tgt_reset_tmo": "30", "username": "(null)", "password": "(null)",
    "username_in": "(null)", "password_in": "(null)", "first_burst_len": "65536", "max_burst_len": "262144", "immediate_data": "1",
    "initial_r2t": "0", "max_outstanding_r2t": "1", "erl": "0", "fast_abort": "1",
}
CONN = {
    "persistent_address": "192.0.2.%d", "persistent_port": "3260", "address": "192.0.2.%d", "port": "3260", "state": "up",
    "ping_tmo": "5", "recv_tmo": "5", "header_digest": "0", "data_digest": "0", "max_recv_dlength": "262144",
    "max_xmit_dlength": "262144", "exp_statsn": "77",
}
HOST = {"hwaddress": "default", "netdev": "default", "ipaddress": "192.0.2.250", "initiatorname": "(null)"}
LISTINGS = (("-m session", "list"), ("-m session -P 1", None), ("-m session -P 3", "tree"))


def put(folder, values, number=0):
    os.makedirs(folder)
    for name, value in values.items():
        with open(f"{folder}/{name}", "w", encoding="ascii") as f:
            f.write((value % number if "%" in value else value) + "\n")


def link(sys_dir, kind, name, device):
    os.makedirs(f"{sys_dir}/class/{kind}", exist_ok=True)
    os.symlink(f"../../{device}", f"{sys_dir}/class/{kind}/{name}")


def fill(sys_dir, count):
    """As a kernel with iscsi_tcp shows them: doc/KERNEL.md."""
    put(f"{sys_dir}/class/iscsi_transport/tcp", {"handle": "18446744072641421312", "caps": "0x39"})
    for i in range(1, count + 1):
        host = f"devices/platform/host{i}"
        session, target = f"{host}/session{i}", f"{host}/session{i}/target{i}:0:0"
        conn, lun = f"{session}/connection{i}:0", f"{target}/{i}:0:0:0"
        put(f"{sys_dir}/{host}/iscsi_host/host{i}", HOST)
        put(f"{sys_dir}/{host}/scsi_host/host{i}", {"proc_name": "iscsi_tcp", "state": "running"})
        put(f"{sys_dir}/{session}/iscsi_session/session{i}", SESSION, i)
        put(f"{sys_dir}/{conn}/iscsi_connection/connection{i}:0", CONN, i % 250)
        put(f"{sys_dir}/{lun}", {"state": "running", "type": "0"})
        os.makedirs(f"{sys_dir}/{lun}/block/sd{i}")
        for folder in (f"{session}/iscsi_session/session{i}", f"{conn}/iscsi_connection/connection{i}:0"):
            os.symlink("../..", f"{sys_dir}/{folder}/device")
        link(sys_dir, "iscsi_session", f"session{i}", f"{session}/iscsi_session/session{i}")
        link(sys_dir, "iscsi_connection", f"connection{i}:0", f"{conn}/iscsi_connection/connection{i}:0")
        link(sys_dir, "iscsi_host", f"host{i}", f"{host}/iscsi_host/host{i}")
        link(sys_dir, "scsi_host", f"host{i}", f"{host}/scsi_host/host{i}")


def run(argv, env, before=()):
    with tempfile.TemporaryFile() as out:
        begun = time.monotonic()
        p = subprocess.run([*before, *argv], env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE, check=False)
        seconds = time.monotonic() - begun
        lines = out.tell()
    if p.returncode or not lines:
        sys.exit(f"{' '.join(argv)}: status {p.returncode}\n{p.stderr.decode()}")
    return seconds


def calls(argv, env):
    with tempfile.NamedTemporaryFile("r") as f:
        run(argv, env, ("strace", "-f", "-c", "-o", f.name))
        return int(f.read().split("\n")[-2].split()[3])


def measure(argv, env, count, runs):
    return calls(argv, env) / count, min(run(argv, env) for _ in range(runs)) * 1000


def main():
    ap = argparse.ArgumentParser(prog="scripts/bench sessions", description="calls and time per session of the listings")
    ap.add_argument("count", type=int, nargs="?", default=256, help="sessions")
    ap.add_argument("-n", "--runs", type=int, default=5)
    ap.add_argument("--miscsi", required=True)
    ap.add_argument("--floor", required=True)
    ap.add_argument("--plugins", required=True)
    a = ap.parse_args()
    with tempfile.TemporaryDirectory() as d:
        env = {"PATH": os.environ["PATH"], "LANG": "C", "MISCSI_SYSFS": d, "MISCSI_PLUGIN_PATH": a.plugins}
        fill(d, a.count)
        print(f"{a.count} sessions with a disk each: system calls per session, and milliseconds (best of {a.runs})")
        print(f"{'':18}{'miscsi':>20}{'floor':>20}{'calls':>8}{'time':>8}")
        for words, floor in LISTINGS:
            mine = measure([a.miscsi, *words.split()], env, a.count, a.runs)
            line = f"{words:18}" + "%10.1f %6.1f ms" % mine
            if floor:
                least = measure([a.floor, d, floor], env, a.count, a.runs)
                line += "%10.1f %6.1f ms" % least + f"{mine[0] / least[0]:7.2f}x{mine[1] / least[1]:7.2f}x"
            print(line, flush=True)


if __name__ == "__main__":
    main()
