"""Whether a setting's value, of the right type by now, is one that the server can work with."""

import re
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import Final

from authserver.banking.unlinked import parse_limits as parse_amounts
from authserver.limits.notation import parse_limits
from authserver.messages import ENGLISH, LANGUAGES
from authserver.protocol.details.registry import TYPES
from authserver.protocol.names import ACR_LADDER
from authserver.protocol.scope import is_scope_token
from authserver.web.listen import parse_listen
from authserver.web.machine.trusted_networks import check_trusted

_LONGEST_NAME: Final = 100
_AAGUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HTTPS_PORT = 443
_PORTS = 65_536
_PORT = re.compile(r"[0-9]{1,5}")
# In lower case, as browsers and clients write the host: issuers are compared letter by letter.
_LABEL = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_ORIGIN_SHAPE = re.compile(rf"https://(?P<host>{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{{1,5}}))?")


def _is_scope(text: str) -> bool:
    return is_scope_token(text) and len(text) <= _LONGEST_NAME


def are_descriptions(value: Mapping[str, Mapping[str, str]]) -> bool:
    """Tell whether descriptions name scopes, in languages of ours with English among them."""
    return all(
        _is_scope(scope) and {ENGLISH} <= set(texts) <= set(LANGUAGES) and all(map(is_name, texts.values()))
        for scope, texts in value.items()
    )


def is_origin(value: str) -> bool:
    """Tell whether a text is an origin as browsers and clients write it, letter by letter the same.

    Spec: OIDD-4.3
    """
    found = _ORIGIN_SHAPE.fullmatch(value)
    return found is not None and _is_canonical_port(found["port"]) and _is_canonical_host(found["host"])


def _is_canonical_port(port: str | None) -> bool:
    # Browsers leave the default port out: with it no passkey would be ours, and no form would come from us.
    return port is None or (port == str(int(port)) and int(port) in range(1, _PORTS) and int(port) != _HTTPS_PORT)


def _is_canonical_host(host: str) -> bool:
    try:
        return not host.startswith("[") or host == f"[{ip_address(host[1:-1]).compressed}]"
    except ValueError:
        return False


def are_networks(value: tuple[str, ...]) -> bool:
    """Tell whether each is a network or `unix`, and together no more of the internet than may be trusted."""
    try:
        check_trusted(ip_network(entry) for entry in value if entry != "unix")
    except ValueError:
        return False
    return True


def is_listen(value: str) -> bool:
    """Tell whether a text is an address to listen on."""
    try:
        parse_listen(value)
    except ValueError:
        return False
    return True


def is_tcp_listen(value: str) -> bool:
    """Tell whether a text is an address and port to listen on, or empty."""
    return not value or (is_listen(value) and not parse_listen(value).unix_path)


def are_authorities(value: tuple[str, ...]) -> bool:
    """Tell whether each is a host with a port."""
    return all(host and _PORT.fullmatch(port) and int(port) in range(1, _PORTS) for host, port in map(_parted, value))


def _parted(authority: str) -> tuple[str, str]:
    host, _, port = authority.rpartition(":")
    return host, port


def are_aaguids(value: tuple[str, ...]) -> bool:
    """Tell whether each is an AAGUID."""
    return all(_AAGUID.fullmatch(entry.lower()) for entry in value)


def are_limits(value: str) -> bool:
    """Tell whether a text is limits that can be counted."""
    try:
        parse_limits(value)
    except ValueError:
        return False
    return True


def are_acrs(value: Mapping[str, str]) -> bool:
    """Tell whether each value is an acr of ours."""
    return set(value.values()) <= set(ACR_LADDER)


def are_amounts(value: tuple[str, ...]) -> bool:
    """Tell whether each is an amount, of a currency of its own."""
    try:
        parse_amounts(value)
    except ValueError:
        return False
    return True


def are_detail_acrs(value: Mapping[str, str]) -> bool:
    """Tell whether each is an acr for a type of authorization details."""
    return are_acrs(value) and set(value) <= set(TYPES)


def is_name(value: str) -> bool:
    """Tell whether a text is a name that fits in one line."""
    return 0 < len(value.strip()) <= len(value) <= _LONGEST_NAME and value.isprintable()
