"""The kinds of values that settings take: the type, the words for what it may be, and the test."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta

from authserver.profiles.catalogue import PROFILES
from authserver.protocol.details.registry import TYPES
from authserver.protocol.mail_address import is_mail_address
from authserver.protocol.names import ACR_LADDER
from authserver.settings.fitness import (
    are_aaguids,
    are_acrs,
    are_amounts,
    are_authorities,
    are_descriptions,
    are_detail_acrs,
    are_limits,
    are_networks,
    is_listen,
    is_name,
    is_origin,
    is_tcp_listen,
)
from authserver.values import Assembly, Hidden
from authserver.web.machine.client_certificate import has_one_spelling
from authserver.web.pages.brand import (
    DARK_GROUNDS,
    LARGEST_LOGO_BYTES,
    LEAST_CONTRAST,
    LIGHT_GROUNDS,
    is_accent,
    is_logo,
)

_HELP = re.compile(r"(?:https://|mailto:|tel:)[!-~]{1,2000}")
_ORIGIN = "an https origin in lower case, without a path and without :443, such as `https://login.example.com`"
_PROFILES = " or ".join(f"`{name}`" for name in sorted(PROFILES))


def _any(_: object) -> bool:
    return True


class MayBe(Assembly, frozen=True):
    """What a setting may be, in words for the documentation and for whoever got it wrong, and the test of a value."""

    text: str
    fits: Callable[[Any], bool] = _any


Origin = Annotated[str, MayBe(_ORIGIN, is_origin)]
OptionalOrigin = Annotated[str, MayBe(f"{_ORIGIN}; or empty", lambda value: not value or is_origin(value))]
DatabaseUrl = Hidden[Annotated[str, MayBe("`sqlite:////path/file` or `postgresql+psycopg://user@host/name`; or empty")]]
ValkeyUrl = Hidden[
    Annotated[
        str,
        MayBe(
            "`valkey://host:port` or `valkeys://host:port`; or empty",
            lambda value: not value or value.startswith(("valkey://", "valkeys://")),
        ),
    ]
]
Listen = Annotated[str, MayBe("`address:port`, `:port` or `unix:/path`", is_listen)]
OptionalListen = Annotated[str, MayBe("`address:port` or `:port`; or empty", is_tcp_listen)]
OptionalPath = Annotated[Path | None, MayBe("a path; or empty")]
OptionalLogo = Annotated[
    Path | None,
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
    tuple[str, ...],
    MayBe(
        "networks such as `10.0.0.0/8`, or `unix`; of the public internet not more together than an IPv4 /8 or an "
        "IPv6 /16",
        are_networks,
    ),
]
HeaderName = Annotated[
    str,
    MayBe("a name of letters and digits alone; or empty", lambda value: not value or has_one_spelling(value)),
]
Authorities = Annotated[tuple[str, ...], MayBe("`host:port` entries, separated by commas", are_authorities)]
ProfileName = Annotated[str, MayBe(_PROFILES, lambda value: value in PROFILES)]
ProfileNames = Annotated[
    tuple[str, ...],
    MayBe(f"{_PROFILES}, or several of them, separated by commas", lambda value: value and set(value) <= set(PROFILES)),
]
Aaguids = Annotated[
    tuple[str, ...], MayBe("identifiers of authenticator models, separated by commas; or empty for all", are_aaguids)
]
Amounts = Annotated[
    tuple[str, ...],
    MayBe(
        "amounts such as `30.00 EUR, 25.00 GBP`, each currency of today once, with no more decimals than it has; or "
        "empty for none",
        are_amounts,
    ),
]
ScopeAcrs = Annotated[
    Mapping[str, str],
    MayBe(f"`scope=acr` pairs, separated by commas; an acr is {' or '.join(f'`{a}`' for a in ACR_LADDER)}", are_acrs),
]
ScopeDescriptions = Annotated[
    Mapping[str, Mapping[str, str]],
    MayBe(
        'a table of scopes, in the environment as JSON, such as `{"invoices": {"en": "Your invoices", "de": '
        '"Ihre Rechnungen"}}`; each text is one line of at most 100 characters, English must be there',
        are_descriptions,
    ),
]
DetailAcrs = Annotated[
    Mapping[str, str],
    MayBe(
        f"`type=acr` pairs, separated by commas; a type is {', '.join(f'`{name}`' for name in TYPES)}, an acr as for "
        "`SCOPE_ACR`",
        are_detail_acrs,
    ),
]
HelpAddress = Annotated[
    str,
    MayBe(
        "an address that begins with `https://`, `mailto:` or `tel:`; or empty",
        lambda value: not value or _HELP.fullmatch(value) is not None,
    ),
]
Name = Annotated[str, MayBe("a name of 1 to 100 characters, in one line", is_name)]
MailAddress = Annotated[
    str, MayBe("one plain address, such as `no-reply@bank.example`, without a display name", is_mail_address)
]
Limit = Annotated[str, MayBe("limits such as `10/minute;100/hour`; or empty for none", are_limits)]

_A_DAY = 24 * 60 * 60
# Beyond any use, and below what a usual time is in milliseconds: whoever mistakes the unit learns it at the start.
IdleSeconds = Annotated[int, Meta(ge=60, le=_A_DAY)]
SessionSeconds = Annotated[int, Meta(ge=60, le=30 * _A_DAY)]
GrantSeconds = Annotated[int, Meta(ge=60, le=5 * 365 * _A_DAY)]
