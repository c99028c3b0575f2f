# SPDX-License-Identifier: GPL-2.0
"""The virtual machine: its disks, its QEMU command line, its processes."""

import os
import re
import shutil
import socket
import struct
import subprocess
import tempfile

import recorder
from recorder import logwrites

HERE = os.path.dirname(os.path.realpath(__file__))
KERNEL_DIR = os.path.join(os.path.dirname(HERE), "kernel")
SECTOR = 512
# Partitions start here so that every one is aligned like on a real disk.
FIRST_PART = 2048

# What each argument saves at boot is in the measurements of the kernel arguments in README.
KERNEL_ARGS = ("console=ttyS0 panic=-1 quiet mitigations=off no_timer_check cryptomgr.notests "
               "nokaslr tsc=reliable")


class SetupError(Exception):
    """The machine cannot be built as asked."""


def cache_dir():
    path = os.environ.get("KTM_CACHE") or os.path.expanduser("~/.cache/ktm")
    os.makedirs(path, exist_ok=True)
    return path


def parse_size(text):
    match = re.fullmatch(r"(\d+)([KMG]?)", text)
    if not match:
        raise SetupError(f"bad size '{text}'")
    return int(match[1]) << {"": 0, "K": 10, "M": 20, "G": 30}[match[2]]


class Disk:
    """One --disk option."""

    def __init__(self, text, out):
        self.name = None
        self.file = None
        self.size = None
        self.parts = []
        self.record = False
        self.atomic = SECTOR
        self.durable = False
        self.served = False
        self.fault = None
        for item in text.split(","):
            key, _, value = item.partition("=")
            self._set(key, value, text)
        if not self.name or not re.fullmatch(r"[A-Za-z0-9_-]{1,20}", self.name):
            raise SetupError(f"disk needs name= of at most 20 letters: '{text}'")
        self._create(out)

    def _set(self, key, value, text):
        if key == "name":
            self.name = value
        elif key == "file":
            self.file = os.path.abspath(value)
        elif key == "size":
            self.size = parse_size(value)
        elif key == "record" and not value:
            self.record = self.served = True
        elif key == "durable" and not value:
            self.durable = True
        elif key == "fault":
            self.served = True
            try:
                self.fault = None if value == "none" else recorder.Fault(value)
            except ValueError as err:
                raise SetupError(str(err)) from None
        elif key == "atomic" and value in ("512", "4K"):
            self.atomic = parse_size(value)
        elif key == "parts":
            for part in value.split("+"):
                name, _, size = part.partition(":")
                self.parts.append((name, parse_size(size)))
        else:
            raise SetupError(f"unknown disk option '{key}' in '{text}'")

    def _create(self, out):
        if self.parts:
            if len(self.parts) > 4:
                raise SetupError("at most four partitions")
            needed = FIRST_PART * SECTOR + sum(size for _, size in self.parts)
            self.size = max(self.size or 0, needed)
        if self.file is None:
            self.file = os.path.join(out, self.name + ".img")
            if os.path.exists(self.file):
                os.unlink(self.file)
        if os.path.exists(self.file):
            if os.path.isfile(self.file):
                self.size = max(self.size or 0, os.path.getsize(self.file))
                os.truncate(self.file, self.size)
            return
        with open(self.file, "wb") as f:
            f.truncate(self.size or 64 << 20)
            if self.parts:
                f.write(self._partition_table())
        self.size = self.size or 64 << 20

    def _partition_table(self):
        """A DOS partition table: every kernel knows it, and it needs no tool."""
        sector = bytearray(SECTOR)
        start = FIRST_PART
        for i, (_, size) in enumerate(self.parts):
            count = size // SECTOR
            struct.pack_into("<B3sB3sII", sector, 446 + 16 * i, 0, b"\xfe\xff\xff", 0x83,
                             b"\xfe\xff\xff", start, count)
            start += count
        struct.pack_into("<H", sector, 510, 0xaa55)
        return sector

    def qemu_args(self, server):
        name = self.name
        if self.served:
            args = ["-blockdev", f"driver=nbd,node-name=disk-{name},export={name},"
                    f"server.type=unix,server.path={server.path}"]
        else:
            # The host does not crash with the guest: its page cache is durable enough, and a
            # real fsync per guest flush would only measure the host: which benchmarks want.
            cache = "cache.direct=on" if self.durable else "cache.no-flush=on"
            args = ["-blockdev", f"driver=file,node-name=file-{name},filename={self.file},"
                    f"{cache},discard=unmap",
                    "-blockdev", f"driver=raw,node-name=disk-{name},file=file-{name}"]
        return args + ["-device", f"virtio-blk-pci,drive=disk-{name},serial={name}"]


class Listener:
    """A Unix socket that waits for QEMU to connect."""

    def __init__(self, path):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.bind(path)
        self.socket.listen(1)
        self.socket.settimeout(0.2)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def accept(self, qemu):
        while True:
            try:
                return self.socket.accept()[0]
            except socket.timeout:
                if qemu.poll() is not None:
                    raise SetupError("QEMU ended at once, see qemu.log") from None


