#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""usage: hold_transaction.py TM [FILE]

Begins a transaction on the transaction manager with the UUID TM, removes FILE in it, prints the
UUID of the transaction, and waits to be killed.
"""
import ctypes
import fcntl
import os
import signal
import struct
import sys
import uuid

TM_OPEN = 0xb783		# KTM_IOC_TM_OPEN
TX_CREATE = 0xb787		# KTM_IOC_TX_CREATE
TXF_UNLINK = 0xb887		# KTM_IOC_TXF_UNLINK
AT_FDCWD = -100


def main():
    control = os.open("/dev/ktm", os.O_RDWR)
    arg = bytearray(struct.pack("=II16sii", 32, 0, uuid.UUID(sys.argv[1]).bytes, 0, 0))
    fcntl.ioctl(control, TM_OPEN, arg)
    tm_fd = struct.unpack_from("=i", arg, 24)[0]
    arg = bytearray(struct.pack("=II16s64sQii", 104, 0, bytes(16), b"held by a test", 0, 0, 0))
    fcntl.ioctl(tm_fd, TX_CREATE, arg)
    tx_uuid = uuid.UUID(bytes=bytes(arg[8:24]))
    tx_fd = struct.unpack_from("=i", arg, 96)[0]
    if len(sys.argv) > 2:
        txf = os.open("/dev/ktm_txf", os.O_RDWR)
        path = ctypes.create_string_buffer(os.fsencode(sys.argv[2]))
        arg = struct.pack("=IIiiQ", 24, 0, tx_fd, AT_FDCWD, ctypes.addressof(path))
        fcntl.ioctl(txf, TXF_UNLINK, arg)
    print(tx_uuid, flush=True)
    signal.pause()


main()
