"""Client secrets: 32 random bytes, kept as SHA-256, for clients of the plain OpenID Connect profile only."""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from urllib.parse import unquote_plus

from authserver.clients.model import Client
from authserver.protocol.errors import InvalidClient
from authserver.values import Hidden, Value

SECRET_OVERLAP_SECONDS = 86_400
"""How long a secret stays good beside the one that took its place, unless another time is chosen."""
LONGEST_OVERLAP_SECONDS = 90 * 86_400
_IMPORTABLE = re.compile(r"[\x21-\x7e]{22,255}")
_LEAST_DIFFERENT = 10


class BasicCredentials(Value, frozen=True):
    """The client id and secret of an Authorization header, as received."""

    client_id: str
    client_secret: Hidden[str]


def new_secret() -> str:
    """Return a new secret: 32 random bytes, in letters that stand in a form and a header as they are."""
    return secrets.token_urlsafe(32)


def hash_secret(secret: str) -> bytes:
    """Return the SHA-256 of a secret; a slow hash would add nothing to 256 random bits."""
    return hashlib.sha256(secret.encode("utf-8")).digest()


def check_imported(secret: str) -> None:
    """Raise ValueError for a secret from elsewhere that could be guessed, or that no client could send.

    It is kept as a fast hash, which is enough for what was made at random and for nothing else.

    Spec: RFC6749-10.10
    """
    if not _IMPORTABLE.fullmatch(secret):
        raise ValueError("it must be 22 to 255 visible ASCII characters, without spaces")
    if len(set(secret)) < _LEAST_DIFFERENT:
        raise ValueError(f"it must contain at least {_LEAST_DIFFERENT} different characters, as a random secret does")


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


def check_secret(client: Client, presented: str, now: int) -> None:
    """Return where the secret presented is the client's, or the one before it while that stays good.

    Raises InvalidClient otherwise.

    Spec: RFC6749-2.3.1
    """
    presented_hash = hash_secret(presented)
    if hmac.compare_digest(presented_hash, client.secret_hash or b""):
        return
    previous = client.previous_secret
    is_previous = previous is not None and hmac.compare_digest(presented_hash, previous.secret_hash)
    if previous is None or not is_previous or now >= previous.until:
        raise InvalidClient(reason="the secret is wrong", clause="RFC6749-2.3.1")
