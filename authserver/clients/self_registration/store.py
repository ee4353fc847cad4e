"""Who may register a client: initial access tokens; and who may change one: its registration access token.

Both are stored as their hashes. An initial access token is good for so many registrations; a registration access token
is renewed whenever it is used, and the one before stays good until its successor has come, so that an answer that was
lost locks nobody out.
"""

from sqlalchemy import Connection, bindparam, insert, select, update

from authserver.db.statement import Statement
from authserver.db.tables.clients import clients, initial_access_tokens
from authserver.values import Value

_FIND = Statement(
    select(initial_access_tokens.c.profile).where(
        initial_access_tokens.c.token_hash == bindparam("token_hash"),
        initial_access_tokens.c.expires_at > bindparam("now"),
        initial_access_tokens.c.uses_left > 0,
    )
)
_USE = Statement(
    update(initial_access_tokens)
    .where(
        initial_access_tokens.c.token_hash == bindparam("used_hash"),
        initial_access_tokens.c.expires_at > bindparam("now"),
        initial_access_tokens.c.uses_left > 0,
    )
    .values(uses_left=initial_access_tokens.c.uses_left - 1)
)
_STANDS = clients.c.deleted_at.is_(None) & clients.c.disabled_at.is_(None)
_FIND_MANAGED = Statement(
    select(clients.c.client_id, clients.c.registration_token_hash, clients.c.previous_registration_token_hash).where(
        clients.c.client_id == bindparam("client_id"), _STANDS
    )
)
_RENEW = Statement(
    update(clients)
    .where(clients.c.client_id == bindparam("id"), clients.c.registration_token_hash == bindparam("seen"), _STANDS)
    .values(registration_token_hash=bindparam("new_hash"), previous_registration_token_hash=bindparam("used_hash"))
)
_REGISTERED = Statement(
    update(clients)
    .where(clients.c.client_id == bindparam("id"))
    .values(registered_by=bindparam("by"), registration_token_hash=bindparam("new_hash"))
)


class ManagedClient(Value, frozen=True):
    """A client by its registration access tokens: the newest, and the one before it where there was one."""

    client_id: str
    token_hash: bytes | None
    previous_hash: bytes | None


def add_initial_token(
    connection: Connection, token_hash: bytes, profile: str, uses: int, times: tuple[int, int]
) -> None:
    """Store an initial access token; `times` are the present moment and its end."""
    now, expires_at = times
    values = {"token_hash": token_hash, "profile": profile, "uses_left": uses, "created_at": now}
    connection.execute(insert(initial_access_tokens), {**values, "expires_at": expires_at})


def find_initial_token(connection: Connection, token_hash: bytes, now: int) -> str | None:
    """Return the profile for which a token registers clients, or None where it is good for none any more."""
    row = _FIND.row(connection, {"token_hash": token_hash, "now": now})
    return None if row is None else str(row[0])


def use_initial_token(connection: Connection, token_hash: bytes, now: int) -> bool:
    """Use a token once; false where no use is left, or it has expired. Of many at once no more get it than it has uses.

    Spec: RFC7591-3
    """
    return _USE.count(connection, {"used_hash": token_hash, "now": now}) == 1


def note_self_registered(connection: Connection, client_id: str, token_hash: bytes, by: str) -> None:
    """Note how a new client was registered, and the hash of the token with which it is changed."""
    _REGISTERED.count(connection, {"id": client_id, "by": by, "new_hash": token_hash})


def find_managed(connection: Connection, client_id: str) -> ManagedClient | None:
    """Return an enabled client by its registration access tokens, or None."""
    row = _FIND_MANAGED.row(connection, {"client_id": client_id})
    return None if row is None else ManagedClient(*row)


def renew_registration_token(connection: Connection, client: ManagedClient, used_hash: bytes, new_hash: bytes) -> bool:
    """Give a client another token; the one that was used stays good until that one comes. Of two at once one is true.

    Spec: RFC7592-3
    """
    values = {"id": client.client_id, "seen": client.token_hash, "used_hash": used_hash, "new_hash": new_hash}
    return _RENEW.count(connection, values) == 1
