#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Unit tests of what counts as a splat."""

import os
import re
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
sys.dont_write_bytecode = True

import verdict  # noqa: E402

SPLATS = """\
BUG: KASAN: slab-out-of-bounds in ktm_log_append+0x12/0x40 [ktm]
BUG kmalloc-64 (Tainted: G           OE     ): Redzone overwritten
BUG: sleeping function called from invalid context at kernel/locking/mutex.c:580
BUG: kernel NULL pointer dereference, address: 0000000000000010
BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 31s!
WARNING: CPU: 1 PID: 77 at module/object/tx.c:12 ktm_tx_put+0x1/0x2 [ktm]
WARNING: possible circular locking dependency detected
WARNING: possible recursive locking detected
WARNING: suspicious RCU usage
WARNING: bad unlock balance detected!
INFO: task ktm-test:55 blocked for more than 120 seconds.
INFO: trying to register non-static key.
rcu: INFO: rcu_preempt self-detected stall on CPU
watchdog: BUG: soft lockup - CPU#0 stuck for 22s!
general protection fault, probably for non-canonical address 0xdffffc0000000000
Oops: 0002 [#1] PREEMPT SMP KASAN
Kernel panic - not syncing: Attempted to kill init!
UBSAN: shift-out-of-bounds in module/pure/replay.c:10:3
refcount_t: underflow; use-after-free.
list_del corruption. prev->next should be ffff88800, but was ffff88801
ODEBUG: free active (active state 0) object type: timer_list hint: expire+0x0/0x1
unreferenced object 0xffff888003a4c000 (size 128):
ktm-vm: kmemleak: 3 objects
BUG ktm_tx (Tainted: G OE): Objects remaining in ktm_tx on __kmem_cache_shutdown()
test invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0
""".splitlines()

HARMLESS = """\
kasan: KernelAddressSanitizer initialized
ktm: loading out-of-tree module taints kernel.
ktm: module verification failed: signature and/or required key missing - tainting kernel
FAULT_INJECTION: forcing a failure.
Call Trace:
I/O error, dev vdb, sector 0 op 0x1:(WRITE) flags 0x800 phys_seg 0 prio class 2
EXT4-fs (vda2): mounted filesystem with ordered data mode. Quota mode: none.
EXT4-fs (vda2): warning: mounting unchecked fs, running e2fsck is recommended
lockdep: fixing up nothing
rcu: Hierarchical RCU implementation.
""".splitlines()


class TestSplats(unittest.TestCase):
    def found(self, line, allowed=()):
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as f:
            f.write(f"[    1.234567] {line}\n")
            f.flush()
            return verdict.find_splats(f.name, [re.compile(a) for a in allowed])

    def test_every_splat_is_found(self):
        for line in SPLATS:
            self.assertEqual(len(self.found(line)), 1, line)

    def test_nothing_else_is(self):
        for line in HARMLESS:
            self.assertEqual(self.found(line), [], line)

    def test_allowed_lines_pass(self):
        self.assertEqual(self.found("WARNING: planted", ["planted"]), [])
        self.assertEqual(len(self.found("WARNING: other", ["planted"])), 1)

    def test_missing_log_has_no_splat(self):
        self.assertEqual(verdict.find_splats("/nonexistent", []), [])


if __name__ == "__main__":
    unittest.main()
