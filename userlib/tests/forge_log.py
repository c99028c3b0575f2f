#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""usage: forge_log.py IMAGE WORD...

Appends to a log that is not attached, as the kernel would, and damages it. IMAGE was made by
`ktmctl log create`. The words, in order:

    redo:TX:EN[:BYTES] vote:TX:EN commit:TX:VOTES promise:TX:VOTES:EN end:TX
                    a record; TX and EN are small numbers, from which the UUIDs come
    copy:...        the same, marked as a copy
    /               ends a buffer; prints its LSN and length
    lap             goes to three blocks before the end of the ring, as after a long life
    fill            a filler, to the end of the ring
    super           a superblock that knows the end as durable
    burn:N          overwrites all of the Nth buffer made here (from 1) with zeros
    flip:N          turns a byte of it over
    bad:N           makes its contents impossible, with a good checksum
    torn            overwrites the end of the last buffer
    killsuper:A|B   overwrites a superblock
"""
import struct
import sys
import uuid

BLOCK = 4096
RING = 131072
REDO, PREPARE, COMMIT, END, PROMISE = 1, 2, 3, 4, 5
KINDS = {"redo": REDO, "vote": PREPARE, "commit": COMMIT, "end": END, "promise": PROMISE}
TABLE = []
for n in range(256):
    for _ in range(8):
        n = n >> 1 ^ (0x82F63B78 if n & 1 else 0)
    TABLE.append(n)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def tx_uuid(number):
    return uuid.UUID(int=int(number) << 96 | 0x4000_8000_0000_0000_0001).bytes


def en_uuid(number):
    return uuid.UUID(int=int(number) << 96 | 0x4000_8000_0000_0000_0002).bytes


def rm_uuid(number):
    return uuid.UUID(int=int(number) << 96 | 0x4000_8000_0000_0000_0003).bytes


def seal(block, offset):
    struct.pack_into("<I", block, offset, 0)
    struct.pack_into("<I", block, offset, crc32c(block))


class Log:
    def __init__(self, path):
        self.file = open(path, "r+b", buffering=0)
        self.supers = [self.read(0, BLOCK), self.read(65536, BLOCK)]
        sequences = [struct.unpack_from("<Q", s, 32)[0] for s in self.supers]
        self.slot = sequences.index(max(sequences))
        block = self.supers[self.slot]
        self.ring_size, self.tail, self.end, self.epoch = struct.unpack_from("<4Q", block, 40)
        self.uuid = block[16:32]
        self.epoch += 1
        self.prev = 0
        self.buffers = []
        self.records = []
        self.used = 72
        self.clock = 10
        self.chains = {}
        self.votes = {}
        self.super()  # as an attach does

    def read(self, offset, length):
        self.file.seek(offset)
        return bytearray(self.file.read(length))

    def write(self, offset, data):
        self.file.seek(offset)
        self.file.write(data)

    def at(self, lsn):
        return RING + lsn % self.ring_size

    def record(self, kind, tx, en=b"", rm=b"", data=b"", prev=0, flags=0):
        length = (88 + len(data) + 7) // 8 * 8
        lsn = self.end + self.used
        head = struct.pack("<IIHHIQQQ16s16s16s", length, len(data), kind, flags, 0, lsn, prev, 0,
                           rm, tx, en)
        self.records.append(head + data + bytes(length - 88 - len(data)))
        self.used += length
        return lsn

    def append(self, words, flags=0):
        kind, tx = KINDS[words[0]], tx_uuid(words[1])
        if kind == REDO:
            data = (words[3:] and b"x" * int(words[3])) or b"redo"
            chain = self.chains.setdefault((words[1], words[2]), [])
            prev = chain[-1] if chain else 0
            chain.append(self.record(kind, tx, en_uuid(words[2]), rm_uuid(words[2]), data, prev,
                                     flags))
        elif kind == PREPARE:
            chain = self.chains.pop((words[1], words[2]), [])
            data = struct.pack("<QII", chain[0] if chain else 0, len(chain), 0)
            lsn = self.record(kind, tx, en_uuid(words[2]), rm_uuid(words[2]), data,
                              chain[-1] if chain else 0, flags)
            self.votes.setdefault(words[1], lsn)
        elif kind == END:
            self.record(kind, tx, data=struct.pack("<II", 1, 0), flags=flags)
        else:
            self.clock += 1
            data = struct.pack("<QII", self.clock, int(words[2]), 0)
            named = (en_uuid(words[3]), rm_uuid(words[3])) if kind == PROMISE else (b"", b"")
            self.record(kind, tx, *named, data, self.votes.get(words[1], 0), flags)

    def put_buffer(self, span, used, body, nr):
        block = bytearray(used)
        struct.pack_into("<II16sQQQQIIII", block, 0, 0x4B544D42, 0, bytes(self.uuid), self.end,
                         self.epoch, self.end, self.prev, span, used, nr, 0)
        block[72:] = body
        seal(block, 4)
        self.write(self.at(self.end), block + bytes(-used % BLOCK))
        self.prev = self.end
        self.end += span

    def finish(self):
        span = (self.used + BLOCK - 1) // BLOCK * BLOCK
        self.buffers.append((self.end, span))
        print(self.end, span)
        self.put_buffer(span, self.used, b"".join(self.records), len(self.records))
        self.records, self.used = [], 72

    def lap(self):
        start = self.end - self.end % self.ring_size + self.ring_size - 3 * BLOCK
        self.tail = self.end = start
        self.prev = 0
        self.super()

    def fill(self):
        self.put_buffer(self.ring_size - self.end % self.ring_size, 72, b"", 0)

    def super(self):
        block = bytearray(self.supers[self.slot])
        sequence = struct.unpack_from("<Q", block, 32)[0]
        self.slot = 1 - self.slot
        struct.pack_into("<Q", block, 32, sequence + 1)
        struct.pack_into("<3Q", block, 48, self.tail, self.end, self.epoch)
        struct.pack_into("<Q", block, 144, 0)
        seal(block, 8)
        self.supers[self.slot] = block
        self.write(self.slot * 65536, block)

    def damage(self, what, number):
        lsn, span = self.buffers[int(number) - 1]
        at = self.at(lsn)
        if what == "burn":
            self.write(at, bytes(span))
        elif what == "flip":
            byte = self.read(at + 100, 1)[0]
            self.write(at + 100, bytes([byte ^ 0x55]))
        else:
            block = self.read(at, span)
            used = struct.unpack_from("<I", block, 60)[0]
            struct.pack_into("<H", block, 72 + 8, 99)
            block = block[:used]
            seal(block, 4)
            self.write(at, block)

    def torn(self):
        self.write(self.at(self.prev) + 100, b"torn")

    def do(self, word):
        words = word.split(":")
        if word == "/":
            self.finish()
        elif word in ("lap", "fill", "super", "torn"):
            getattr(self, word)()
        elif words[0] == "killsuper":
            self.write(65536 * (words[1] == "B") + 200, b"garbage")
        elif words[0] in ("burn", "flip", "bad"):
            self.damage(*words)
        elif words[0] == "copy":
            self.append(words[1:], 1)
        else:
            self.append(words)


def main():
    log = Log(sys.argv[1])
    for word in sys.argv[2:]:
        log.do(word)


main()
