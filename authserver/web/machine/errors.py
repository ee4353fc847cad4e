"""Refusals as HTTP: the one place where a protocol error gets a status and a body."""

from authserver.protocol.errors import InvalidClient, OAuthError, TooManyRequests, UseDpopNonce
from authserver.web.machine.model import MachineResponse
from authserver.web.machine.responses import Headers, json_no_store


def render_error(error: OAuthError, correlation_id: str, *, basic_was_tried: bool = False) -> MachineResponse:
    """Return a refusal as JSON with its standard status, and the correlation id under which its reason is kept.

    Spec: RFC6749-5.2, RFC9126-2.3, RFC9449-8, RFC7009-2.2.1
    """
    body = {"error": error.code, "error_description": error.description, "correlation_id": correlation_id}
    return json_no_store(body, status=error.status, headers=_headers(error, basic_was_tried=basic_was_tried))


def _headers(error: OAuthError, *, basic_was_tried: bool) -> Headers:
    if isinstance(error, UseDpopNonce):
        return (("DPoP-Nonce", error.nonce),)
    if isinstance(error, TooManyRequests):
        return (("Retry-After", str(error.retry_after)),)
    if isinstance(error, InvalidClient) and basic_was_tried:
        return (("WWW-Authenticate", 'Basic realm="client"'),)
    return ()
