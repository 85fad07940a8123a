# SPDX-License-Identifier: GPL-2.0-or-later
"""core/kernel's requests and events against the kernel itself, without a target"""
import os
import subprocess

from lib import *


def test():
    program = os.path.join(os.environ.get("BUILD", ""), "tests/vm/kernel_requests")
    if not os.path.exists(program):
        skip("tests/vm/kernel_requests is not built")
    done = subprocess.run([program], capture_output=True, text=True, timeout=60)
    equal((done.returncode, done.stdout), (0, "ok\n"), "kernel_requests")


if __name__ == "__main__":
    main(test)
