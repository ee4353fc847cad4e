"""Web origins: which text is one, and which one a URL is of."""

import re
from typing import Final
from urllib.parse import urlsplit

LONGEST_ORIGIN: Final = 255
_ORIGIN = re.compile(r"(https?)://([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::([1-9][0-9]{0,4}))?")
_DEFAULT_PORTS = {"https": "443", "http": "80"}
_LAST_PORT = 65_535
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "[::1]"})


def is_origin(text: str) -> bool:
    """Return whether a text is an origin as a browser writes it, of https, or of http on the person's own machine.

    Neither `null` nor `*` is one: the first is any page in a sandbox, the second all of them.

    Spec: RFC6454-6.2
    """
    match = _ORIGIN.fullmatch(text) if len(text) <= LONGEST_ORIGIN else None
    if match is None:
        return False
    scheme, host, port = match.groups()
    if port is not None and (int(port) > _LAST_PORT or port == _DEFAULT_PORTS[scheme]):
        return False
    return scheme == "https" or host in _THIS_MACHINE


def origin_of(url: str) -> str | None:
    """Return the origin of a URL as a browser writes it, or None where it has none that `is_origin` knows.

    Spec: RFC6454-4, RFC6454-6.2
    """
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    port = "" if parts.port is None or str(parts.port) == _DEFAULT_PORTS.get(parts.scheme) else f":{parts.port}"
    origin = f"{parts.scheme}://{host}{port}"
    return origin if is_origin(origin) else None
