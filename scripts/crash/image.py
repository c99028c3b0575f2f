# SPDX-License-Identifier: GPL-2.0
"""What a disk may hold after a power cut, built from the log of what was written to it.

The model of a disk: a write lands in a volatile cache; a flush that was answered made every
write before it on the same disk durable; of the writes after it, any subset may have reached
the medium, each whole or, when torn, as some of its sectors. What the disk calls atomic is never
torn: a sector of 512 bytes, or a block of 4096 as file systems other than ext4 take for granted
(xfs trusts the sequence number in the head of a metadata block, btrfs its superblock).
"""

import os
import random
import subprocess

from logwrites import DISCARD, FUA, MARK, SECTOR, Disk

ALL, FLUSHED, RANDOM = "all", "flushed", "random"


class Choice:
    """Which writes survive.

    mode ALL: every write up to the cut. FLUSHED: only what a flush or FUA made durable.
    RANDOM: what is durable, and of the rest a random subset. @torn: a surviving write that was
    not made durable may keep only a random part of its sectors, as a prefix in mode ALL (the
    last write only).
    """

    def __init__(self, mode=ALL, seed=0, torn=False):
        self.mode = mode
        self.seed = seed
        self.torn = torn


def whole_disks(reader):
    """The disks of a log; one that covers everything if the log names none."""
    if reader.disks:
        return reader.disks
    end = max((e.sector + e.count for e in reader.entries), default=0)
    return [Disk("disk", 0, end, 1)]


def entries_of(reader, disk, cut):
    """The entries before @cut that concern @disk. A log without disks has one disk."""
    for entry in reader.entries[:cut]:
        if entry.flags & MARK:
            continue
        if not reader.disks or reader.disk_of(entry) == disk:
            yield entry


def durable_before(entries):
    """The index of the last flush: writes in front of it are durable."""
    return max((e.index for e in entries if e.is_flush), default=-1)


def tear_points(disk, entry):
    """Where a write may be torn: 0 and every border of an atomic unit inside it."""
    first = -(entry.sector - disk.start) % disk.atomic or disk.atomic
    return [0] + list(range(first, entry.count, disk.atomic))


def survivors(reader, disk, cut, choice):
    """(entry, first sector kept, number of sectors kept) of what reached the medium, in order."""
    entries = list(entries_of(reader, disk, cut))
    flushed = durable_before(entries)
    rng = random.Random(f"{choice.seed}/{disk.name}/{cut}")
    for entry in entries:
        # A flush that carries data flushes first and writes then: the data is not covered.
        if not entry.is_write or entry.flags & DISCARD:
            continue
        if entry.index < flushed or entry.flags & FUA:
            yield entry, 0, entry.count
        elif choice.mode == FLUSHED:
            continue
        elif choice.mode == ALL:
            last = entry.index == entries[-1].index
            cuts = tear_points(disk, entry) if choice.torn and last else [entry.count]
            yield entry, 0, rng.choice(cuts)
        elif rng.random() < 0.5:
            cuts = tear_points(disk, entry) + [entry.count]
            if choice.torn and len(cuts) > 2 and rng.random() < 0.5:
                first, end = sorted(rng.sample(cuts, 2))
                yield entry, first, end - first
            else:
                yield entry, 0, entry.count


def copy_sparse(source, target):
    """A copy that shares blocks with the original where the file system can."""
    subprocess.run(["cp", "--sparse=always", "--reflink=auto", source, target], check=True)


def rebuild(reader, disk, cut, choice, base, target):
    """Writes to @target what @disk holds when the power goes before entry @cut."""
    if base:
        copy_sparse(base, target)
    fd = os.open(target, os.O_RDWR | os.O_CREAT | (0 if base else os.O_TRUNC), 0o644)
    try:
        os.ftruncate(fd, max(os.fstat(fd).st_size, disk.sectors * SECTOR))
        for entry, first, count in survivors(reader, disk, cut, choice):
            data = os.pread(reader.fd, count * SECTOR, entry.offset + first * SECTOR)
            os.pwrite(fd, data, (entry.sector - disk.start + first) * SECTOR)
    finally:
        os.close(fd)


def find_mark(reader, text):
    """The index of the first mark whose text is @text, or None."""
    for entry in reader.entries:
        if entry.flags & MARK and entry.text == text:
            return entry.index
    return None


def cut_points(reader, every_write=False):
    """Indices worth cutting at: behind every flush and FUA write, or behind every request.

    Cutting before entry N means that entries 0 .. N-1 were sent. Two points with the same
    requests behind them give the same disks, so marks make no point.
    """
    points = []
    for entry in reader.entries:
        if entry.flags & MARK:
            continue
        if every_write or entry.is_flush or entry.flags & FUA:
            points.append(entry.index + 1)
    return points
