"""Issued tokens: saved together, found by hash with whatever may have ended them, revoked one by one."""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, select, update

from authserver.db.batch_update import names_resource
from authserver.db.engine import Database
from authserver.db.one_time_ids import OneTimeId
from authserver.db.statement import Statement
from authserver.db.tables.accounts import accounts
from authserver.db.tables.clients import clients
from authserver.db.tables.grants import grants, issued_tokens
from authserver.db.writes import Move, Row, Writes, add_row
from authserver.grants.model import (
    KIND_ACCESS,
    KIND_REFRESH,
    CodeClaim,
    GenerationClaim,
    Grant,
    IssuedToken,
    PersonOfToken,
    TokenState,
)
from authserver.grants.store.codes import code_move
from authserver.grants.store.records import COLUMNS, GRANTS, generation_move, read_grant
from authserver.protocol.stored_json import dump_json

_TOKEN_COLUMNS = (
    issued_tokens.c.token_hash,
    issued_tokens.c.kind,
    issued_tokens.c.client_id,
    issued_tokens.c.claims,
    issued_tokens.c.issued_at,
    issued_tokens.c.expires_at,
    issued_tokens.c.grant_id,
    issued_tokens.c.account_id,
    issued_tokens.c.generation,
    issued_tokens.c.sealed_token,
)
_WIDTH = len(_TOKEN_COLUMNS)
_STATE_COLUMNS = (
    *_TOKEN_COLUMNS,
    issued_tokens.c.revoked_at,
    grants.c.grant_id,
    grants.c.revoked_at,
    accounts.c.account_id,
    accounts.c.locked_at,
    clients.c.client_id,
    clients.c.disabled_at,
)
_STATE_WIDTH = len(_STATE_COLUMNS)
_STATES = (
    issued_tokens.outerjoin(grants, grants.c.grant_id == issued_tokens.c.grant_id)
    .outerjoin(accounts, accounts.c.account_id == issued_tokens.c.account_id)
    .outerjoin(clients, clients.c.client_id == issued_tokens.c.client_id)
)
_FIND = Statement(select(*_STATE_COLUMNS).select_from(_STATES).where(issued_tokens.c.token_hash == bindparam("hash")))
_FIND_WITH_PERSON = Statement(
    select(*_STATE_COLUMNS, accounts.c.claims, *COLUMNS)
    .select_from(_STATES)
    .where(issued_tokens.c.token_hash == bindparam("hash"))
)
_FIND_SEVERAL = (
    select(*_STATE_COLUMNS)
    .select_from(_STATES)
    .where(issued_tokens.c.token_hash.in_(bindparam("hashes", expanding=True)))
)
_FIND_REFRESH = Statement(
    select(*_TOKEN_COLUMNS, issued_tokens.c.revoked_at, *COLUMNS)
    .select_from(issued_tokens.join(GRANTS, grants.c.grant_id == issued_tokens.c.grant_id))
    .where(issued_tokens.c.token_hash == bindparam("hash"), issued_tokens.c.kind == KIND_REFRESH)
)
_FIND_SUCCESSOR = Statement(
    select(issued_tokens.c.sealed_token, issued_tokens.c.issued_at).where(
        issued_tokens.c.grant_id == bindparam("grant_id"),
        issued_tokens.c.generation == bindparam("generation"),
        issued_tokens.c.kind == KIND_REFRESH,
    )
)
_REVOKE = Statement(
    update(issued_tokens)
    .where(issued_tokens.c.token_hash == bindparam("hash"), issued_tokens.c.revoked_at.is_(None))
    .values(revoked_at=bindparam("now"))
)
_REVOKE_FOR_RESOURCE = (
    update(issued_tokens)
    .where(
        issued_tokens.c.expires_at > bindparam("now"),
        issued_tokens.c.expires_at <= bindparam("latest"),
        issued_tokens.c.kind == KIND_ACCESS,
        issued_tokens.c.revoked_at.is_(None),
        names_resource(issued_tokens.c.claims),
    )
    .values(revoked_at=bindparam("now"))
)
_LONGEST_LIFE = 3600  # of an access token, by the setting's bound, so that only the latest rows are looked at


def save_issue(
    database: Database,
    ids: Sequence[OneTimeId],
    claim: CodeClaim | GenerationClaim | None,
    tokens: Iterable[IssuedToken],
) -> bool:
    """Store what one token response takes and gives: one-time ids, the code or generation it spends, its tokens.

    Returns false where another request spent that first; the ids alone are then claimed. Raises the refusal of an id
    that was claimed before.

    Spec: RFC7523-3-7, RFC9449-11.1
    """
    return database.write(Writes(tuple(ids), _moves(claim), tuple(_row(token) for token in tokens)))


