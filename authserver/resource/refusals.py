"""What is answered and logged where a request may not pass: the same under every framework."""

import logging

from authserver.protocol.errors import OAuthError, TemporarilyUnavailable
from authserver.resource.demand import NOTHING_MORE, Demand
from authserver.resource.model import ResourceRequest, TokenMissing
from authserver.web.machine.challenges import render_challenge
from authserver.web.machine.model import MachineResponse
from authserver.web.request_id import HEADER, new_correlation_id

LOGGER = logging.getLogger("authserver.resource")
"""Set it to INFO to read of each refusal, with its reason; at WARNING it tells of checks that could not be made."""

_RETRY_SECONDS = "5"


def challenge(
    error: OAuthError, demand: Demand = NOTHING_MORE, request: ResourceRequest | None = None
) -> MachineResponse:
    """Return the refusal: 401 with a challenge per scheme, 403 for too little scope, 400 for a malformed request.

    The caller learns a correlation id; the log has the reason under the same. No token is in either.

    Spec: RFC6750-3, RFC6750-3.1, RFC9449-7.1, RFC9449-9, RFC9470-3
    """
    correlation_id, was_sent = new_correlation_id(), not isinstance(error, TokenMissing)
    scope = " ".join(demand.any_of[:1])
    answer = render_challenge(error, correlation_id if was_sent else "", token_was_sent=was_sent, scope=scope)
    headers = (*answer.headers, (HEADER, correlation_id))
    if isinstance(error, TemporarilyUnavailable):
        headers = (*headers, ("Retry-After", _RETRY_SECONDS))
    _log(error, answer.status, correlation_id, request)
    return MachineResponse(answer.status, headers, answer.body)


def _log(error: OAuthError, status: int, correlation_id: str, request: ResourceRequest | None) -> None:
    """Write one line, its parts also as attributes of the record, for those who log in JSON."""
    level = logging.WARNING if isinstance(error, TemporarilyUnavailable) else logging.INFO
    if not LOGGER.isEnabledFor(level):
        return
    parts = {"correlation_id": correlation_id, "status": str(status), **error.operator_facts()}
    if request is not None:
        # Of the URL no query, and the path percent-encoded: it adds no line of its own.
        parts |= {"method": request.method, "url": request.uris[0]}
    LOGGER.log(level, "refused %s", " ".join(f"{name}={value!r}" for name, value in parts.items()), extra=parts)
