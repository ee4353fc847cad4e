"""Guarding any WSGI application: a request without a good token never reaches it."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING

from authserver.protocol.errors import OAuthError
from authserver.resource.demand import NOTHING_MORE, Demand
from authserver.resource.environ import ApiOrigin, read_request
from authserver.resource.guard import Guard
from authserver.resource.refusals import challenge
from authserver.values import Assembly

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ACCESS_TOKEN_KEY = "authserver.access_token"  # noqa: S105 - the name of a place, not a token


class GuardedApplication(Assembly, frozen=True):
    """Passes on requests whose token is good and meets the demand; the `AccessToken` is in the environment.

    Spec: FAPI2-SP-FINAL-5.3.4-1
    """

    application: "WSGIApplication"
    guard: Guard
    api: ApiOrigin
    demand: Demand = NOTHING_MORE

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request, or challenge it."""
        request = read_request(environ, self.api)
        try:
            environ[ACCESS_TOKEN_KEY] = self.guard.admit(request, self.demand)
        except OAuthError as error:
            refusal = challenge(error, self.demand, request)
            headers = [*refusal.headers, ("Content-Length", str(len(refusal.body)))]
            start_response(f"{refusal.status} {HTTPStatus(refusal.status).phrase}", headers)
            return [refusal.body]
        return self.application(environ, start_response)