def save_tokens(connection: Connection, tokens: Iterable[IssuedToken]) -> None:
    """Store tokens in a transaction that is open."""
    for token in tokens:
        add_row(connection, _row(token))


def _moves(claim: CodeClaim | GenerationClaim | None) -> tuple[Move, ...]:
    if isinstance(claim, CodeClaim):
        return (code_move(claim),)
    return () if claim is None else (generation_move(claim),)


def _row(token: IssuedToken) -> Row:
    values = {
        "token_hash": token.token_hash,
        "kind": token.kind,
        "grant_id": token.grant_id,
        "generation": token.generation,
        "client_id": token.client_id,
        "account_id": token.account_id,
        "claims": dump_json(token.claims),
        "sealed_token": token.sealed_token,
        "issued_at": token.issued_at,
        "expires_at": token.expires_at,
        "revoked_at": None,
    }
    return Row(issued_tokens, values)


def find_token(connection: Connection, token_hash: bytes) -> TokenState | None:
    """Return a token with all that may have ended it, or None where it is unknown.

    A grant, person or client that is gone has ended it as surely as one that is revoked, locked or disabled.

    Spec: RFC7662-2.2
    """
    row = _FIND.row(connection, {"hash": token_hash})
    return None if row is None else _state(row)


def find_several_tokens(connection: Connection, token_hashes: Sequence[bytes]) -> Sequence[TokenState]:
    """Return those of several tokens that are known, each as `find_token` does, by one statement.

    Spec: RFC7662-2.2
    """
    rows = connection.execute(_FIND_SEVERAL, {"hashes": token_hashes})
    return tuple(_state(tuple(row)) for row in rows)


def find_token_of_person(connection: Connection, token_hash: bytes) -> tuple[TokenState, PersonOfToken | None] | None:
    """Return a token as `find_token` does, with the grant it came from and its person, where there are both.

    Spec: OIDCC-5.3
    """
    row = _FIND_WITH_PERSON.row(connection, {"hash": token_hash})
    if row is None:
        return None
    state, claims, grant = _state(row), row[_STATE_WIDTH], row[_STATE_WIDTH + 1 :]
    if claims is None or grant[0] is None:
        return state, None
    return state, PersonOfToken(read_grant(grant), orjson.loads(claims))


def _state(row: tuple[Any, ...]) -> TokenState:
    token = _token(row)
    revoked_at, grant_id, grant_revoked_at, account_id, account_locked_at, client_id, client_disabled_at = row[
        _WIDTH:_STATE_WIDTH
    ]
    return TokenState(
        token=token,
        revoked=revoked_at is not None,
        grant_ended=grant_revoked_at is not None or grant_id != token.grant_id,
        account_locked=account_locked_at is not None or account_id != token.account_id,
        client_disabled=client_disabled_at is not None or client_id is None,
    )


def find_refresh_token(connection: Connection, token_hash: bytes) -> tuple[IssuedToken, Grant, bool] | None:
    """Return a refresh token, its grant and whether the token itself was revoked, or None where it is unknown."""
    values = _FIND_REFRESH.row(connection, {"hash": token_hash})
    if values is None:
        return None
    return _token(values), read_grant(values[_WIDTH + 1 :]), values[_WIDTH] is not None


def find_sealed_successor(connection: Connection, grant_id: str, generation: int) -> tuple[bytes, int] | None:
    """Return the sealed refresh token of a generation and when it was issued, or None where there is none."""
    row = _FIND_SUCCESSOR.row(connection, {"grant_id": grant_id, "generation": generation})
    return None if row is None or row[0] is None else (row[0], row[1])


def revoke_token(connection: Connection, token_hash: bytes, now: int) -> bool:
    """End one token; return whether it stood.

    Spec: RFC7009-2.1
    """
    return _REVOKE.count(connection, {"hash": token_hash, "now": now}) == 1


def revoke_access_tokens_for(connection: Connection, resource: str, now: int) -> int:
    """End every access token that names an API by its address; return how many there were.

    Spec: RFC7009-2.1, RFC9068-3
    """
    values = {"resource": dump_json(resource), "now": now, "latest": now + _LONGEST_LIFE}
    return connection.execute(_REVOKE_FOR_RESOURCE, values).rowcount


def _token(values: tuple[Any, ...]) -> IssuedToken:
    token_hash, kind, client_id, claims, issued_at, expires_at, grant_id, account_id, generation, sealed = values[
        :_WIDTH
    ]
    return IssuedToken(
        token_hash=token_hash,
        kind=kind,
        client_id=client_id,
        claims=orjson.loads(claims),
        issued_at=issued_at,
        expires_at=expires_at,
        grant_id=grant_id,
        account_id=account_id,
        generation=generation,
        sealed_token=sealed,
    )
