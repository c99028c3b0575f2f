#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Unit tests of the served disks, with a client of NBD in place of QEMU."""

import os
import socket
import struct
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
sys.dont_write_bytecode = True

import recorder  # noqa: E402
from recorder import logwrites  # noqa: E402

S = recorder.SECTOR
SIZE = 8 * S


class Client:
    """Speaks just enough of the protocol."""

    def __init__(self, path, name):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(5)
        self.socket.connect(path)
        self.receive(18)
        self.socket.sendall(struct.pack(">I", 3))
        name = name.encode()
        data = struct.pack(">I", len(name)) + name + struct.pack(">H", 0)
        self.socket.sendall(struct.pack(">QII", recorder.NBD_OPT_MAGIC, recorder.OPT_GO,
                                        len(data)) + data)
        kind = None
        while kind not in (recorder.REP_ACK, recorder.REP_ERR_UNKNOWN):
            _, _, kind, length = struct.unpack(">QIII", self.receive(20))
            self.receive(length)
        self.accepted = kind == recorder.REP_ACK

    def receive(self, length):
        return recorder.receive(self.socket, length)

    def request(self, kind, offset=0, length=0, data=b"", flags=0):
        """(errno, data) of the answer."""
        self.socket.sendall(struct.pack(">IHHQQI", recorder.NBD_REQUEST_MAGIC, flags, kind, 7,
                                        offset, length or len(data)) + data)
        _, error, handle = struct.unpack(">IIQ", self.receive(16))
        assert handle == 7
        return error, self.receive(length) if kind == recorder.CMD_READ and not error else b""

    def write(self, sector, letter):
        return self.request(recorder.CMD_WRITE, sector * S, data=letter.encode() * S)[0]

    def read(self, sector):
        error, data = self.request(recorder.CMD_READ, sector * S, S)
        return error or chr(data[0])

    def flush(self):
        return self.request(recorder.CMD_FLUSH)[0]


class TestRecorder(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.servers = []
        self.clients = []

    def tearDown(self):
        for client in self.clients:
            client.socket.close()
        for server in self.servers:
            server.stop()
        self.dir.cleanup()

    def serve(self, folder="a", **options):
        out = os.path.join(self.dir.name, folder)
        os.mkdir(out)
        server = recorder.Server(os.path.join(out, "nbd"), out, **options)
        for name in ("one", "two"):
            path = os.path.join(out, name + ".img")
            with open(path, "wb") as f:
                f.write(b"." * SIZE)
            server.add(name, path, True, None)
        server.start()
        self.servers.append(server)
        return server

    def connect(self, server, name):
        client = Client(server.path, name)
        self.clients.append(client)
        return client

    def records(self, server):
        reader = logwrites.Reader(os.path.join(server.out, "writes.log"))
        found = [(reader.disk_of(e).name if not e.flags & logwrites.MARK else "", e.describe())
                 for e in reader.entries[2:]]
        reader.close()
        return found

    def test_reads_what_was_written(self):
        one = self.connect(self.serve(), "one")
        self.assertEqual(one.read(1), ".")
        self.assertEqual(one.write(1, "x"), 0)
        self.assertEqual(one.read(1), "x")
        self.assertEqual(one.read(2), ".")

    def test_unknown_disk_is_refused(self):
        self.assertFalse(self.connect(self.serve(), "three").accepted)

    def test_one_order_over_all_disks(self):
        server = self.serve()
        one, two = self.connect(server, "one"), self.connect(server, "two")
        one.write(0, "x")
        two.write(0, "y")
        server.control(["mark", "here", "it", "is"])
        two.flush()
        one.request(recorder.CMD_WRITE, 0, data=b"z" * S, flags=recorder.CMD_FLAG_FUA)
        one.request(recorder.CMD_TRIM, 0, S)
        self.assertEqual(self.records(server), [
            ("one", "write"), ("two", "write"), ("", "mark here it is"), ("two", "flush"),
            ("one", "write+fua"), ("one", "discard")])

    def test_faults(self):
        server = self.serve()
        one = self.connect(server, "one")
        server.control(["fault", "one", "flush/once"])
        self.assertEqual([one.flush(), one.flush()], [recorder.EIO, 0])
        server.control(["fault", "one", "write@3"])
        self.assertEqual([one.write(2, "x"), one.write(3, "x"), one.write(3, "x")],
                         [0, recorder.EIO, recorder.EIO])
        self.assertEqual(one.read(3), ".")
        server.control(["fault", "one", "none"])
        self.assertEqual(one.write(3, "x"), 0)
        server.control(["fault", "one", "read"])
        self.assertEqual(one.read(3), recorder.EIO)

    def test_failed_requests_are_not_recorded(self):
        server = self.serve()
        one = self.connect(server, "one")
        server.control(["fault", "one", "write"])
        one.write(0, "x")
        self.assertEqual(self.records(server), [])

    def test_nonsense_is_refused(self):
        server = self.serve()
        for words in (["fault", "one", "explode"], ["fault", "three", "flush"], ["dance"],
                      ["load", "1", "all", "0", "whole"]):
            with self.assertRaises(ValueError):
                server.control(words)

    def test_cut_leaves_the_request_unanswered(self):
        cut = []
        server = self.serve(cut_after=2, cut=lambda: cut.append(True))
        one = self.connect(server, "one")
        self.assertEqual(one.write(0, "x"), 0)
        with self.assertRaises(ConnectionError):
            one.write(1, "y")
        self.assertEqual(cut, [True])
        self.assertEqual(len(self.records(server)), 2)

    def record_for_replay(self):
        server = self.serve()
        one, two = self.connect(server, "one"), self.connect(server, "two")
        one.write(0, "a")
        one.flush()
        one.write(0, "b")
        two.write(0, "c")
        return server.out

    def test_load(self):
        server = self.serve("b", replay=self.record_for_replay())
        one, two = self.connect(server, "one"), self.connect(server, "two")
        server.control(["load", "6", "all", "0", "whole"])
        self.assertEqual([one.read(0), two.read(0), one.read(1)], ["b", "c", "."])
        server.control(["load", "6", "flushed", "0", "whole"])
        self.assertEqual([one.read(0), two.read(0)], ["a", "."])
        server.control(["load", "2", "all", "0", "whole"])
        self.assertEqual([one.read(0), two.read(0)], [".", "."])

    def test_reload_cuts_what_came_after_the_load(self):
        server = self.serve("b", replay=self.record_for_replay())
        one, two = self.connect(server, "one"), self.connect(server, "two")
        server.control(["load", "6", "flushed", "0", "whole"])
        two.write(1, "r")
        two.flush()
        one.write(0, "s")
        self.assertEqual(server.control(["count"]), "5")
        server.control(["reload", "5", "flushed", "0", "whole"])
        self.assertEqual([one.read(0), two.read(1)], ["a", "r"])
        one.write(5, "t")
        server.control(["reload", "5", "all", "0", "whole"])
        self.assertEqual([one.read(0), one.read(5), two.read(1)], ["s", ".", "r"])
        with self.assertRaises(ValueError):
            server.control(["count"])


if __name__ == "__main__":
    unittest.main()
