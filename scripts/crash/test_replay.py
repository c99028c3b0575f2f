#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Unit tests of the write log and of what is rebuilt from it."""

import os
import struct
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
sys.dont_write_bytecode = True

import image  # noqa: E402
import logwrites  # noqa: E402

S = logwrites.SECTOR


def block(letter, sectors=1):
    return letter.encode() * (S * sectors)


class LogCase(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.dir.name, "writes.log")

    def tearDown(self):
        self.dir.cleanup()

    def write_log(self, steps, disks=(("a", 0, 16), ("b", 16, 16))):
        """Steps: ("w"|"f"|"fua"|"d"|"m", ...) as the recorder would log them."""
        log = logwrites.Writer(self.path)
        for disk in disks:
            log.mark(logwrites.disk_mark(*disk))
        for kind, *rest in steps:
            if kind in ("w", "fua"):
                sector, data = rest
                flags = logwrites.FUA if kind == "fua" else 0
                log.append(sector, len(data) // S, flags, data)
            elif kind == "f":
                log.append(rest[0], 0, logwrites.FLUSH)
            elif kind == "d":
                log.append(rest[0], rest[1], logwrites.DISCARD)
            else:
                log.mark(rest[0].encode())
        log.close()
        return logwrites.Reader(self.path)

    def content(self, reader, disk=0, cut=None, base=None, **choice):
        target = os.path.join(self.dir.name, "out.img")
        cut = len(reader.entries) if cut is None else cut
        image.rebuild(reader, image.whole_disks(reader)[disk], cut, image.Choice(**choice),
                      base, target)
        with open(target, "rb") as f:
            return f.read()

    def letters(self, *args, **kwargs):
        data = self.content(*args, **kwargs)
        return "".join(chr(data[i]) if data[i] else "." for i in range(0, len(data), S))


class TestFormat(LogCase):
    def test_layout_is_that_of_dm_log_writes(self):
        self.write_log([("w", 5, block("x"))], disks=())
        with open(self.path, "rb") as f:
            raw = f.read()
        self.assertEqual(struct.unpack_from("<QQQI", raw), (0x6a736677736872, 1, 1, 512))
        self.assertEqual(struct.unpack_from("<QQQQ", raw, 512), (5, 1, 0, 0))
        self.assertEqual(raw[1024:], block("x"))

    def test_reads_back_every_kind(self):
        reader = self.write_log([("w", 3, block("x", 2)), ("f", 16), ("d", 4, 2),
                                 ("fua", 17, block("y")), ("m", "here")])
        self.assertEqual([e.describe() for e in reader.entries[2:]],
                         ["write", "flush", "discard", "write+fua", "mark here"])
        self.assertEqual([d.name for d in reader.disks], ["a", "b"])
        self.assertEqual(reader.disk_of(reader.entries[3]).name, "b")

    def test_zero_data_is_there_though_sparse(self):
        reader = self.write_log([("w", 0, bytes(S)), ("w", 1, block("x"))])
        self.assertEqual(reader.data(reader.entries[2]), bytes(S))
        self.assertEqual(reader.data(reader.entries[3]), block("x"))

    def test_other_sector_size(self):
        with open(self.path, "wb") as f:
            f.write(struct.pack("<QQQI", logwrites.MAGIC, 1, 1, 4096).ljust(4096, b"\0"))
            f.write(struct.pack("<QQQQ", 2, 1, 0, 0).ljust(4096, b"\0"))
            f.write(b"z" * 4096)
        reader = logwrites.Reader(self.path)
        self.assertEqual((reader.entries[0].sector, reader.entries[0].count), (16, 8))
        self.assertEqual(reader.data(reader.entries[0]), b"z" * 4096)

    def test_entries_beyond_the_promised_number_are_found(self):
        self.write_log([("w", 0, block("x")), ("w", 1, block("y"))], disks=())
        with open(self.path, "r+b") as f:
            f.seek(16)
            f.write(struct.pack("<Q", 0))
        self.assertEqual(len(logwrites.Reader(self.path).entries), 2)

    def test_cut_off_last_entry_is_dropped(self):
        self.write_log([("w", 0, block("x")), ("w", 1, block("y"))], disks=())
        os.truncate(self.path, os.path.getsize(self.path) - 1)
        with open(self.path, "r+b") as f:
            f.seek(16)
            f.write(struct.pack("<Q", 1))
        self.assertEqual(len(logwrites.Reader(self.path).entries), 1)

    def test_missing_promised_entry_is_an_error(self):
        self.write_log([("w", 0, block("x"))], disks=())
        os.truncate(self.path, os.path.getsize(self.path) - 1)
        with self.assertRaises(logwrites.FormatError):
            logwrites.Reader(self.path)

    def test_foreign_files_are_refused(self):
        for content in (b"", b"x" * 4096, struct.pack("<QQQI", logwrites.MAGIC, 2, 0, 512),
                        struct.pack("<QQQI", logwrites.MAGIC, 1, 0, 513)):
            with open(self.path, "wb") as f:
                f.write(content)
            with self.assertRaises(logwrites.FormatError):
                logwrites.Reader(self.path)


class TestRebuild(LogCase):
    STEPS = [("w", 0, block("1")), ("w", 1, block("2")), ("f", 0), ("w", 1, block("3")),
             ("w", 2, block("4", 4))]

    def test_all(self):
        reader = self.write_log(self.STEPS)
        self.assertEqual(self.letters(reader)[:8], "134444..")

    def test_prefix(self):
        reader = self.write_log(self.STEPS)
        wanted = ["", "", "", "1", "12", "12", "13", "134444"]
        for cut, text in enumerate(wanted):
            self.assertEqual(self.letters(reader, cut=cut), text.ljust(16, "."), f"cut {cut}")

    def test_flushed_only(self):
        reader = self.write_log(self.STEPS)
        self.assertEqual(self.letters(reader, mode="flushed")[:4], "12..")

    def test_without_flush_nothing_is_durable(self):
        reader = self.write_log(self.STEPS[:2])
        self.assertEqual(self.letters(reader, mode="flushed"), "." * 16)

    def test_flush_of_another_disk_covers_nothing(self):
        reader = self.write_log([("w", 0, block("1")), ("w", 16, block("2")), ("f", 16)])
        self.assertEqual(self.letters(reader, disk=0, mode="flushed")[0], ".")
        self.assertEqual(self.letters(reader, disk=1, mode="flushed")[0], "2")

    def test_fua_is_durable_alone(self):
        reader = self.write_log([("w", 0, block("1")), ("fua", 1, block("2"))])
        self.assertEqual(self.letters(reader, mode="flushed")[:3], ".2.")

    def test_random_keeps_durable_and_varies_the_rest(self):
        reader = self.write_log(self.STEPS)
        seen = {self.letters(reader, mode="random", seed=s) for s in range(40)}
        self.assertTrue(all(s[0] == "1" and s[1] in "23" for s in seen))
        self.assertEqual({s[:6] for s in seen}, {"12....", "13....", "124444", "134444"})

    def test_random_is_repeatable(self):
        reader = self.write_log(self.STEPS)
        for seed in range(5):
            self.assertEqual(self.content(reader, mode="random", torn=True, seed=seed),
                             self.content(reader, mode="random", torn=True, seed=seed))

    def test_torn_last_write_keeps_a_prefix(self):
        reader = self.write_log(self.STEPS)
        seen = {self.letters(reader, torn=True, seed=s)[:6] for s in range(60)}
        self.assertEqual(seen, {"13....", "134...", "1344..", "13444."})

    def test_torn_never_touches_durable_data(self):
        reader = self.write_log(self.STEPS[:3])
        for seed in range(20):
            self.assertEqual(self.letters(reader, torn=True, seed=seed)[:2], "12")

    def test_random_torn_keeps_pieces(self):
        reader = self.write_log([("w", 0, block("4", 4))])
        seen = {self.letters(reader, mode="random", torn=True, seed=s)[:4] for s in range(300)}
        self.assertIn("....", seen)
        self.assertIn("4444", seen)
        self.assertIn(".44.", seen)

    def test_atomic_blocks_are_never_torn(self):
        reader = self.write_log([("w", 2, block("4", 8))], disks=(("a", 0, 16, 4),))
        seen = {self.letters(reader, torn=True, seed=s)[:12] for s in range(100)}
        self.assertEqual(seen, {"." * 12, "..44" + "." * 8, "..444444" + "." * 4})
        seen = {self.letters(reader, mode="random", torn=True, seed=s)[:12] for s in range(300)}
        self.assertEqual(seen, {"." * 12, "..44" + "." * 8, "..444444" + "." * 4,
                                "....4444....", "....444444..", "........44..", "..44444444.."})

    def test_base_shows_through(self):
        base = os.path.join(self.dir.name, "a.base")
        with open(base, "wb") as f:
            f.write(block("b", 16))
        reader = self.write_log(self.STEPS)
        self.assertEqual(self.letters(reader, base=base, mode="flushed"), "12" + "b" * 14)

    def test_log_without_disks_is_one_disk(self):
        reader = self.write_log(self.STEPS, disks=())
        self.assertEqual(self.letters(reader), "134444")

    def test_cut_points(self):
        reader = self.write_log(self.STEPS + [("m", "x"), ("fua", 0, block("9"))])
        self.assertEqual(image.cut_points(reader), [5, 9])
        self.assertEqual(image.cut_points(reader, every_write=True), [3, 4, 5, 6, 7, 9])
        self.assertEqual(image.find_mark(reader, "x"), 7)
        self.assertIsNone(image.find_mark(reader, "y"))


if __name__ == "__main__":
    unittest.main()
