"""The endpoint that tells a resource server which of its kept answers no longer count."""

import hashlib
from collections.abc import Mapping
from typing import Final

import orjson

from authserver.clients.authenticated_request import RequestAuthenticator
from authserver.clients.model import Client
from authserver.clock import Clock
from authserver.db.engine import Database
from authserver.grants.model import TokenState
from authserver.grants.store.tokens import find_several_tokens
from authserver.keys.base64url import decode, encode
from authserver.protocol.errors import InvalidRequest
from authserver.tokens.describe import INACTIVE, describe_token, is_for_payment, render_description
from authserver.values import Assembly
from authserver.web.machine.model import MachineRequest, MachineResponse
from authserver.web.machine.responses import private_answer

MOST_HASHES: Final = 1000
DIGEST_BYTES: Final = 12
_HASH_BYTES = 32
_CLAUSE = "RFC7662-2.1"

Held = Mapping[bytes, bytes | None]
"""The hash of each token asked about, and the digest of what was told of it, where that is given."""


class EndedTokens(Assembly, frozen=True):
    """`POST /introspect/ended`: a resource server that keeps answers asks which of them no longer count.

    An extension of ours. Tokens are named by their SHA-256, so none travels; behind it, after a dot, may stand the
    first 12 octets of the SHA-256 of the answer that is held. An answer no longer counts where introspection would tell
    the same caller something else, or that the token is not active, or where it is for a payment, which is never kept.
    The others count for `max_age_seconds` more, as `Cache-Control` says: not at all where the operator took that back.

    Spec: RFC7662-2.1, RFC7662-2.2, RFC7662-4
    """

    database: Database
    clock: Clock
    reception: RequestAuthenticator
    max_age_seconds: int = 0

    def __call__(self, request: MachineRequest) -> MachineResponse:
        """Answer one question about many tokens."""
        now = self.clock()
        received = self.reception.receive_confidential(request, now)
        held = _parse_held(received.params.require("token_hashes", clause=_CLAUSE))
        self.reception.claim(self.database, received)
        with self.database.read() as connection:
            states = find_several_tokens(connection, tuple(held))
        good = {
            state.token.token_hash
            for state in states
            if _still_counts(state, held[state.token.token_hash], received.client, now)
        }
        ended = [encode(token_hash).decode("ascii") for token_hash in held if token_hash not in good]
        headers = self.reception.nonce_headers(received, now)
        body = orjson.dumps({"ended": ended})
        return private_answer(body, "application/json", max_age_seconds=self.max_age_seconds, headers=headers)


def _still_counts(state: TokenState, digest: bytes | None, caller: Client, now: int) -> bool:
    """Return whether what the caller was told of a token is still what it would be told, and may be kept at all."""
    told = describe_token(state, caller, now)
    if told is INACTIVE or is_for_payment(told):
        return False
    return digest is None or hashlib.sha256(render_description(told)).digest()[:DIGEST_BYTES] == digest


def _parse_held(text: str) -> Held:
    """Return the hashes named, each once, with the digest of what was told.

    Raises InvalidRequest for too many of them, or what is none.

    Spec: RFC7662-2.1
    """
    words = text.split(" ")
    if len(words) > MOST_HASHES:
        raise InvalidRequest(f"At most {MOST_HASHES} token_hashes may be sent at once.", clause=_CLAUSE)
    try:
        return dict(_parse_word(word) for word in words)
    except ValueError as error:
        raise InvalidRequest("token_hashes is malformed.", clause=_CLAUSE) from error


def _parse_word(word: str) -> tuple[bytes, bytes | None]:
    name, dot, told = word.partition(".")
    token_hash, digest = decode(name.encode("ascii")), decode(told.encode("ascii")) if dot else None
    if len(token_hash) != _HASH_BYTES or (digest is not None and len(digest) != DIGEST_BYTES):
        raise ValueError("not of the length of a hash")
    return token_hash, digest
