"""Ports that no other process of any test run on this machine is given, and that the kernel gives to nobody.

A port that was free when it was asked for may be taken before a server listens on it: by another worker, by another
run, or by any connection that leaves this machine, which the kernel gives a port of the ephemeral range. So each
process holds a block below that range, by a lock that ends with it, and goes through it from one end to the other
before it gives a port again.
"""

import fcntl
import os
import socket
import tempfile
from collections.abc import Iterator
from functools import cache
from itertools import cycle
from pathlib import Path
from threading import Lock

_FIRST, _END = 10_240, 32_768  # above what Chromium refuses to open, below Linux's ephemeral range
_IN_A_BLOCK = 192
_BLOCKS = [range(first, first + _IN_A_BLOCK) for first in range(_FIRST, _END - _IN_A_BLOCK + 1, _IN_A_BLOCK)]
_taking = Lock()


def take(count: int) -> int:
    """Return the first of as many consecutive ports of this process's block, on which nothing listens."""
    with _taking:
        block, places = _block(), _places()
        for _ in range(_IN_A_BLOCK):
            first = next(places)
            ports = range(first, first + count)
            if ports.stop <= block.stop and all(map(_is_free, ports)):
                for _ in ports[1:]:
                    next(places)
                return first
    raise RuntimeError(f"no {count} consecutive ports are free in {block}")


@cache
def _places() -> Iterator[int]:
    return cycle(_block())


@cache
def _block() -> range:
    """Return the first block that no other process holds, and hold it until this process ends."""
    folder = Path(tempfile.gettempdir()) / f"authserver-test-ports-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    for block in _BLOCKS:
        held = os.open(folder / str(block.start), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(held)
        else:
            return block  # the file stays open, and with it the lock
    raise RuntimeError(f"{len(_BLOCKS)} processes hold every block of ports")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
