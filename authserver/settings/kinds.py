"""The kinds of values that settings take: how each is read, and the words for what it may be."""

import json
import re
from collections.abc import Callable, Mapping
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, GetCoreSchemaHandler, SecretStr
from pydantic_core import CoreSchema, core_schema
from pydantic_settings import NoDecode

from authserver.banking.unlinked import parse_limits as parse_amounts
from authserver.limits.notation import parse_limits
from authserver.messages import ENGLISH, LANGUAGES
from authserver.profiles.catalogue import PROFILES
from authserver.protocol.details.registry import TYPES
from authserver.protocol.mail_address import is_mail_address
from authserver.protocol.names import ACR_LADDER
from authserver.protocol.scope import is_scope_token
from authserver.values import Assembly
from authserver.web.listen import parse_listen
from authserver.web.machine.client_certificate import has_one_spelling
from authserver.web.machine.trusted_networks import check_trusted
from authserver.web.pages.brand import (
    DARK_GROUNDS,
    LARGEST_LOGO_BYTES,
    LEAST_CONTRAST,
    LIGHT_GROUNDS,
    is_accent,
    is_logo,
)

_HTTPS_PORT = 443
_PORTS = 65_536
_PORT = re.compile(r"[0-9]{1,5}")
# In lower case, as browsers and clients write the host: issuers are compared letter by letter.
_LABEL = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_ORIGIN_SHAPE = re.compile(rf"https://(?P<host>{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{{1,5}}))?")


class MayBe(Assembly, frozen=True):
    """What a setting may be, in words for the documentation and for whoever got it wrong, and the test of a value."""

    text: str
    fits: Callable[[Any], bool]

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Test the value after pydantic has read it."""
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def _check(self, value: object) -> object:
        if not self.fits(value):
            raise ValueError(self.text)
        return value


def _split(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _split_pairs(value: object) -> object:
    if not isinstance(value, str):
        return value
    pairs = (part.strip().partition("=") for part in value.split(",") if part.strip())
    return {name.strip(): given.strip() for name, _, given in pairs}


def _read_descriptions(value: object) -> object:
    """Read descriptions of scopes: JSON in the environment, a table in the file; a bare text is in English."""
    members = json.loads(value or "{}") if isinstance(value, str) else value
    if not isinstance(members, Mapping):
        return members
    return {scope: {ENGLISH: text} if isinstance(text, str) else text for scope, text in members.items()}


def _is_scope(text: str) -> bool:
    return is_scope_token(text) and len(text) <= _LONGEST_NAME


def _are_descriptions(value: Mapping[str, Mapping[str, str]]) -> bool:
    return all(
        _is_scope(scope) and {ENGLISH} <= set(texts) <= set(LANGUAGES) and all(map(_is_name, texts.values()))
        for scope, texts in value.items()
    )


def _empty_is_none(value: object) -> object:
    return None if value == "" else value


def _is_origin(value: str) -> bool:
    """Return whether a text is an origin as browsers and clients write it, letter by letter the same.

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


def _are_networks(value: tuple[str, ...]) -> bool:
    try:
        check_trusted(ip_network(entry) for entry in value if entry != "unix")
    except ValueError:
        return False
    return True


def _is_listen(value: str) -> bool:
    try:
        parse_listen(value)
    except ValueError:
        return False
    return True


def _is_tcp_listen(value: str) -> bool:
    return not value or (_is_listen(value) and not parse_listen(value).unix_path)


def _are_authorities(value: tuple[str, ...]) -> bool:
    return all(host and _PORT.fullmatch(port) and int(port) in range(1, _PORTS) for host, port in map(_parted, value))


def _parted(authority: str) -> tuple[str, str]:
    host, _, port = authority.rpartition(":")
    return host, port


def _are_aaguids(value: tuple[str, ...]) -> bool:
    return all(_AAGUID.fullmatch(entry.lower()) for entry in value)


def _are_limits(value: str) -> bool:
    try:
        parse_limits(value)
    except ValueError:
        return False
    return True


def _are_acrs(value: Mapping[str, str]) -> bool:
    return set(value.values()) <= set(ACR_LADDER)


def _are_amounts(value: tuple[str, ...]) -> bool:
    try:
        parse_amounts(value)
    except ValueError:
        return False
    return True


def _are_detail_acrs(value: Mapping[str, str]) -> bool:
    return _are_acrs(value) and set(value) <= set(TYPES)


def _is_name(value: str) -> bool:
    return 0 < len(value.strip()) <= len(value) <= _LONGEST_NAME and value.isprintable()


_LONGEST_NAME = 100
_HELP = re.compile(r"(?:https://|mailto:|tel:)[!-~]{1,2000}")
_AAGUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ORIGIN = "an https origin in lower case, without a path and without :443, such as `https://login.example.com`"
_PROFILES = " or ".join(f"`{name}`" for name in sorted(PROFILES))
_Entries = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]

