"""Where to listen, as the settings write it."""

from ipaddress import ip_address

from authserver.values import Value

_UNIX = "unix:"
_LAST_PORT = 65_535
_LONGEST_UNIX_PATH = 107  # what the address of a Unix socket holds on Linux


class ListenAddress(Value, frozen=True):
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
        if "\0" in path or len(path.encode()) > _LONGEST_UNIX_PATH:
            raise ValueError(f"the path of a Unix socket has {_LONGEST_UNIX_PATH} octets at most: {text}")
        return ListenAddress(unix_path=path)
    host, colon, port = text.rpartition(":")
    if not (colon and port.isascii() and port.isdigit() and 0 < int(port) <= _LAST_PORT):
        raise ValueError(f"not unix:/path, address:port or :port: {text}")
    if (":" in host) != (host.startswith("[") and host.endswith("]")):
        raise ValueError(f"an IPv6 address stands in brackets: {text}")
    return ListenAddress(host=str(ip_address(host.strip("[]") or "0.0.0.0")), port=int(port))  # noqa: S104 - `:port` means every address
