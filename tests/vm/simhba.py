# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds the simulated adapter's module (tests/simhba) for a kernel whose headers are there. Used by vm alone."""
import fcntl
import glob
import os
import shutil
import subprocess

from machines import HERE, TOP, Unusable, cache

SOURCE = os.path.join(os.path.dirname(HERE), "simhba")


def headers(version):
    """The folder to build in: unpacked by scripts/setup --with-qemu, or installed."""
    for base in (os.path.join(cache(), "headers"), ""):
        d = f"{base}/usr/src/linux-headers-{version}"
        if os.path.exists(d + "/Makefile") and os.path.isdir(d + "/scripts/"):
            return d
    raise Unusable(f"no headers of Linux {version} (scripts/setup --with-qemu)")


def stale(module, sources):
    return not os.path.exists(module) or any(os.path.getmtime(s) > os.path.getmtime(module) for s in sources)


def built(version):
    """The module's file, made if a source is newer; two builds at once wait for each other."""
    top = headers(version)
    folder = os.path.join(os.path.dirname(cache()) if cache() == TOP + "/build/cache" else cache(), "simhba", version)
    module = folder + "/miscsi_simhba.ko"
    sources = sorted(glob.glob(SOURCE + "/*.[ch]")) + [SOURCE + "/Kbuild"]
    os.makedirs(folder, exist_ok=True)
    with open(folder + "/.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stale(module, sources):
            for old in glob.glob(folder + "/*.[ch]"):
                os.unlink(old)
            for s in sources:
                shutil.copy2(s, folder)
            jobs = f"-j{min(2, os.cpu_count() or 1)}"
            made = subprocess.run(["make", "-s", jobs, "-C", top, f"M={folder}", "modules"], capture_output=True, text=True)
            if made.returncode:
                raise Unusable(f"tests/simhba does not build:\n{made.stdout}{made.stderr}")
            subprocess.run(["strip", "--strip-debug", module], check=True)
            os.utime(module)
    return module
