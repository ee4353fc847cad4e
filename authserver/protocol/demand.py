"""What an authorization request asks of the person's authentication."""

from authserver.protocol.errors import InvalidRequest
from authserver.values import Value

_PROMPTS = frozenset({"none", "login", "consent", "select_account"})
_MAX_AGE_DIGITS = 9


class AuthenticationDemand(Value, frozen=True, forbid_unknown_fields=True):
    """How strongly and how recently the person must have signed in, and which pages must or must not be shown.

    `acr` is the weakest value that suffices, None where any does; `acr_essential` says that less must be refused.
    `max_age` is in seconds.

    Spec: OIDCC-3.1.2.1, RFC9470-4
    """

    prompts: frozenset[str] = frozenset()
    max_age: int | None = None
    acr: str | None = None
    acr_essential: bool = False


def parse_prompts(text: str | None) -> frozenset[str]:
    """Return the prompt values.

    Raises InvalidRequest for an unknown value, or `none` with another.

    Spec: OIDCC-3.1.2.1
    """
    prompts = frozenset((text or "").split())
    if not prompts <= _PROMPTS:
        raise InvalidRequest("The prompt value is not supported.", clause="OIDCC-3.1.2.1")
    if "none" in prompts and len(prompts) > 1:
        raise InvalidRequest("The prompt value none must be the only one.", clause="OIDCC-3.1.2.1")
    return prompts


def parse_max_age(text: str | None) -> int | None:
    """Return max_age in seconds, or None where it is absent.

    Raises InvalidRequest where it is no whole number.

    Spec: OIDCC-3.1.2.1
    """
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > _MAX_AGE_DIGITS:
        raise InvalidRequest("The max_age must be a whole number of seconds.", clause="OIDCC-3.1.2.1")
    return int(text)
