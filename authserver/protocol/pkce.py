"""PKCE, both ends: the challenge in the authorization request, the verifier at the token endpoint."""

import base64
import hashlib
import hmac
import re

from authserver.protocol.errors import InvalidGrant, InvalidRequest

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_METHOD = "S256"


def parse_challenge(challenge: str | None, method: str | None) -> str | None:
    """Return the S256 challenge of an authorization request, or None where it has none.

    Raises InvalidRequest for another method (an absent method means `plain`) or a malformed challenge.

    Spec: RFC7636-4.3, RFC7636-4.4.1, RFC7636-7.2, RFC9700-2.1.1
    """
    if challenge is None:
        if method is not None:
            raise InvalidRequest("A code_challenge_method is only allowed with a code_challenge.", clause="RFC7636-4.3")
        return None
    if method != _METHOD:
        raise InvalidRequest("The code_challenge_method must be S256.", clause="RFC7636-4.4.1")
    if not _CHALLENGE.fullmatch(challenge):
        raise InvalidRequest("The code_challenge must be 43 base64url characters.", clause="RFC7636-4.2")
    return challenge


def check_verifier(challenge: str | None, verifier: str | None) -> None:
    """Return where the verifier is the one whose challenge came with the authorization request.

    A verifier without a challenge is refused too: it shows that the challenge was removed on the way.

    Raises InvalidGrant otherwise.

    Spec: RFC7636-4.1, RFC7636-4.6, RFC9700-4.8.2, RFC9700-4.5.3, RFC9700-4.7.1
    """
    if challenge is None:
        if verifier is not None:
            raise InvalidGrant(
                "The code_verifier must be left out: the request had no code_challenge.", clause="RFC9700-4.8.2"
            )
        return
    if verifier is None or not _VERIFIER.fullmatch(verifier):
        raise InvalidGrant("A code_verifier of 43 to 128 unreserved characters is required.", clause="RFC7636-4.6")
    computed = make_challenge(verifier)
    if not hmac.compare_digest(computed, challenge):
        raise InvalidGrant("The code_verifier does not match.", clause="RFC7636-4.6")


def make_challenge(verifier: str) -> str:
    """Return the S256 challenge of a verifier.

    Spec: RFC7636-4.2
    """
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
