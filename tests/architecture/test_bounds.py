"""Every column that text or bytes of any length fit into has someone who fills it, and a longest.

A new column is entered here with where its bound is kept; a bound that a stranger or a client can meet is tried by
`tests/strict/test_bounds.py` through HTTP.
"""

from typing import Final

from sqlalchemy import LargeBinary, String, Text

from authserver.db.tables.schema import metadata

OPERATOR: Final = "an operator, by the command line"
CLIENT: Final = "an authenticated client, or who sends a request in the name of one"
PERSON: Final = "a person who is signed in"
OURSELVES: Final = "ourselves"

FILLED_BY: Final[dict[str, tuple[str, str]]] = {
    "clients.client_id": (OPERATOR, "clients/metadata"),
    "clients.metadata": (OPERATOR, "clients/metadata"),
    "archived_keys.public_jwk": (OURSELVES, "keys/rotation"),
    "signing_keys.public_jwk": (OURSELVES, "keys/rotation"),
    "signing_keys.sealed_private_jwk": (OURSELVES, "keys/rotation"),
    "pushed_requests.client_id": (CLIENT, "one that is registered"),
    "pushed_requests.request": (CLIENT, "each parameter has its longest; a claim that is never sent is not kept"),
    "interactions.client_id": (CLIENT, "one that is registered"),
    "interactions.request": (OURSELVES, "always empty"),
    "accounts.username": (OPERATOR, "accounts/model"),
    "accounts.password_hash": (OURSELVES, "one form of Argon2"),
    "accounts.claims": (OPERATOR, "accounts/model"),
    "totp_credentials.sealed_seed": (OURSELVES, "accounts/factors/totp/codes: at most 64 bytes, sealed"),
    "passkeys.credential_id": (PERSON, "accounts/factors/passkey/model: MAX_CREDENTIAL_ID_BYTES"),
    "passkeys.public_key": (PERSON, "accounts/factors/passkey/model: MAX_CREDENTIAL_LENGTH"),
    "passkeys.transports": (PERSON, "accounts/factors/passkey/model: known words alone"),
    "passkeys.name": (PERSON, "accounts/factors/passkey/model: MAX_NAME_LENGTH"),
    "events.client_id": (CLIENT, "one that is registered"),
    "events.thing": (PERSON, "events/store: LONGEST_TEXT"),
    "events.detail": (CLIENT, "events/store: LONGEST_TEXT for each name that its kind has"),
    "events.actor": (OPERATOR, "events/store: LONGEST_TEXT"),
    "events.reason": (OPERATOR, "events/store: LONGEST_TEXT"),
    "events.correlation_id": (OURSELVES, "web/request_id: one form"),
    "logout_notices.notice_id": (OURSELVES, "one for each client that a session served"),
    "logout_notices.client_id": (CLIENT, "one that is registered"),
    "letters.detail": (PERSON, "notices/post: 200 characters, and MOST_WAITING letters of a person"),
    "approvals.client_id": (CLIENT, "one that is registered"),
    "approvals.evidence": (PERSON, "one payment of at most 8,192 characters and one answer of a passkey"),
    "sessions.factors": (OURSELVES, "the name and moment of each factor"),
    "sessions.browser": (OURSELVES, "sessions/browsers: words of ours"),
    "consents.client_id": (CLIENT, "one that is registered"),
    "consents.scope": (CLIENT, "registered scope"),
    "consents.claims": (CLIENT, "issuance/claims: STANDARD_CLAIMS"),
    "consents.resources": (CLIENT, "registered resources"),
    "consents.authorization_details": (CLIENT, "details/parse: MAX_CHARACTERS"),
    "grants.client_id": (CLIENT, "one that is registered"),
    "grants.details": (CLIENT, "what its request holds"),
    "authorization_codes.client_id": (CLIENT, "one that is registered"),
    "authorization_codes.redirect_uri": (CLIENT, "a registered one"),
    "authorization_codes.code_challenge": (CLIENT, "protocol/pkce: 43 characters"),
    "authorization_codes.dpop_jkt": (CLIENT, "authorization/checks/dpop_jkt: 43 characters"),
    "authorization_codes.nonce": (CLIENT, "authorization/checks/correlation: MAX_NONCE_CHARACTERS"),
    "client_origins.origin": (OPERATOR, "protocol/origin: LONGEST_ORIGIN"),
    "client_origins.client_id": (OPERATOR, "one that is registered"),
    "device_authorizations.client_id": (CLIENT, "one that is registered"),
    "device_authorizations.asked_from": (OURSELVES, "sessions/browsers: words of ours, and an address"),
    "device_authorizations.request": (CLIENT, "what a pushed request may hold"),
    "issued_tokens.client_id": (CLIENT, "one that is registered"),
    "issued_tokens.claims": (OURSELVES, "what its grant holds"),
    "issued_tokens.sealed_token": (OURSELVES, "a token of ours, sealed"),
}


def test_every_column_without_a_length_is_entered_with_its_bound() -> None:
    unbounded = {
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, Text)
        or (isinstance(column.type, String | LargeBinary) and column.type.length is None)
    }
    assert unbounded == set(FILLED_BY)
