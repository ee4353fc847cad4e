"""Authorization codes: saved with their grant, claimed once."""

from sqlalchemy import Connection, bindparam, select, update

from authserver.db.statement import Statement
from authserver.db.tables.grants import authorization_codes, grants
from authserver.db.writes import Move, Row, add_row
from authserver.grants.model import AuthorizationCode, CodeClaim, Grant
from authserver.grants.store.records import COLUMNS, GRANTS, read_grant

_FIND = Statement(
    select(
        authorization_codes.c.code_hash,
        authorization_codes.c.client_id,
        authorization_codes.c.redirect_uri,
        authorization_codes.c.redirect_uri_sent,
        authorization_codes.c.code_challenge,
        authorization_codes.c.dpop_jkt,
        authorization_codes.c.nonce,
        authorization_codes.c.issued_at,
        authorization_codes.c.expires_at,
        authorization_codes.c.claimed_at,
        *COLUMNS,
    )
    .select_from(authorization_codes.join(GRANTS, grants.c.grant_id == authorization_codes.c.grant_id))
    .where(authorization_codes.c.code_hash == bindparam("code_hash"))
)
_CLAIM = (
    update(authorization_codes)
    .where(
        authorization_codes.c.code_hash == bindparam("hash"),
        authorization_codes.c.claimed_at.is_(None),
        authorization_codes.c.expires_at > bindparam("now"),
    )
    .values(claimed_at=bindparam("now"))
)
_CODE_WIDTH = 10


def save_code(connection: Connection, code: AuthorizationCode, grant_id: str) -> None:
    """Store a code for a grant in a transaction that is open."""
    add_row(connection, code_row(code, grant_id))


def code_row(code: AuthorizationCode, grant_id: str) -> Row:
    """Return the row of a code for a grant.

    Spec: RFC7636-4.4
    """
    return Row(
        authorization_codes,
        {
            "code_hash": code.code_hash,
            "grant_id": grant_id,
            "client_id": code.client_id,
            "redirect_uri": code.redirect_uri,
            "redirect_uri_sent": int(code.redirect_uri_sent),
            "code_challenge": code.code_challenge,
            "dpop_jkt": code.dpop_jkt,
            "nonce": code.nonce,
            "issued_at": code.issued_at,
            "expires_at": code.expires_at,
            "claimed_at": None,
        },
    )


def find_code(connection: Connection, code_hash: bytes) -> tuple[AuthorizationCode, Grant] | None:
    """Return a code with its grant, claimed or not, or None."""
    values = _FIND.row(connection, {"code_hash": code_hash})
    if values is None:
        return None
    stored_hash, client_id, redirect_uri, sent, *rest = values[:_CODE_WIDTH]
    code_challenge, dpop_jkt, nonce, issued_at, expires_at, claimed_at = rest
    code = AuthorizationCode(
        code_hash=stored_hash,
        client_id=client_id,
        redirect_uri=redirect_uri,
        redirect_uri_sent=bool(sent),
        code_challenge=code_challenge,
        dpop_jkt=dpop_jkt,
        nonce=nonce,
        issued_at=issued_at,
        expires_at=expires_at,
        claimed_at=claimed_at,
    )
    return code, read_grant(values[_CODE_WIDTH:])


def code_move(claim: CodeClaim) -> Move:
    """Return what spends a code; of two at once only one does.

    Spec: RFC6749-4.1.2, FAPI2-SP-FINAL-5.3.2.2-9, RFC9700-4.3.1
    """
    return Move(_CLAIM, {"hash": claim.code_hash, "now": claim.now})