Origin = Annotated[str, MayBe(_ORIGIN, _is_origin)]
OptionalOrigin = Annotated[str, MayBe(f"{_ORIGIN}; or empty", lambda value: not value or _is_origin(value))]
DatabaseUrl = Annotated[
    SecretStr,
    MayBe("`sqlite:////path/file` or `postgresql+psycopg://user@host/name`; or empty", lambda _: True),
]
ValkeyUrl = Annotated[
    SecretStr,
    MayBe(
        "`valkey://host:port` or `valkeys://host:port`; or empty",
        lambda value: not value or value.get_secret_value().startswith(("valkey://", "valkeys://")),
    ),
]
Listen = Annotated[str, MayBe("`address:port`, `:port` or `unix:/path`", _is_listen)]
OptionalListen = Annotated[str, MayBe("`address:port` or `:port`; or empty", _is_tcp_listen)]
OptionalPath = Annotated[Path | None, BeforeValidator(_empty_is_none), MayBe("a path; or empty", lambda _: True)]
OptionalLogo = Annotated[
    Path | None,
    BeforeValidator(_empty_is_none),
    MayBe(
        f"the path of a PNG, JPEG or WebP picture of at most {LARGEST_LOGO_BYTES // 1000} kB; or empty",
        lambda value: value is None or is_logo(value),
    ),
]
OptionalAccent = Annotated[
    str,
    MayBe(
        f"a colour such as `#0b5a57` with a contrast of {LEAST_CONTRAST}:1 or more to the light grounds "
        f"{', '.join(LIGHT_GROUNDS)}; or empty",
        lambda value: not value or is_accent(value, LIGHT_GROUNDS),
    ),
]
OptionalDarkAccent = Annotated[
    str,
    MayBe(
        f"a colour such as `#66d1ca` with a contrast of {LEAST_CONTRAST}:1 or more to the dark grounds "
        f"{', '.join(DARK_GROUNDS)}; or empty",
        lambda value: not value or is_accent(value, DARK_GROUNDS),
    ),
]
Networks = Annotated[
    _Entries,
    MayBe(
        "networks such as `10.0.0.0/8`, or `unix`; of the public internet not more together than an IPv4 /8 or an "
        "IPv6 /16",
        _are_networks,
    ),
]
HeaderName = Annotated[
    str,
    MayBe("a name of letters and digits alone; or empty", lambda value: not value or has_one_spelling(value)),
]
Authorities = Annotated[_Entries, MayBe("`host:port` entries, separated by commas", _are_authorities)]
ProfileName = Annotated[str, MayBe(_PROFILES, lambda value: value in PROFILES)]
ProfileNames = Annotated[
    _Entries, MayBe(f"{_PROFILES}, or both, separated by commas", lambda value: value and set(value) <= set(PROFILES))
]
Aaguids = Annotated[
    _Entries, MayBe("identifiers of authenticator models, separated by commas; or empty for all", _are_aaguids)
]
Amounts = Annotated[
    _Entries,
    MayBe(
        "amounts such as `30.00 EUR, 25.00 GBP`, each currency of today once, with no more decimals than it has; or "
        "empty for none",
        _are_amounts,
    ),
]
ScopeAcrs = Annotated[
    dict[str, str],
    NoDecode,
    BeforeValidator(_split_pairs),
    MayBe(f"`scope=acr` pairs, separated by commas; an acr is {' or '.join(f'`{a}`' for a in ACR_LADDER)}", _are_acrs),
]
ScopeDescriptions = Annotated[
    dict[str, dict[str, str]],
    NoDecode,
    BeforeValidator(_read_descriptions),
    MayBe(
        'a table of scopes, in the environment as JSON, such as `{"invoices": {"en": "Your invoices", "de": '
        '"Ihre Rechnungen"}}`; each text is one line of at most 100 characters, English must be there',
        _are_descriptions,
    ),
]
DetailAcrs = Annotated[
    dict[str, str],
    NoDecode,
    BeforeValidator(_split_pairs),
    MayBe(
        f"`type=acr` pairs, separated by commas; a type is {', '.join(f'`{name}`' for name in TYPES)}, an acr as for "
        "`SCOPE_ACR`",
        _are_detail_acrs,
    ),
]
HelpAddress = Annotated[
    str,
    MayBe(
        "an address that begins with `https://`, `mailto:` or `tel:`; or empty",
        lambda value: not value or _HELP.fullmatch(value) is not None,
    ),
]
Name = Annotated[str, MayBe("a name of 1 to 100 characters, in one line", _is_name)]
MailAddress = Annotated[
    str, MayBe("one plain address, such as `no-reply@bank.example`, without a display name", is_mail_address)
]
Limit = Annotated[str, MayBe("limits such as `10/minute;100/hour`; or empty for none", _are_limits)]

_A_DAY = 24 * 60 * 60
# Beyond any use, and below what a usual time is in milliseconds: whoever mistakes the unit learns it at the start.
IdleSeconds = Annotated[int, Field(ge=60, le=_A_DAY)]
SessionSeconds = Annotated[int, Field(ge=60, le=30 * _A_DAY)]
GrantSeconds = Annotated[int, Field(ge=60, le=5 * 365 * _A_DAY)]
