"""Which claims about a person a client gets: those of the scopes, and those asked for one by one."""

from collections.abc import Iterable, Mapping

from authserver.protocol.claims import SCOPE_CLAIMS, STANDARD_CLAIMS


def select_claims(stored: Mapping[str, object], scope: Iterable[str], single: Iterable[str]) -> dict[str, object]:
    """Return those of a person's claims that the scope and the single requests cover, and no others.

    Spec: OIDCC-5.3.2, OIDCC-5.4, OIDCC-5.5
    """
    by_scope = (name for token in scope for name in SCOPE_CLAIMS.get(token, ()))
    wanted = dict.fromkeys((*by_scope, *(name for name in single if name in STANDARD_CLAIMS)))
    return {name: stored[name] for name in wanted if name in stored}
