# SPDX-License-Identifier: GPL-2.0-or-later
"""In the machine, by its two units: `target` makes the target, `boot` runs the test's function of this boot and then turns the machine off."""
import importlib.util
import os
import subprocess
import sys
import time
import traceback

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "vm")]
import lab  # noqa: E402


def load(path):
    spec = importlib.util.spec_from_file_location("test", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def boot(name):
    out = os.open(f"/lab/{name}.out", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(out, 1)
    os.dup2(out, 2)
    result = "passed"
    try:
        getattr(load("/host" + lab.get("/lab/test")), name)()
    except lab.Failed as e:
        result = f"FAILED: {e}"
    except Exception:
        result = traceback.format_exc()
    if result != "passed":
        lab.say(result)
        subprocess.run(["journalctl", "-b", "--no-pager", "-n", "150", "-o", "short-monotonic"], stdout=out, stderr=out)
        with open("/lab/down.most", "w") as f:
            f.write("0")
    with open(f"/lab/{name}.result", "w") as f:
        f.write(result)
    with open("/lab/going-down", "w") as f:
        f.write(str(time.time()))
    subprocess.run(["systemctl", "--no-block", "poweroff"])


if sys.argv[1] == "target":
    lab.san_up()
else:
    boot(lab.get("/lab/boot"))
