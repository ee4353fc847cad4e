"""What an authorization response says: a code, a refusal, or nothing but that one may go on."""

from collections.abc import Mapping

from authserver.authorization.answers.model import AuthorizationResponse, Delivery, Device, OwnPage, Redirect
from authserver.protocol.errors import OAuthError


def with_code(redirect: Redirect, code: str, issuer: str, app_name: str) -> AuthorizationResponse:
    """Return the answer that carries a code.

    Spec: RFC6749-4.1.2, RFC9207-2, FAPI2-SP-FINAL-5.3.2.2-7, RFC9700-4.4.2
    """
    return AuthorizationResponse(redirect, {"code": code, **_state(redirect), "iss": issuer}, app_name)


def with_refusal(delivery: Delivery, error: OAuthError, issuer: str, app_name: str) -> AuthorizationResponse:
    """Return the answer that carries a refusal.

    Spec: RFC6749-4.1.2.1, RFC9207-2
    """
    told = {"error": error.code, "error_description": error.description}
    return AuthorizationResponse(delivery, {**told, **_state(delivery), "iss": issuer}, app_name)


def to_own_page(page: OwnPage) -> AuthorizationResponse:
    """Return the answer that lets a person into one of our own pages, which are told nothing."""
    return AuthorizationResponse(page, {})


def to_device(device: Device, app_name: str) -> AuthorizationResponse:
    """Return the answer that tells the person to go back to their device, which learns the rest when it next asks.

    Spec: RFC8628-3.3
    """
    return AuthorizationResponse(device, {}, app_name)


def _state(delivery: Delivery) -> Mapping[str, str]:
    if not isinstance(delivery, Redirect) or delivery.state is None:
        return {}
    return {"state": delivery.state}