class Machine:
    """One QEMU with its helpers."""

    def __init__(self, args, out):
        self.args = args
        self.out = out
        self.qemu = None
        self.server = None
        self.work = tempfile.mkdtemp(prefix="ktm-vm-")
        if re.search(r"[,\s]", out):
            raise SetupError(f"QEMU cannot share a path with commas or blanks: {out}")
        self.release, self.image, root = self._kernel(args.kernel)
        self.modules_dir = "" if root == "/" else os.path.join(root, "lib/modules")
        self.initrd = self._initramfs(root)
        self.disks = [Disk(text, out) for text in args.disk]
        names = [d.name for d in self.disks] + [p for d in self.disks for p, _ in d.parts]
        if len(set(names)) != len(names):
            raise SetupError("two disks or partitions of the same name")

    @staticmethod
    def _kernel(name):
        if name == "debug":
            cmd = [os.path.join(KERNEL_DIR, "build.sh"), "--cached"]
        elif name == "stock" or name[0].isdigit():
            cmd = [os.path.join(KERNEL_DIR, "stock.sh")] + ([] if name == "stock" else [name])
        else:
            cmd = [os.path.join(KERNEL_DIR, "suite.sh"), name]
        done = subprocess.run(cmd, stdout=subprocess.PIPE, check=False, text=True)
        if done.returncode:
            raise SetupError(f"no kernel '{name}'")
        return done.stdout.split()

    def _initramfs(self, root):
        path = os.path.join(self.work, "initramfs.cpio")
        subprocess.run([os.path.join(HERE, "initramfs.sh"), self.release, root, path], check=True)
        return path

    def _command_line(self, channel, control):
        args = self.args
        append = KERNEL_ARGS
        # The leak detector is armed by default; without a scan it only costs time.
        if args.no_kmemleak:
            append += " kmemleak=off"
        # Without ACPI the debug kernel learns of its processors from the BIOS's MP table, which
        # names one per socket.
        smp = f"{args.smp},sockets={args.smp},cores=1,threads=1"
        cmd = ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none",
               "-no-reboot", "-M", "q35", "-smp", smp, "-m", args.memory]
        if args.accel == "kvm":
            cmd += ["-accel", "kvm", "-cpu", "host"]
        else:
            cmd += ["-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max"]
        cmd += ["-kernel", self.image, "-initrd", self.initrd,
                "-append", f"{append} {args.append}".strip(),
                "-serial", f"file:{self.out}/console.log",
                "-device", "isa-debug-exit,iobase=0xf4,iosize=0x04",
                "-fsdev", "local,id=root,path=/,security_model=none,readonly=on,multidevs=remap",
                "-device", "virtio-9p-pci,fsdev=root,mount_tag=root",
                "-fsdev", f"local,id=share,path={self.out},security_model=none,multidevs=remap",
                "-device", "virtio-9p-pci,fsdev=share,mount_tag=share",
                "-device", "virtio-serial-pci",
                "-chardev", f"socket,id=channel,path={channel}",
                "-device", "virtserialport,chardev=channel,name=ktm.results",
                "-chardev", f"socket,id=control,path={control}",
                "-device", "virtserialport,chardev=control,name=ktm.control"]
        for disk in self.disks:
            cmd += disk.qemu_args(self.server)
        return cmd

    def start(self, watch):
        if shutil.which("qemu-system-x86_64") is None:
            raise SetupError("no qemu-system-x86_64; run 'make deps'")
        served = [d for d in self.disks if d.served]
        if self.args.kill_after_writes and not any(d.record for d in served):
            raise SetupError("--kill-after-writes needs a disk with 'record'")
        if served:
            self.server = recorder.Server(os.path.join(self.work, "nbd"), self.out,
                                          self.args.kill_after_writes, lambda: self.cut(watch),
                                          self.args.replay)
            for disk in served:
                self.server.add(disk.name, disk.file, disk.record, disk.fault,
                                disk.atomic)
            self.server.start()
        with Listener(os.path.join(self.work, "channel")) as channel, \
                Listener(os.path.join(self.work, "control")) as control:
            cmd = self._command_line(channel.path, control.path)
            with open(os.path.join(self.out, "qemu.log"), "wb") as log:
                log.write((" ".join(cmd) + "\n").encode())
                log.flush()
                # Even a killed runner takes its QEMU along.
                cmd = ["setpriv", "--pdeathsig", "KILL"] + cmd
                self.qemu = subprocess.Popen(cmd, stdin=subprocess.DEVNULL, stdout=log,
                                             stderr=log)
            watch.channel = channel.accept(self.qemu)
            watch.control = control.accept(self.qemu)

    def control(self, text, watch):
        """A request of the guest's vm/control; returns the answer."""
        words = text.split()
        if words[:1] == ["cut"]:
            self.cut(watch)
            return None
        try:
            if self.server is None or not words:
                raise ValueError("no disk with record or fault=")
            return f"ok {self.server.control(words)}"
        except (ValueError, KeyError, OSError, logwrites.FormatError) as err:
            return f"refused: {err}"

    def cut(self, watch):
        """Power cut. What the guest still sends before it is dead is not answered."""
        watch.was_cut = True
        self.qemu.kill()

    def stop(self):
        if self.qemu is not None:
            if self.qemu.poll() is None:
                self.qemu.kill()
            self.qemu.wait()
        if self.server is not None:
            self.server.stop()
        shutil.rmtree(self.work, ignore_errors=True)
