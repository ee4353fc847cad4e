"""Where to listen, as the settings write it."""

import socket
from dataclasses import dataclass
from errno import EADDRINUSE, ECONNREFUSED
from ipaddress import ip_address
from os import W_OK, access
from pathlib import Path

_UNIX = "unix:"
_LAST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """A TCP address and port, or the path of a Unix socket; the other is empty."""

    host: str = ""
    port: int = 0
    unix_path: str = ""

    def __str__(self) -> str:
        if self.unix_path:
            return f"{_UNIX}{self.unix_path}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_local(self) -> bool:
        """Tell whether only this machine can reach it."""
        return bool(self.unix_path) or ip_address(self.host).is_loopback


def parse_listen(text: str) -> ListenAddress:
    """Parse `unix:/path`, `192.0.2.1:8443`, `[::1]:8443` or `:8443`; raises ValueError with what is wrong.

    A port alone means every IPv4 address of the machine. Names are refused: which address would be meant can change.
    """
    if text.startswith(_UNIX):
        path = text.removeprefix(_UNIX)
        if not path.startswith("/"):
            raise ValueError(f"the path of a Unix socket starts with /: {text}")
        return ListenAddress(unix_path=path)
    host, colon, port = text.rpartition(":")
    if not (colon and port.isascii() and port.isdigit() and 0 < int(port) <= _LAST_PORT):
        raise ValueError(f"not unix:/path, address:port or :port: {text}")
    if (":" in host) != (host.startswith("[") and host.endswith("]")):
        raise ValueError(f"an IPv6 address stands in brackets: {text}")
    return ListenAddress(host=str(ip_address(host.strip("[]") or "0.0.0.0")), port=int(port))  # noqa: S104 - `:port` means every address


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
