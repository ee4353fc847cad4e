"""From the text of `authorization_details` to canonical details."""

import json
from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from authserver.protocol.details.model import Detail, Details
from authserver.protocol.details.registry import TYPES, type_of
from authserver.protocol.details.shapes import MEMBER_NAMES, PAST
from authserver.protocol.errors import InvalidAuthorizationDetails

MAX_CHARACTERS: Final = 8_192
MAX_DETAILS: Final = 8
_MAX_DEPTH: Final = 8
_PARAMETER: Final = "authorization_details"


class _NotTaken(ValueError):
    """JSON that two readers might read differently; the text is ours and names nothing of it."""


def parse_authorization_details(text: str | None) -> Details:
    """Return the details of a parameter, each in canonical form: as its type's shape has read it; none where absent.

    A person approves one payment at a time, and its token is good for that one: two in one list are refused, wherever
    the list is sent. A member named twice, a null, a number, a type or a member that is not known: each is refused,
    since whoever reads the text otherwise than we do would act on something else than the person saw.

    Raises InvalidAuthorizationDetails, naming the member that cannot be taken and nothing of what was received.

    Spec: RFC9396-2, RFC9396-5, RTS-SCA-5.1
    """
    if text is None:
        return ()
    document = _load(text)
    if not isinstance(document, list) or not 1 <= len(document) <= MAX_DETAILS:
        raise _refusal("no array of one to eight objects", "authorization_details must be an array of 1 to 8 objects.")
    details = tuple(_read(entry, f"{_PARAMETER}[{place}]") for place, entry in enumerate(document))
    if sum(type_of(detail).is_payment for detail in details) > 1:
        raise InvalidAuthorizationDetails(
            "The authorization_details must contain at most one payment.", clause="RTS-SCA-5.1"
        )
    return details


def read_past_detail(entry: object) -> Detail:
    """Return a detail that was taken before, in canonical form; its currency may have been withdrawn since.

    Raises InvalidAuthorizationDetails for what was never taken.
    """
    return _read(entry, _PARAMETER, {PAST: True})


def _read(entry: object, place: str, context: Mapping[str, bool] | None = None) -> Detail:
    name = entry.get("type") if isinstance(entry, dict) else None
    known = TYPES.get(name) if isinstance(name, str) else None
    if known is None:
        raise _refusal("a type that is not known", f"{place}.type is not supported.")
    try:
        read = known.shape.model_validate(entry, context=context)
    except ValidationError as error:
        fault = error.errors(include_input=False, include_url=False, include_context=False)[0]
        member = place + _path(fault["loc"])
        raise _refusal(f"{known.name}: {member}: {fault['msg']}", _told(member, fault["type"])) from error
    return read.model_dump(mode="json", exclude_none=True)


def _path(loc: tuple[int | str, ...]) -> str:
    """Write where in a detail a fault is, as far as our own names go: a name that is not ours came from outside."""
    path = ""
    for part in loc:
        if isinstance(part, str) and part not in MEMBER_NAMES:
            break
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
    return path


def _told(member: str, fault: str) -> str:
    """Return what the client is told: which member, and of what is wrong with it the kind, never its value."""
    if fault == "missing":
        return f"{member} is missing."
    return f"{member} has a member that is not known." if fault == "extra_forbidden" else f"{member} is not valid."


def _load(text: str) -> object:
    if len(text) > MAX_CHARACTERS:
        raise _refusal("too long", f"authorization_details must have at most {MAX_CHARACTERS} characters.")
    if _depth(text) > _MAX_DEPTH:
        raise _refusal("too deep", f"authorization_details must be at most {_MAX_DEPTH} levels deep.")
    try:
        return json.loads(text, object_pairs_hook=_members, parse_constant=_no_number, parse_float=_no_number)
    except json.JSONDecodeError as error:
        raise _refusal(f"no JSON: {error.msg}", "authorization_details must be JSON.") from error
    except _NotTaken as error:
        raise _refusal(str(error), f"authorization_details: {error}.") from error
    except ValueError as error:
        raise _refusal(type(error).__name__) from error


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object's members where each is named once and none is null."""
    members = dict(pairs)
    if len(members) != len(pairs) or None in members.values():
        raise _NotTaken("a member is named twice, or null")
    return members


def _no_number(_: str) -> object:
    """Refuse what JSON has no place for (NaN, Infinity) and what no shape has a place for (binary fractions)."""
    raise _NotTaken("a number with a fraction, or none that JSON knows")


def _depth(text: str) -> int:
    """Return how deep the brackets of a text go, outside its strings."""
    deepest = depth = 0
    in_string = is_escaped = False
    for character in text:
        if in_string:
            in_string = is_escaped or character != '"'
            is_escaped = character == "\\" and not is_escaped
            continue
        in_string = character == '"'
        depth += (character in "[{") - (character in "]}")
        deepest = max(deepest, depth)
    return deepest


def _refusal(
    reason: str, description: str = "The authorization_details are malformed or of a type that is not supported."
) -> InvalidAuthorizationDetails:
    return InvalidAuthorizationDetails(description, reason=reason, clause="RFC9396-5")
