"""The `claims` parameter: single claims asked for in the ID token or at UserInfo."""

from collections.abc import Container, Mapping

import orjson

from authserver.protocol.errors import InvalidRequest
from authserver.values import Value

_CLAUSE = "OIDCC-5.5"
_MAX_CHARACTERS = 8192
_MAX_SUBJECT_CHARACTERS = 255


class ClaimsRequest(Value, frozen=True, forbid_unknown_fields=True):
    """The claims asked for, by name; the other members are what is asked of `acr` and of `sub` in the ID token.

    Spec: OIDCC-5.5
    """

    id_token: tuple[str, ...] = ()
    userinfo: tuple[str, ...] = ()
    acr_values: tuple[str, ...] = ()
    acr_essential: bool = False
    subject: str | None = None

    def only(self, known: Container[str]) -> "ClaimsRequest":
        """Return what is worth keeping once the request was checked: the names of claims that can ever be sent.

        Spec: OIDCC-5.5
        """
        if not (self.id_token or self.userinfo):
            return NO_CLAIMS
        id_token, userinfo = (
            tuple(name for name in names if name in known) for names in (self.id_token, self.userinfo)
        )
        return ClaimsRequest(id_token, userinfo)


NO_CLAIMS = ClaimsRequest()


def parse_claims_request(text: str | None) -> ClaimsRequest:
    """Parse the `claims` parameter; members this server does not know are ignored.

    Raises InvalidRequest where it is no JSON object of the expected form.

    Spec: OIDCC-5.5, OIDCC-5.5.1, OIDCC-2
    """
    if text is None:
        return NO_CLAIMS
    if len(text) > _MAX_CHARACTERS:
        raise _malformed("too long")
    try:
        document = orjson.loads(text)  # refuses lone surrogates, which no page could show and no answer could carry
    except ValueError as error:
        raise _malformed(type(error).__name__) from error
    if not isinstance(document, dict):
        raise _malformed("no object")
    id_token, userinfo = _section(document, "id_token"), _section(document, "userinfo")
    acr = id_token.get("acr")
    return ClaimsRequest(
        id_token=tuple(id_token),
        userinfo=tuple(userinfo),
        acr_values=_acr_values(acr),
        acr_essential=bool(acr and acr.get("essential") is True),
        subject=_subject(id_token.get("sub")),
    )


def _section(document: Mapping[str, object], name: str) -> dict[str, Mapping[str, object] | None]:
    section = document.get(name)
    if section is None:
        return {}
    if not isinstance(section, dict):
        raise _malformed(f"{name} is no object")
    if not all(member is None or isinstance(member, dict) for member in section.values()):
        raise _malformed(f"a member of {name} is neither null nor an object")
    return section


def _acr_values(acr: Mapping[str, object] | None) -> tuple[str, ...]:
    if acr is None:
        return ()
    values = acr.get("values", [acr["value"]] if "value" in acr else [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise _malformed("the values of acr are no list of strings")
    return tuple(values)


def _subject(sub: Mapping[str, object] | None) -> str | None:
    value = sub.get("value") if sub is not None else None
    if value is not None and not isinstance(value, str):
        raise _malformed("the value of sub is no string")
    if value is not None and len(value) > _MAX_SUBJECT_CHARACTERS:
        raise _malformed("the value of sub is longer than any subject")
    return value


def _malformed(reason: str) -> InvalidRequest:
    return InvalidRequest("The claims parameter is malformed.", reason=reason, clause=_CLAUSE)
