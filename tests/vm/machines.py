# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernels that a test can run on: how each is found, prepared and started. Used by tests/vm/vm alone."""
import glob
import os
import shutil
import stat
import subprocess
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Without AVX registers (ptrace-shim.c) nothing in the guest may use them: libc picks its functions by these.
NO_AVX = {
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX_Fast_Unaligned_Load,-AVX512F,-AVX512VL,-AVX512BW,-AVX2,-AVX,"
                      "-XSAVE,-XSAVEC,-ERMS,-FSRM,-BMI2,-LZCNT,-MOVBE",
    "OPENSSL_ia32cap": "~0x1000000000000000:~0xffffffffffffffff",
}


class Unusable(Exception):
    """This machine cannot run here, and why."""


def cache():
    """A folder of ours for what is compiled once: build/cache of the tree, or one of the user's own."""
    own = os.path.join(tempfile.gettempdir(), f"miscsi-vm-{os.getuid()}")
    for d in filter(None, (os.environ.get("VM_CACHE"), os.path.join(TOP, "build", "cache"), own)):
        try:
            os.makedirs(d, mode=0o755, exist_ok=True)
        except OSError:
            continue
        st = os.stat(d)
        if os.access(d, os.W_OK) and st.st_uid == os.getuid() and not st.st_mode & stat.S_IWOTH:
            return d
    raise Unusable(f"no folder for compiled helpers (tried {own})")


def compiled(name, source, *flags):
    """The helper, compiled if its source is newer; several at once do not disturb each other."""
    target, source = os.path.join(cache(), name), os.path.join(HERE, source)
    if not os.path.exists(target) or os.path.getmtime(target) < os.path.getmtime(source):
        new = f"{target}.{os.getpid()}"
        subprocess.run([os.environ.get("CC", "cc").split()[-1], "-O1", "-o", new, source, *flags], check=True)
        os.rename(new, target)
    return target


def module_files(base, names):
    """The files of the modules and of what they need, in the order to load them; built-in ones are left out."""
    needs, files = {}, {}
    with open(os.path.join(base, "modules.dep")) as f:
        for line in f:
            path, _, rest = line.partition(":")
            needs[path] = rest.split()
            files[os.path.basename(path).split(".ko")[0].replace("-", "_")] = path
    order = []
    for name in names:
        path = files.get(name)
        if path is None:
            continue
        for p in list(reversed(needs[path])) + [path]:
            if p not in order:
                order.append(p)
    return [os.path.join(base, p) for p in order]


def roomy(megabytes):
    """A folder whose files user-mode Linux can use as its memory: room enough, and not mounted noexec."""
    for d in ("/dev/shm", os.environ.get("TMPDIR"), "/tmp", "/var/tmp"):
        if not d or not os.access(d, os.W_OK):
            continue
        s = os.statvfs(d)
        if s.f_bavail * s.f_frsize > (megabytes + 64) << 20 and not s.f_flag & os.ST_NOEXEC:
            return d
    raise Unusable(f"no folder with {megabytes} MB of room for the guest's memory")


