# SPDX-License-Identifier: GPL-2.0
"""Disks served to the guest by the runner itself, over NBD on a Unix socket.

Two things need a disk under our control: recording what reaches it, and failing on request.
All recorded disks go to one log, so that there is one order over all of them and a power cut
can be placed between any two requests, whichever disk they went to. A request is answered only
after it is in the log; a flush therefore covers exactly the requests that stand before it.
QEMU's own blklogwrites has one log per disk, no common order, and loses the last entries when
QEMU is killed.

The log is in the format of the kernel's dm-log-writes (scripts/crash/logwrites.py describes
it). The disks lie one behind the other in its sector numbers; mark entries at its start name
them, and a flush carries the first sector of its disk.
"""

import os
import re
import socket
import struct
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "crash"))

import image  # noqa: E402
import logwrites  # noqa: E402

SECTOR = logwrites.SECTOR

NBD_MAGIC = 0x4e42444d41474943
NBD_OPT_MAGIC = 0x49484156454F5054
NBD_REP_MAGIC = 0x3e889045565a9
NBD_REQUEST_MAGIC = 0x25609513
NBD_REPLY_MAGIC = 0x67446698
OPT_EXPORT_NAME, OPT_ABORT, OPT_INFO, OPT_GO = 1, 2, 6, 7
REP_ACK, REP_INFO, REP_ERR_UNSUP, REP_ERR_UNKNOWN = 1, 3, (1 << 31) + 1, (1 << 31) + 6
INFO_EXPORT, INFO_BLOCK_SIZE = 0, 3
# has flags, flush, FUA, trim, write zeroes
EXPORT_FLAGS = 1 | 4 | 8 | 32 | 64
CMD_READ, CMD_WRITE, CMD_DISC, CMD_FLUSH, CMD_TRIM, CMD_ZEROES = 0, 1, 2, 3, 5, 6
CMD_FLAG_FUA = 1
EIO, EINVAL = 5, 22

FAULT = re.compile(r"(flush|read|write)(?:@(\d+))?(/once)?")


class Fault:
    """Answers EIO to one kind of request, at one sector or everywhere, once or always."""

    def __init__(self, text):
        match = FAULT.fullmatch(text)
        if not match:
            raise ValueError(f"bad fault '{text}'")
        self.kind = match[1]
        self.sector = int(match[2]) if match[2] else None
        self.once = bool(match[3])

    def hits(self, kind, offset, length):
        if kind != self.kind:
            return False
        if self.sector is None or kind == "flush":
            return True
        return offset <= self.sector * SECTOR < offset + length


class Export:
    """One disk."""

    def __init__(self, name, path, recorded, fault, atomic):
        self.name = name
        self.path = path
        self.recorded = recorded
        self.fault = fault
        self.atomic = atomic
        self.start = 0
        self.fd = os.open(path, os.O_RDWR)
        self.size = os.lseek(self.fd, 0, os.SEEK_END)

    def reopen(self):
        """The file was replaced under its name."""
        os.close(self.fd)
        self.fd = os.open(self.path, os.O_RDWR)


