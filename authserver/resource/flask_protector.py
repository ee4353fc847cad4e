"""Guarding the routes of a Flask application, with Authlib's ResourceProtector as its users know it.

Authlib supplies the decorator, the `with` form and the place where the token is kept. What it decides by itself is
decided by our guard instead: its own validators know no `cnf`, and three of its answers are wrong for a resource server
(pinned by tests): a request without a token is told `missing_authorization`, which RFC 6750 does not know; one with
another scheme `unsupported_token_type`; and both, like 403, come without any challenge for DPoP.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn, TypeVar

from authlib.integrations.flask_oauth2 import ResourceProtector
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import MissingAuthorizationError, TokenValidator
from flask import Response, abort, g, request

from authserver.protocol.errors import OAuthError
from authserver.resource.checks import read_presented
from authserver.resource.environ import ApiOrigin, read_request
from authserver.resource.guard import Guard, challenge
from authserver.resource.model import AccessToken, PresentedToken, TokenMissing

View = TypeVar("View", bound=Callable[..., Any])


class ApiProtector(ResourceProtector):  # type: ignore[misc]  # Authlib has no types
    """Guards routes: `@protector.requires("accounts")`, or Authlib's own `protector(...)` and `protector.acquire(...)`.

    Each name given is an alternative; within one, scopes separated by spaces are needed together.

    Spec: RFC6750-3, RFC9449-7.1
    """

    def __init__(self, guard: Guard, api: ApiOrigin) -> None:
        super().__init__()
        keep_authlib_quiet()
        self._api = api
        for scheme in ("bearer", "dpop"):
            self.register_token_validator(_GuardedTokens(scheme, guard, api))

    def requires(self, *any_of: str) -> Callable[[View], View]:
        """Return the decorator of a route that needs one of these scopes."""
        decorator: Callable[[View], View] = self(list(any_of))
        return decorator

    def acquire_token(self, scopes: Sequence[str] | str | None = None, **kwargs: Any) -> AccessToken:  # noqa: ANN401 - Authlib's signature
        """Return the token with which the request may pass; what was asked for is kept for the challenge."""
        g.authserver_any_of = (scopes,) if isinstance(scopes, str) else tuple(scopes or ())
        token: AccessToken = super().acquire_token(scopes, **kwargs)
        return token

    def parse_request_authorization(self, _request: object) -> tuple[TokenValidator, str]:
        """Return the validator of the scheme that was used, and the token."""
        with _as_authlib_says():
            presented = read_presented(read_request(request.environ, self._api))
        if presented is None:
            raise MissingAuthorizationError
        return self.get_token_validator(presented.scheme), presented.token

    def raise_error_response(self, error: OAuth2Error) -> NoReturn:
        """End the request with our own challenge."""
        refusal = error.refusal if isinstance(error, _Refused) else TokenMissing()
        answer = challenge(refusal, g.get("authserver_any_of", ()))
        abort(Response(answer.body, answer.status, list(answer.headers)))


def current_access_token() -> AccessToken:
    """Return the token of the request being answered; raises RuntimeError on a route that is not guarded."""
    token = g.get("authlib_server_oauth2_token")
    if not isinstance(token, AccessToken):
        raise RuntimeError("this route is not guarded")
    return token


def keep_authlib_quiet() -> None:
    """Pin Authlib's loggers above `debug`, at which they print tokens, whatever level the application sets."""
    logging.getLogger("authlib").setLevel(logging.INFO)


class _Refused(OAuth2Error):  # type: ignore[misc]  # Authlib has no types
    """One of our refusals on its way through Authlib."""

    def __init__(self, refusal: OAuthError) -> None:
        super().__init__(description=refusal.description, error=refusal.code, status_code=refusal.status)
        self.refusal = refusal


class _GuardedTokens(TokenValidator):  # type: ignore[misc]  # Authlib has no types
    """Authlib's two phases, done by the guard; one validator for each scheme."""

    def __init__(self, scheme: str, guard: Guard, api: ApiOrigin) -> None:
        super().__init__()
        self.TOKEN_TYPE = scheme
        self._guard = guard
        self._api = api

    def authenticate_token(self, token_string: str) -> AccessToken:
        with _as_authlib_says():
            return self._guard.find(token_string)

    def validate_token(self, token: AccessToken, scopes: Sequence[str] | None, *_: object) -> None:
        with _as_authlib_says():
            received = read_request(request.environ, self._api)
            presented = read_presented(received) or PresentedToken(self.TOKEN_TYPE, "")
            self._guard.check(token, presented, received, tuple(scopes or ()))


@contextmanager
def _as_authlib_says() -> Iterator[None]:
    try:
        yield
    except OAuthError as error:
        raise _Refused(error) from error
