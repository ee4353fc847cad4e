"""The endpoint that tells a resource server which of many tokens are no longer good."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from authserver.clients.reception import Reception
from authserver.clock import Clock
from authserver.db.engine import Database
from authserver.grants.store.tokens import find_several_tokens
from authserver.keys.base64url import decode, encode
from authserver.protocol.errors import InvalidRequest
from authserver.tokens.describe import INACTIVE, describe_token
from authserver.web.machine import MachineRequest, MachineResponse
from authserver.web.responses import json_no_store

MOST_HASHES: Final = 1000
_HASH_BYTES = 32
_CLAUSE = "RFC7662-2.1"


@dataclass(frozen=True, slots=True)
class EndedTokens:
    """`POST /introspect/ended`: a resource server that keeps answers asks which of the tokens have ended since.

    An extension of ours. Tokens are named by their SHA-256, so none travels; about each is told what introspection
    would say of it to the same caller, by the same rule, and no more than that one bit.

    Spec: RFC7662-2.1, RFC7662-2.2, RFC7662-4
    """

    database: Database
    clock: Clock
    reception: Reception

    def __call__(self, request: MachineRequest) -> MachineResponse:
        """Answer one question about many tokens."""
        now = self.clock()
        received = self.reception.receive(request, now)
        hashes = _parse_hashes(received.params.require("token_hashes", clause=_CLAUSE))
        self.reception.claim(self.database, received)
        with self.database.read() as connection:
            states = find_several_tokens(connection, hashes)
        good = {
            state.token.token_hash for state in states if describe_token(state, received.client, now) is not INACTIVE
        }
        ended = [encode(token_hash).decode("ascii") for token_hash in hashes if token_hash not in good]
        return json_no_store({"ended": ended}, headers=self.reception.nonce_headers(received, now))


def _parse_hashes(text: str) -> Sequence[bytes]:
    """Return the hashes named, each once.

    Raises InvalidRequest for too many of them, or what is none.

    Spec: RFC7662-2.1
    """
    words = text.split(" ")
    if len(words) > MOST_HASHES:
        raise InvalidRequest(f"At most {MOST_HASHES} tokens may be asked about at once.", clause=_CLAUSE)
    try:
        hashes = tuple(dict.fromkeys(decode(word.encode("ascii")) for word in words))
    except ValueError as error:
        raise InvalidRequest("token_hashes is malformed.", clause=_CLAUSE) from error
    if any(len(token_hash) != _HASH_BYTES for token_hash in hashes):
        raise InvalidRequest("token_hashes is malformed.", clause=_CLAUSE)
    return hashes
