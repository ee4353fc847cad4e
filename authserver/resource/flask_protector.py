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
from authserver.resource.demand import NOTHING_MORE, Demand
from authserver.resource.details import Detail
from authserver.resource.environ import ApiOrigin, read_request
from authserver.resource.guard import Guard
from authserver.resource.model import AccessToken, PresentedToken, TokenMissing
from authserver.resource.refusals import challenge

View = TypeVar("View", bound=Callable[..., Any])


class ApiProtector(ResourceProtector):  # type: ignore[misc]  # Authlib has no types
    """Guards routes: `@protector.requires("accounts")`, or Authlib's own `protector(...)` and `protector.acquire(...)`.

    Each name given is an alternative; within one, scopes separated by spaces are needed together.

    Spec: RFC6750-3, RFC9449-7.1, RFC9470-3
    """

    def __init__(self, guard: Guard, api: ApiOrigin) -> None:
        super().__init__()
        keep_authlib_quiet()
        self._guard = guard
        self._api = api
        for scheme in ("bearer", "dpop"):
            self.register_token_validator(_GuardedTokens(scheme, guard, api))

    def requires(
        self, *any_of: str, acr_values: Sequence[str] = (), max_age: int | None = None
    ) -> Callable[[View], View]:
        """Return the decorator of a route that needs one of these scopes, and that the person signed in like this."""
        return self._demanding(Demand(any_of, tuple(acr_values), max_age))

    def require_detail(
        self, type_name: str, *any_of: str, acr_values: Sequence[str] = (), max_age: int | None = None
    ) -> Callable[[View], View]:
        """Return the decorator of a route that needs an authorization detail of a type; `granted_details` has them.

        Spec: RFC9396-9
        """
        return self._demanding(Demand(any_of, tuple(acr_values), max_age, type_name))

    def acquire_token(self, scopes: Sequence[str] | str | None = None, **kwargs: Any) -> AccessToken:  # noqa: ANN401 - Authlib's signature
        """Return the token with which the request may pass; what was asked for is kept for the challenge."""
        any_of = (scopes,) if isinstance(scopes, str) else tuple(scopes or ())
        g.authserver_demand = kwargs.setdefault("demand", Demand(any_of))
        token: AccessToken = super().acquire_token(scopes, **kwargs)
        return token

    def spend(self) -> None:
        """Spend the token of the request being answered, right before the act; ends the request where it was spent."""
        try:
            self._guard.spend(current_access_token(), read_request(request.environ, self._api))
        except OAuthError as error:
            self.refuse(error)

    def refuse(self, error: OAuthError) -> NoReturn:
        """End the request with a refusal that the route itself found."""
        self.raise_error_response(_Refused(error))

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
        answer = challenge(refusal, g.get("authserver_demand", NOTHING_MORE), read_request(request.environ, self._api))
        abort(Response(answer.body, answer.status, list(answer.headers)))

    def _demanding(self, demand: Demand) -> Callable[[View], View]:
        decorator: Callable[[View], View] = self(list(demand.any_of), demand=demand)
        return decorator


def current_access_token() -> AccessToken:
    """Return the token of the request being answered; raises RuntimeError on a route that is not guarded."""
    token = g.get("authlib_server_oauth2_token")
    if not isinstance(token, AccessToken):
        raise RuntimeError("this route is not guarded")
    return token


def granted_details() -> tuple[Detail, ...]:
    """Return the details that the route demanded, as values that cannot be changed; there is at least one."""
    demand: Demand = g.authserver_demand
    return current_access_token().details_of(demand.detail)


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

    def validate_token(self, token: AccessToken, _scopes: object, _request: object, *, demand: Demand) -> None:
        with _as_authlib_says():
            received = read_request(request.environ, self._api)
            presented = read_presented(received) or PresentedToken(self.TOKEN_TYPE, "")
            self._guard.check(token, presented, received, demand)


@contextmanager
def _as_authlib_says() -> Iterator[None]:
    try:
        yield
    except OAuthError as error:
        raise _Refused(error) from error
