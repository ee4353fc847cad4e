"""Scope: a list of tokens in which order means nothing and repetition adds nothing."""

import re
from collections.abc import Iterable

from authserver.protocol.errors import InvalidScope
from authserver.protocol.names import SCOPES_OF_OPENID

_TOKENS = re.compile(r"[\x20\x21\x23-\x5b\x5d-\x7e]*")


def is_scope_token(text: str) -> bool:
    """Return whether a text is one scope token.

    Spec: RFC6749-3.3
    """
    return bool(text) and " " not in text and _TOKENS.fullmatch(text) is not None


def parse_scope(text: str | None) -> tuple[str, ...]:
    """Return the scope tokens in the order they came, each once; empty where there is no scope.

    Raises InvalidScope where a token holds a character that is not allowed.

    Spec: RFC6749-3.3
    """
    if not text:
        return ()
    if not _TOKENS.fullmatch(text):
        raise InvalidScope("The scope is malformed.", clause="RFC6749-3.3")
    return tuple(dict.fromkeys(token for token in text.split(" ") if token))


def format_scope(tokens: Iterable[str]) -> str:
    """Return scope tokens as the parameter's value.

    Spec: RFC6749-3.3
    """
    return " ".join(tokens)


def openid_scopes(tokens: Iterable[str]) -> tuple[str, ...]:
    """Return those of some scope tokens that reach no API: they tell who a person is, at UserInfo.

    Spec: OIDCC-5.4
    """
    return tuple(name for name in tokens if name in SCOPES_OF_OPENID)


def check_scope_within(asked: Iterable[str], allowed: Iterable[str]) -> None:
    """Return where every token asked for is allowed.

    Raises InvalidScope otherwise.

    Spec: RFC6749-3.3, RFC6749-6
    """
    excess = sorted(set(asked) - set(allowed))
    if excess:
        raise InvalidScope(
            "The scope is more than this client may ask for.", reason=f"not allowed: {excess}", clause="RFC6749-3.3"
        )
