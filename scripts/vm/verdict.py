# SPDX-License-Identifier: GPL-2.0
"""Follows a running guest and decides whether it passed."""

import os
import re
import select
import subprocess
import sys
import time

PASS, FAILED, USAGE, SPLAT, DIED, TIMEOUT, SETUP = range(7)

# What guest-init writes to the debug-exit port, as QEMU reports it: 2 * code + 1.
QEMU_PASS, QEMU_FAILED = 2 * 0x10 + 1, 2 * 0x11 + 1

# A bare "Call Trace:" is none: an injected fault and a failed allocation print one, too, and a
# real splat has a headline.
SPLATS = re.compile(
    r"BUG[: ]|WARNING:|Oops|KASAN|KCSAN|UBSAN|general protection|Kernel panic|"
    r"INFO: (?:task|rcu|trying|lockdep)|rcu: INFO|soft lockup|hard LOCKUP|possible (?:circular|"
    r"recursive|irq lock)|inconsistent lock|suspicious RCU|unreferenced object|ktm-vm: kmemleak|"
    r"refcount_t:|list_(?:add|del) corruption|ODEBUG|sleeping function|scheduling while atomic|"
    r"bad unlock balance|held lock freed|lock held when returning|still has locks held|"
    r"Objects remaining|objects? still in use|invoked oom-killer")


def find_splats(path, allowed):
    """Lines of a kernel log that no healthy run prints."""
    found = []
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            for line in f:
                if SPLATS.search(line) and not any(a.search(line) for a in allowed):
                    found.append(line.strip())
    except FileNotFoundError:
        pass
    return found


def receive(port):
    try:
        return port.recv(65536)
    except ConnectionResetError:
        return b""


class Watch:
    """The result channel: streams it, sees the markers, keeps the time."""

    def __init__(self, args, out, started):
        self.args = args
        self.out = out
        self.started = started
        self.channel = None
        self.control = None
        self.exit_status = None
        self.up_after = None
        self.was_cut = False
        self.timed_out = False
        self.leak = False
        self.log = open(os.path.join(out, "result.log"), "wb")
        self.marker = args.kill_at.encode() if args.kill_at else None
        for name in ("console.log", "dmesg.txt", "kmemleak.txt"):
            path = os.path.join(out, name)
            if os.path.exists(path):
                os.unlink(path)

    def follow(self, vm):
        """Until the channel closes or the time is up."""
        rest = b""
        deadline = self.started + self.args.timeout
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                self.timed_out = True
                return
            ports = [self.channel] + ([self.control] if self.control else [])
            ready = select.select(ports, [], [], min(left, 1.0))[0]
            if not ready and vm.qemu.poll() is not None:
                return
            if self.control in ready:
                self._control(vm)
            if self.channel not in ready:
                continue
            data = receive(self.channel)
            if not data:
                break
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                self._line(line, vm)
            # A marker may come without an end of line.
            if self.marker and self.marker in rest:
                self._line(rest, vm)
                rest = b""
        if rest:
            self._line(rest, vm)
        try:
            vm.qemu.wait(timeout=max(1.0, min(30.0, deadline - time.monotonic())))
        except subprocess.TimeoutExpired:
            self.timed_out = True

    def _control(self, vm):
        data = receive(self.control)
        if not data:
            self.control = None
            return
        # A request is one short line: it comes in one piece.
        answer = vm.control(data.decode(errors="replace"), self)
        if answer is not None:
            self.control.sendall(answer.encode() + b"\n")

    def _line(self, line, vm):
        if self.was_cut:
            return
        if self.marker and self.marker in line:
            vm.cut(self)
        self.log.write(line + b"\n")
        self.log.flush()
        text = line.decode(errors="replace")
        if text.startswith("ktm-vm: exit "):
            self.exit_status = int(text.split()[2])
        elif text.startswith("ktm-vm: up "):
            self.up_after = time.monotonic() - self.started
        elif text == "ktm-vm: leak":
            self.leak = True
        elif not self.args.quiet:
            sys.stdout.buffer.write(line + b"\n")
            sys.stdout.buffer.flush()

    def judge(self, vm):
        """(exit status, one line of text)"""
        self.log.close()
        allowed = [re.compile(a) for a in self.args.allow]
        splats = find_splats(os.path.join(self.out, "console.log"), allowed)
        splats += find_splats(os.path.join(self.out, "dmesg.txt"), allowed)
        code = vm.qemu.returncode
        times = f"{time.monotonic() - self.started:.1f} s"
        if self.up_after is not None:
            times += f", up after {self.up_after:.1f} s"
        if self.leak or splats:
            for line in splats[:12]:
                print(f"vm: splat: {line}", file=sys.stderr)
            return SPLAT, f"FAIL: splat or leak ({times})"
        if self.timed_out:
            return TIMEOUT, f"FAIL: time-out ({times})"
        if self.was_cut:
            return PASS, f"PASS: power cut as asked ({times})"
        if self.exit_status is None:
            return DIED, f"FAIL: the guest died without a verdict, QEMU exit {code} ({times})"
        if self.marker or self.args.kill_after_writes:
            return FAILED, f"FAIL: the point of the power cut was never reached ({times})"
        if self.exit_status == 0 and code == QEMU_PASS:
            return PASS, f"PASS ({times})"
        if self.exit_status != 0 and code == QEMU_FAILED:
            return FAILED, f"FAIL: exit status {self.exit_status} ({times})"
        return DIED, f"FAIL: QEMU exit {code} contradicts exit status {self.exit_status} ({times})"