class Server:
    """Serves the exports; @cut is called when @cut_after requests have been recorded.

    @replay is the folder of an earlier recording: the guest then may ask for the disks as a power
    cut left them there (load), and for what a power cut since that load leaves (reload).
    """

    def __init__(self, path, out, cut_after=None, cut=None, replay=None):
        self.path = path
        self.out = out
        self.replay = logwrites.Reader(os.path.join(replay, "writes.log")) if replay else None
        self.replay_dir = replay
        self.exports = {}
        self.cut_after = cut_after
        self.cut = cut
        self.log = None
        self.listener = None
        self.acceptor = None
        self.stopped = False
        self.requests = 0
        # [order] one request at a time over all disks: this is what makes the log an order.
        self.order = threading.Lock()

    def add(self, name, path, recorded, fault, atomic=SECTOR):
        self.exports[name] = Export(name, path, recorded, fault, atomic)

    def start(self):
        start = 0
        for export in self.recorded():
            export.start = start
            start += export.size // SECTOR
            image.copy_sparse(export.path, self._base(export.name))
        if start:
            self._start_log()
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(self.path)
        self.listener.listen(len(self.exports))
        self.acceptor = threading.Thread(target=self._accept, daemon=True)
        self.acceptor.start()

    def recorded(self):
        return [e for e in self.exports.values() if e.recorded]

    def _base(self, name):
        return os.path.join(self.out, name + ".base")

    def _log_path(self):
        return os.path.join(self.out, "writes.log")

    def _start_log(self):
        if self.log is not None:
            self.log.close()
        self.log = logwrites.Writer(self._log_path())
        for export in self.recorded():
            self.log.mark(logwrites.disk_mark(export.name, export.start, export.size // SECTOR,
                                              export.atomic // SECTOR))

    def stop(self):
        with self.order:
            self.stopped = True
            if self.log is not None:
                self.log.close()
            for export in self.exports.values():
                os.close(export.fd)
        # Closing alone would leave the thread waiting on a number that is given out again.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.acceptor.join()
        self.listener.close()

    def control(self, words):
        """A request of the guest's vm/control; what it gets for an answer.

        Raises ValueError when it makes no sense.
        """
        with self.order:
            what, args = words[0], words[1:]
            if what == "mark" and self.log is not None:
                self.log.mark(" ".join(args).encode())
            elif what == "fault" and len(args) == 2 and args[0] in self.exports:
                self.exports[args[0]].fault = None if args[1] == "none" else Fault(args[1])
            elif what == "load" and self.replay is not None and len(args) == 4:
                self._load(int(args[0]), choice_of(args))
            elif what == "reload" and self.replay is not None and len(args) == 4:
                self._reload(int(args[0]), choice_of(args))
            elif what == "count" and self.log is not None:
                return str(self.log.entries)
            else:
                raise ValueError("no such request, or no such served disk")
        return ""

    def _load(self, cut, choice):
        """The disks as of @cut of the earlier recording; what follows is recorded anew."""
        for disk in image.whole_disks(self.replay):
            export = self.exports[disk.name]
            image.rebuild(self.replay, disk, cut, choice,
                          os.path.join(self.replay_dir, disk.name + ".base"),
                          self._base(disk.name))
            os.unlink(export.path)
            image.copy_sparse(self._base(disk.name), export.path)
            export.reopen()
        self._start_log()

    def _reload(self, cut, choice):
        """The disks as of @cut of what was recorded since the load; recording ends."""
        if self.log is not None:
            self.log.close()
            self.log = None
        reader = logwrites.Reader(self._log_path())
        for disk in reader.disks:
            export = self.exports[disk.name]
            os.unlink(export.path)
            image.rebuild(reader, disk, cut, choice, self._base(disk.name), export.path)
            export.reopen()
        reader.close()

    def _accept(self):
        while True:
            try:
                conn = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._serve, args=(conn,), daemon=True).start()

    def _serve(self, conn):
        with conn:
            try:
                export = self._handshake(conn)
                while export is not None and self._request(conn, export):
                    pass
            except (ConnectionError, OSError):
                # QEMU was killed: how every power cut ends.
                pass

    def _handshake(self, conn):
        conn.sendall(struct.pack(">QQH", NBD_MAGIC, NBD_OPT_MAGIC, 3))
        receive(conn, 4)
        while True:
            magic, opt, length = struct.unpack(">QII", receive(conn, 16))
            data = receive(conn, length)
            if magic != NBD_OPT_MAGIC or opt == OPT_ABORT:
                return None
            if opt == OPT_EXPORT_NAME:
                export = self.exports[data.decode()]
                conn.sendall(struct.pack(">QH", export.size, EXPORT_FLAGS))
                return export
            if opt not in (OPT_INFO, OPT_GO):
                reply(conn, opt, REP_ERR_UNSUP)
                continue
            name = data[4:4 + struct.unpack(">I", data[:4])[0]].decode()
            export = self.exports.get(name)
            if export is None:
                reply(conn, opt, REP_ERR_UNKNOWN)
                continue
            reply(conn, opt, REP_INFO, struct.pack(">HQH", INFO_EXPORT, export.size,
                                                   EXPORT_FLAGS))
            reply(conn, opt, REP_INFO, struct.pack(">HIII", INFO_BLOCK_SIZE, SECTOR, 4096,
                                                   32 << 20))
            reply(conn, opt, REP_ACK)
            if opt == OPT_GO:
                return export

    def _request(self, conn, export):
        magic, flags, kind, handle, offset, length = struct.unpack(">IHHQQI", receive(conn, 28))
        if magic != NBD_REQUEST_MAGIC or kind == CMD_DISC:
            return False
        data = receive(conn, length) if kind == CMD_WRITE else b""
        with self.order:
            if self.stopped:
                return False
            error, answer = self._handle(export, flags, kind, offset, length, data)
            if self.stopped:
                # The power went before the answer.
                return False
        conn.sendall(struct.pack(">IIQ", NBD_REPLY_MAGIC, error, handle) + answer)
        return True

    def _handle(self, export, flags, kind, offset, length, data):
        name = {CMD_READ: "read", CMD_FLUSH: "flush", CMD_WRITE: "write",
                CMD_ZEROES: "write"}.get(kind)
        if export.fault and name and export.fault.hits(name, offset, length):
            if export.fault.once:
                export.fault = None
            return EIO, b""
        if kind == CMD_READ:
            return 0, os.pread(export.fd, length, offset).ljust(length, b"\0")
        if kind in (CMD_WRITE, CMD_ZEROES):
            data = data if kind == CMD_WRITE else bytes(length)
            os.pwrite(export.fd, data, offset)
            mark = logwrites.FUA if flags & CMD_FLAG_FUA else 0
            self._record(export, offset // SECTOR, length // SECTOR, mark, data)
        elif kind == CMD_FLUSH:
            self._record(export, 0, 0, logwrites.FLUSH, b"")
        elif kind == CMD_TRIM:
            # The old data stays: a device may do that, and nobody may rely on anything else.
            self._record(export, offset // SECTOR, length // SECTOR, logwrites.DISCARD, b"")
        else:
            return EINVAL, b""
        return 0, b""

    def _record(self, export, sector, count, flags, data):
        if not export.recorded or self.log is None:
            return
        self.log.append(export.start + sector, count, flags, data)
        self.requests += 1
        if self.cut_after and self.requests == self.cut_after:
            self.stopped = True
            self.cut()


def choice_of(args):
    """CUT MODE SEED TORN, as the guest says it."""
    return image.Choice(args[1], int(args[2]), args[3] == "torn")


def receive(conn, length):
    parts = bytearray()
    while len(parts) < length:
        part = conn.recv(length - len(parts))
        if not part:
            raise ConnectionError("closed")
        parts += part
    return bytes(parts)


def reply(conn, opt, kind, data=b""):
    conn.sendall(struct.pack(">QIII", NBD_REP_MAGIC, opt, kind, len(data)) + data)
