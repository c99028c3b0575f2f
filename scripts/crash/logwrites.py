# SPDX-License-Identifier: GPL-2.0
"""The write log: the on-disk format of the kernel's dm-log-writes target, all little-endian.

sector 0   super block: u64 magic, u64 version, u64 number of entries, u32 sector size
then, one after the other, each starting on a sector of that size:
           u64 sector, u64 number of sectors, u64 flags, u64 length of inline data;
           for a mark its text follows at once; then, on the next sector, the data written
           (none for a discard, a mark or a flush)

The kernel writes the number of entries now and then only, and QEMU's blklogwrites on a flush
only, so after a crash it may be too low: a reader may go on to the first entry that is all
zero or runs over the end of the file.

Our recorder adds two conventions (vm/recorder.py): a mark "disk NAME START SECTORS ATOMIC" places
a disk in the sector numbers of the log and says how many sectors it never tears, and a flush
carries the first sector of its disk.
"""

import os
import struct
from collections import namedtuple

SECTOR = 512
MAGIC = 0x6a736677736872
VERSION = 1
FLUSH, FUA, DISCARD, MARK, METADATA = 1, 2, 4, 8, 16

SUPER = struct.Struct("<QQQI")
ENTRY = struct.Struct("<QQQQ")

Disk = namedtuple("Disk", "name start sectors atomic")


class FormatError(Exception):
    """Not a write log, or a broken one."""


def disk_mark(name, start, sectors, atomic=1):
    return f"disk {name} {start} {sectors} {atomic}".encode()


class Entry(namedtuple("Entry", "index sector count flags offset text")):
    """One logged request; its data is at @offset of the log file."""

    __slots__ = ()

    @property
    def is_write(self):
        return not self.flags & (DISCARD | MARK) and self.count > 0

    @property
    def is_flush(self):
        return bool(self.flags & FLUSH)

    def describe(self):
        if self.flags & MARK:
            return f"mark {self.text}"
        names = [n for bit, n in ((FLUSH, "flush"), (DISCARD, "discard"), (FUA, "fua"),
                                  (METADATA, "meta")) if self.flags & bit]
        if self.is_write:
            names.insert(0, "write")
        return "+".join(names)


class Writer:
    """Appends to a new log."""

    def __init__(self, path):
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)
        self.entries = 0
        self.end = SECTOR
        self._super()

    def _super(self):
        os.pwrite(self.fd, SUPER.pack(MAGIC, VERSION, self.entries, SECTOR), 0)

    def append(self, sector, count, flags, data=b"", inline=b""):
        header = ENTRY.pack(sector, count, flags, len(inline)) + inline
        if len(header) > SECTOR:
            raise FormatError("mark too long")
        os.pwrite(self.fd, header, self.end)
        self.end += SECTOR
        # Zeroes stay a hole: a log of mkfs would be huge otherwise.
        if data.strip(b"\0"):
            os.pwrite(self.fd, data, self.end)
        self.end += len(data)
        self.entries += 1
        os.ftruncate(self.fd, self.end)
        self._super()

    def mark(self, text):
        self.append(0, 0, MARK, inline=text)

    def close(self):
        os.close(self.fd)


class Reader:
    """A log read back: the entries, and the disks that it names."""

    def __init__(self, path):
        self.fd = os.open(path, os.O_RDONLY)
        size = os.lseek(self.fd, 0, os.SEEK_END)
        head = os.pread(self.fd, SUPER.size, 0)
        if len(head) < SUPER.size:
            raise FormatError("no super block")
        magic, version, promised, self.sector_size = SUPER.unpack(head)
        if magic != MAGIC or version != VERSION:
            raise FormatError("bad magic or version")
        if self.sector_size < SECTOR or self.sector_size & (self.sector_size - 1):
            raise FormatError(f"bad sector size {self.sector_size}")
        self.entries = []
        self.disks = []
        self._scan(size, promised)

    def _scan(self, size, promised):
        offset = self.sector_size
        while offset + self.sector_size <= size:
            block = os.pread(self.fd, self.sector_size, offset)
            sector, count, flags, length = ENTRY.unpack_from(block)
            if not (sector or count or flags):
                break
            text = ""
            if flags & MARK:
                if length > len(block) - ENTRY.size:
                    raise FormatError(f"entry {len(self.entries)}: mark too long")
                text = block[ENTRY.size:ENTRY.size + length].decode(errors="replace")
            data = 0 if flags & (DISCARD | MARK) else count * self.sector_size
            if offset + self.sector_size + data > size:
                break
            entry = Entry(len(self.entries), sector * self.sector_size // SECTOR,
                          count * self.sector_size // SECTOR, flags,
                          offset + self.sector_size, text)
            self.entries.append(entry)
            self._note_disk(entry)
            offset += self.sector_size + data
        if len(self.entries) < promised:
            raise FormatError(f"{promised} entries promised, {len(self.entries)} there")

    def _note_disk(self, entry):
        words = entry.text.split()
        if len(words) == 5 and words[0] == "disk":
            self.disks.append(Disk(words[1], *(int(w) for w in words[2:])))

    def data(self, entry):
        want = entry.count * SECTOR
        return os.pread(self.fd, want, entry.offset)

    def disk_of(self, entry):
        """The disk an entry belongs to; None if the log names no disks."""
        for disk in self.disks:
            if disk.start <= entry.sector < disk.start + disk.sectors:
                return disk
        return None

    def close(self):
        os.close(self.fd)