class Machine:
    """What all have in common: a work folder with the steps for init.c, the command's output and its status."""

    def __init__(self, a):
        self.a = a
        self.env = dict(os.environ)
        self.guest_env = {"PATH": PATH, "HOME": "/root", "TERM": "dumb", "LANG": "C.UTF-8", "VM": self.name}
        self.work = None

    def open_work(self):
        self.work = tempfile.mkdtemp(prefix="vm.", dir=None)
        self.share = os.path.join(self.work, "share")
        self.out = os.path.realpath(self.a.out) if self.a.out else os.path.join(self.work, "out")
        os.makedirs(self.share)
        os.makedirs(self.out, exist_ok=True)
        self.std = os.path.join(self.share, "std")
        self.console = os.path.join(self.work, "console")

    def status(self):
        """The command's exit status, or None while it runs."""
        try:
            with open(os.path.join(self.share, "rc")) as f:
                return int(f.read())
        except (OSError, ValueError):
            return None

    def write_steps(self, steps):
        path = os.path.join(self.work, "steps")
        with open(path, "w") as f:
            for s in steps:
                words = s if isinstance(s, (list, tuple)) else s.split()
                words = (w.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n") for w in words)
                f.write("\t".join(words) + "\n")
        return path

    def inner_steps(self, new):
        """From the new root on, the same for every kernel."""
        env = dict(self.guest_env, VM_OUT="/out")
        env.update(e.split("=", 1) for e in self.a.env)
        yield f"mount proc proc {new}/proc"
        yield f"mount sysfs sys {new}/sys"
        yield f"try mount configfs c {new}/sys/kernel/config"
        yield f"mount tmpfs r {new}/run mode=755"
        yield f"mkdir {new}/run/lock"
        yield "lo"
        yield ["root", new]
        yield "out /vm/std"
        yield "rc /vm/rc"
        for k, v in env.items():
            yield ["env", k, v]
        yield ["try", "cd", os.getcwd()]
        yield ["run", *self.a.command]

    def dev_steps(self, new):
        yield f"mount devtmpfs dev {new}/dev"
        yield f"mkdir {new}/dev/pts"
        yield f"mkdir {new}/dev/shm"
        yield f"mount devpts p {new}/dev/pts"
        yield f"mount tmpfs s {new}/dev/shm"

    def clean(self):
        if self.work:
            shutil.rmtree(self.work, ignore_errors=True)


class Uml(Machine):
    name = "uml"
    MODULES = ["overlay", "configfs", "unix"]

    def __init__(self, a):
        super().__init__(a)
        self.kernel = os.environ.get("UML") or shutil.which("linux.uml") or "/usr/bin/linux.uml"
        found = glob.glob(os.path.join(os.path.dirname(self.kernel), "../lib/uml/modules/*"))
        self.modules = os.path.realpath(os.environ.get("UML_MODULES") or (found or [""])[0])
        if not os.access(self.kernel, os.X_OK) or not os.path.exists(self.modules + "/modules.dep"):
            raise Unusable("user-mode Linux is not installed (Debian: apt-get install user-mode-linux)")
        self.memory_dir = roomy(a.memory)

    def prepare(self):
        self.open_work()
        shutil.copy2(compiled("init", "init.c", "-static"), self.work + "/init")
        steps = self.write_steps(self.steps())
        self.env["TMPDIR"] = self.memory_dir
        self.command = [self.kernel, f"mem={self.a.memory}M", "rootfstype=hostfs", "rootflags=/", "ro", "quiet",
                        "con0=null,fd:1", "con=null", "ssl=null", f"umid=v{os.getpid()}", f"uml_dir={self.work}/",
                        f"init={self.work}/init", "--", steps]

    def steps(self):
        with open("/proc/cpuinfo") as f:
            if "amx_tile" in f.read() or os.environ.get("VM_NO_XSAVE"):
                self.env["LD_PRELOAD"] = compiled("ptrace-shim.so", "ptrace-shim.c", "-shared", "-fPIC", "-ldl")
                self.guest_env.update(NO_AVX)
        yield "mount tmpfs t /mnt"
        for d in ("up", "work", "new"):
            yield f"mkdir /mnt/{d}"
        for f in module_files(self.modules, self.MODULES):
            yield ["insmod", f]
        lower = []
        for i, d in enumerate(self.a.overlay):  # each by a mount of its own: layers within each other are refused
            lower.insert(0, f"/mnt/ov{i}")
            yield f"mkdir /mnt/ov{i}"
            yield ["mount", "hostfs", "none", f"/mnt/ov{i}", os.path.realpath(d)]
        layers = ":".join(lower + ["/"])
        yield ["mount", "overlay", "o", "/mnt/new", f"lowerdir={layers},upperdir=/mnt/up,workdir=/mnt/work"]
        new = "/mnt/new"
        version = os.path.basename(self.modules)
        for d, source in (("vm", self.share), ("out", self.out), (f"lib/modules/{version}", self.modules)):
            yield f"mkdir {new}/{d}"
            yield ["mount", "hostfs", "none", f"{new}/{d}", source]
        yield from self.dev_steps(new)
        yield "hostname vm"
        yield from self.inner_steps(new)


class Native(Machine):
    name = "native"

    def __init__(self, a):
        super().__init__(a)
        if os.geteuid() != 0:
            raise Unusable("this machine's own kernel needs root")

    def prepare(self):
        self.open_work()
        init = compiled("init", "init.c", "-static")
        self.command = ["unshare", "--mount", "--propagation", "private", "--", init, self.write_steps(self.steps())]

    def steps(self):
        base = os.path.join(self.work, "mnt")
        yield f"mkdir {base}"
        yield f"mount tmpfs t {base}"
        for d in ("up", "work", "new"):
            yield f"mkdir {base}/{d}"
        layers = ":".join([os.path.realpath(d) for d in reversed(self.a.overlay)] + ["/"])
        yield ["mount", "overlay", "o", base + "/new", f"lowerdir={layers},upperdir={base}/up,workdir={base}/work"]
        for d, source in (("vm", self.share), ("out", self.out), ("dev", "/dev")):
            yield f"mkdir {base}/new/{d}"
            yield ["mount", "bind", source, f"{base}/new/{d}"]
        yield from self.inner_steps(base + "/new")


def boots(make, a):
    """Whether the machine comes up at all; tried once per kernel file, and remembered in the cache."""
    machine = make(a)
    kernel = os.stat(machine.kernel)
    mark = os.path.join(cache(), f"boots-{machine.name}-{int(kernel.st_mtime)}-{kernel.st_size}")
    if os.path.exists(mark):
        return machine
    import types
    smoke = types.SimpleNamespace(memory=a.memory, out=None, env=[], overlay=[], command=["/bin/true"])
    trial = make(smoke)
    try:
        trial.prepare()
        with open(trial.console, "wb") as console:
            p = subprocess.Popen(trial.command, stdin=subprocess.DEVNULL, stdout=console, stderr=console,
                                 env=trial.env, start_new_session=True)
            try:
                p.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(p.pid, 9)
                p.wait()
        if trial.status() != 0:
            with open(trial.console, errors="replace") as console:
                tail = " | ".join(console.read().splitlines()[-3:])
            raise Unusable(f"{machine.name} does not boot here: {tail}")
    finally:
        trial.clean()
    with open(mark, "w"):
        return machine


def choose(a):
    """The machine that the options ask for, or the first that works."""
    if a.kernel == "native":
        return Native(a)
    import qemu
    kinds = {"uml": [Uml], "qemu": [qemu.Qemu], "auto": [Uml, qemu.Qemu]}[a.kernel]
    reasons = []
    for kind in kinds:
        try:
            return boots(kind, a)
        except Unusable as e:
            reasons.append(str(e))
    raise Unusable("; ".join(reasons))
