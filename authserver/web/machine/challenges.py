"""The WWW-Authenticate challenge with which a protected resource refuses a request."""

from authserver.protocol.errors import (
    InsufficientScope,
    InsufficientUserAuthentication,
    InvalidToken,
    OAuthError,
    UseDpopNonce,
)
from authserver.web.machine.model import MachineResponse
from authserver.web.machine.responses import Headers, json_no_store

DPOP_ALGORITHMS = "ES256 PS256 Ed25519 EdDSA"
_UNAUTHORIZED = 401


def render_challenge(
    error: OAuthError, correlation_id: str, *, token_was_sent: bool, scope: str = ""
) -> MachineResponse:
    """Return the refusal of a protected resource: a challenge per scheme, and no error where no token came.

    `scope` is what the resource needs; it is told where the token does not reach it. A person who must sign in better
    is told under the scheme alone under which the token came: the token itself is good.

    Spec: RFC6750-3, RFC9449-7.1, RFC9470-3
    """
    needed = scope if isinstance(error, InsufficientScope) else ""
    challenges = (_challenge(scheme, error if token_was_sent else None, needed) for scheme in _schemes(error))
    headers: Headers = tuple(("WWW-Authenticate", challenge) for challenge in challenges)
    status = error.status if isinstance(error, InvalidToken | InsufficientScope) else _status(error)
    if isinstance(error, UseDpopNonce):
        headers = (*headers, ("DPoP-Nonce", error.nonce))
    body = {"error": error.code, "error_description": error.description} if token_was_sent else {}
    reference = {"correlation_id": correlation_id} if correlation_id else {}
    return json_no_store({**body, **reference}, status=status, headers=headers)


def _schemes(error: OAuthError) -> tuple[str, ...]:
    if isinstance(error, InsufficientUserAuthentication):
        return ("DPoP",) if error.scheme == "dpop" else ("Bearer",)
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
    if isinstance(error, InsufficientUserAuthentication):
        members += _wanted_authentication(error)
    return f"{scheme} {', '.join(members)}" if members else scheme


def _wanted_authentication(error: InsufficientUserAuthentication) -> list[str]:
    """Return what the person must do better, in the names of an authorization request.

    Spec: RFC9470-3
    """
    members = [f'acr_values="{" ".join(error.acr_values)}"'] if error.acr_values else []
    return [*members, f'max_age="{error.max_age_seconds}"'] if error.max_age_seconds is not None else members


def render_bearer_challenge(error: InvalidToken, correlation_id: str, *, token_was_sent: bool) -> MachineResponse:
    """Return the refusal of an endpoint whose tokens are bound to no key, as those of a registration are.

    Spec: RFC6750-3, RFC7591-3, RFC7592-2
    """
    members = f' error="{error.code}", error_description="{error.description}"' if token_was_sent else ""
    body = {"error": error.code, "error_description": error.description, "correlation_id": correlation_id}
    return json_no_store(body, status=error.status, headers=(("WWW-Authenticate", f"Bearer{members}"),))
