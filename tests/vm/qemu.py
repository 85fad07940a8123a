# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's kernel under QEMU's emulation: slower than user-mode Linux, but runs anywhere and has every module.

The machine's files come by virtio-9p. The kernel is booted uncompressed, for unpacking itself is slow under
emulation, with a small initramfs: init.c, its steps, and the few modules that lead to the root.
"""
import glob
import lzma
import os
import shutil
import stat
import struct

import ibft
from machines import Machine, Unusable, cache, compiled, module_files

P9 = "trans=virtio,version=9p2000.L,msize=512000"


def cpio(entries):
    """entries: (path, mode, data[, (major, minor)]); gives an archive in the kernel's format ("newc")."""
    out = bytearray()
    for number, entry in enumerate([*entries, ("TRAILER!!!", 0, b"")], 1):
        path, mode, data = entry[:3]
        major, minor = entry[3] if len(entry) > 3 else (0, 0)
        name = path.encode() + b"\0"
        fields = [number, mode, 0, 0, 1, 0, len(data), 0, 0, major, minor, len(name), 0]
        out += b"070701" + b"".join(b"%08X" % f for f in fields) + name
        out += bytes(-len(out) % 4) + data
        out += bytes(-len(out) % 4)
    return bytes(out)


def uncompressed(image):
    """The kernel proper out of a bzImage, kept in the cache; the image itself if it is not packed by xz."""
    st = os.stat(image)
    target = os.path.join(cache(), f"vmlinux-{os.path.basename(image)}-{st.st_size}")
    if os.path.exists(target):
        return target
    with open(image, "rb") as f:
        data = f.read()
    offset, length = struct.unpack_from("<II", data, 0x248)  # payload_offset, payload_length of the boot protocol
    packed = data[(data[0x1F1] + 1) * 512 + offset:][:length]
    if packed[:6] != b"\xfd7zXZ\0":
        return image
    new = f"{target}.{os.getpid()}"
    with open(new, "wb") as f:
        f.write(lzma.LZMADecompressor(lzma.FORMAT_XZ).decompress(packed))
    os.rename(new, target)
    return target


class Qemu(Machine):
    name = "qemu"
    MODULES = ["virtio_pci", "9p", "9pnet_virtio", "overlay", "virtio_rng", "configfs"]

    def __init__(self, a):
        super().__init__(a)
        own = os.path.join(cache(), "qemu/usr")
        self.program = shutil.which("qemu-system-x86_64")
        self.data = []
        if not self.program:
            self.program = own + "/bin/qemu-system-x86_64"
            self.data = ["-L", own + "/share/qemu", "-L", own + "/share/seabios"]
            self.env["LD_LIBRARY_PATH"] = own + "/lib/x86_64-linux-gnu"
        if not os.access(self.program, os.X_OK):
            raise Unusable("QEMU is not there (scripts/setup --with-qemu)")
        for base in (os.path.join(cache(), "linux"), "/"):
            kernels = sorted(glob.glob(os.path.join(base, "boot/vmlinuz-*")))
            if kernels:
                break
        else:
            raise Unusable("there is no kernel for QEMU (scripts/setup --with-qemu)")
        self.kernel = kernels[-1]
        self.version = os.path.basename(self.kernel)[len("vmlinuz-"):]
        self.modules = os.path.join(base, "usr/lib/modules", self.version)

    def prepare(self):
        self.open_work()
        init = compiled("init", "init.c", "-static")
        shares = [("root", "/", True), ("vm", self.share, False), ("out", self.out, False)]
        shares += [(f"ov{i}", os.path.realpath(d), True) for i, d in enumerate(self.a.overlay)]
        initrd = os.path.join(self.work, "initrd")
        entries = [(d, stat.S_IFDIR | 0o755, b"") for d in ("dev", "proc", "sys", "m", "mnt")]
        entries.append(("dev/console", stat.S_IFCHR | 0o600, b"", (5, 1)))
        modules = module_files(self.modules, self.MODULES)
        for path in modules:
            with open(path, "rb") as f:
                entries.append(("m/" + os.path.basename(path), stat.S_IFREG | 0o644, f.read()))
        with open(init, "rb") as f:
            entries.append(("init", stat.S_IFREG | 0o755, f.read()))
        with open(self.write_steps(self.steps(modules)), "rb") as f:
            entries.append(("steps", stat.S_IFREG | 0o644, f.read()))
        with open(initrd, "wb") as f:
            f.write(cpio(entries))
        self.command = [
            self.program, *self.data, "-accel", "tcg,thread=multi", "-M", "pc", "-cpu", "max,la57=off", "-smp", "2",
            "-m", str(self.a.memory), "-nodefaults", "-display", "none", "-no-reboot",
            "-kernel", uncompressed(self.kernel), "-initrd", initrd,
            "-append", "console=ttyS0 quiet loglevel=5 panic=-1 oops=panic mitigations=off nokaslr random.trust_cpu=on "
                       "cryptomgr.notests tsc=reliable no_timer_check audit=0 apparmor=0 nowatchdog net.ifnames=0 "
                       "rcupdate.rcu_expedited=1",
            "-serial", "stdio", "-device", "virtio-rng-pci"]
        if getattr(self.a, "ibft", None) is not None:
            self.command += ibft.arguments(os.path.join(self.work, "ibft"), self.a.ibft)
        for tag, path, readonly in shares:
            self.command += ["-fsdev", f"local,id={tag},path={path},security_model=none,multidevs=remap"
                             + (",readonly=on" if readonly else ""),
                             "-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}"]

    def steps(self, modules):
        for path in modules:
            yield ["insmod", "/m/" + os.path.basename(path)]
        yield "mount tmpfs t /mnt"
        for d in ("up", "work", "new", "root"):
            yield f"mkdir /mnt/{d}"
        yield f"mount 9p root /mnt/root ro,{P9},cache=loose"
        lower = ["/mnt/root"]
        for i, _ in enumerate(self.a.overlay):
            yield f"mkdir /mnt/ov{i}"
            yield f"mount 9p ov{i} /mnt/ov{i} ro,{P9},cache=loose"
            lower.insert(0, f"/mnt/ov{i}")
        yield f"mount overlay o /mnt/new lowerdir={':'.join(lower)},upperdir=/mnt/up,workdir=/mnt/work"
        new = "/mnt/new"
        for d in ("vm", "out"):
            yield f"mkdir {new}/{d}"
            yield f"mount 9p {d} {new}/{d} {P9},cache=none"
        yield f"mkdir {new}/lib/modules/{self.version}"
        yield ["mount", "bind", "/mnt/root" + os.path.realpath(self.modules), f"{new}/lib/modules/{self.version}"]
        yield from self.dev_steps(new)
        yield "hostname vm"
        yield from self.inner_steps(new)
