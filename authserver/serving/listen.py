"""Whether an address to listen on is free."""

import socket
from errno import EADDRINUSE, ECONNREFUSED
from os import W_OK, access
from pathlib import Path

from authserver.web.listen import ListenAddress


def check_free(address: ListenAddress | None) -> None:
    """Raise ValueError where another server listens there already, or none could; OSError where we may not.

    A TCP port can be shared without a word (SO_REUSEPORT, by which granian shares one among its own workers): a second
    server would take half of the connections of the first. A socket that a killed server left behind is removed.
    """
    if address is None:
        return
    is_taken = _has_listener(Path(address.unix_path)) if address.unix_path else _is_bound(address)
    if is_taken:
        raise ValueError(f"another server listens on {address} already")


def _has_listener(path: Path) -> bool:
    """Tell whether somebody answers at a Unix socket; one at which nobody does is removed."""
    if not path.parent.is_dir() or not access(path.parent, W_OK):
        raise ValueError(f"{path.parent} is no folder in which this user may make a socket")
    if not path.exists():
        return False
    if not path.is_socket():
        raise ValueError(f"{path} is a file, and no socket")
    with socket.socket(socket.AF_UNIX) as probe:
        probe.setblocking(False)  # a server that is stopped, and whose queue is full, would hold us up
        if probe.connect_ex(str(path)) != ECONNREFUSED:
            return True
    path.unlink(missing_ok=True)
    return False


def _is_bound(address: ListenAddress) -> bool:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: an ended connection is no listener
        try:
            probe.bind((address.host, address.port))
        except OSError as error:
            if error.errno == EADDRINUSE:
                return True
            raise
    return False
