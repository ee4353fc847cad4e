"""The WWW-Authenticate challenge with which a protected resource refuses a request."""

from authserver.protocol.errors import InsufficientScope, InvalidToken, OAuthError, UseDpopNonce
from authserver.web.machine import MachineResponse
from authserver.web.responses import Headers, json_no_store

DPOP_ALGORITHMS = "ES256 PS256 Ed25519 EdDSA"
_UNAUTHORIZED = 401


def render_challenge(
    error: OAuthError, correlation_id: str, *, token_was_sent: bool, scope: str = ""
) -> MachineResponse:
    """Return the refusal of a protected resource: a challenge per scheme, and no error where no token came.

    `scope` is what the resource needs; it is told where the token does not reach it.

    Spec: RFC6750-3, RFC9449-7.1
    """
    needed = scope if isinstance(error, InsufficientScope) else ""
    challenges = (_challenge(scheme, error if token_was_sent else None, needed) for scheme in _schemes())
    headers: Headers = tuple(("WWW-Authenticate", challenge) for challenge in challenges)
    status = error.status if isinstance(error, InvalidToken | InsufficientScope) else _status(error)
    if isinstance(error, UseDpopNonce):
        headers = (*headers, ("DPoP-Nonce", error.nonce))
    body = {"error": error.code, "error_description": error.description} if token_was_sent else {}
    reference = {"correlation_id": correlation_id} if correlation_id else {}
    return json_no_store({**body, **reference}, status=status, headers=headers)


def _schemes() -> tuple[str, ...]:
    return ("DPoP", "Bearer")


def _status(error: OAuthError) -> int:
    """Answer 401 for whatever the caller can mend with better proof, the error's own status otherwise."""
    return _UNAUTHORIZED if error.code in {"use_dpop_nonce", "invalid_dpop_proof"} else error.status


def _challenge(scheme: str, error: OAuthError | None, scope: str) -> str:
    members = [f'algs="{DPOP_ALGORITHMS}"'] if scheme == "DPoP" else []
    if error is not None:
        members += [f'error="{error.code}"', f'error_description="{error.description}"']
    if scope:
        members.append(f'scope="{scope}"')
    return f"{scheme} {', '.join(members)}" if members else scheme
