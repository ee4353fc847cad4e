"""Client secrets: 32 random bytes, kept as SHA-256, for clients of the plain OpenID Connect profile only."""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import unquote_plus

from authserver.protocol.errors import InvalidClient


@dataclass(frozen=True, slots=True)
class BasicCredentials:
    """The client id and secret of an Authorization header, as received."""

    client_id: str
    client_secret: str

    def __repr__(self) -> str:
        return f"BasicCredentials({self.client_id!r})"


def hash_secret(secret: str) -> bytes:
    """Return the SHA-256 of a secret; a slow hash would add nothing to 256 random bits."""
    return hashlib.sha256(secret.encode("utf-8")).digest()


def parse_basic(header: str) -> BasicCredentials:
    """Parse an Authorization header of the Basic scheme.

    Raises InvalidClient where it cannot be read.

    Spec: RFC6749-2.3.1
    """
    _, _, encoded = header.partition(" ")
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError) as error:
        raise InvalidClient(reason="the Basic header cannot be read", clause="RFC6749-2.3.1") from error
    client_id, colon, secret = decoded.partition(":")
    if not colon:
        raise InvalidClient(reason="the Basic header has no colon", clause="RFC6749-2.3.1")
    return BasicCredentials(unquote_plus(client_id), unquote_plus(secret))


def check_secret(secret_hash: bytes | None, presented: str) -> None:
    """Return where the secret presented is the client's.

    Raises InvalidClient otherwise.

    Spec: RFC6749-2.3.1
    """
    if not hmac.compare_digest(hash_secret(presented), secret_hash or b""):
        raise InvalidClient(reason="the secret is wrong", clause="RFC6749-2.3.1")
