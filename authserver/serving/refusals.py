"""What a peer is told whose octets never became a request: our own words, under a correlation id, none of theirs."""

import http
from typing import Final

from gunicorn.http import errors

from authserver.protocol.errors import InvalidRequest, OAuthError, ServerError, TemporarilyUnavailable
from authserver.web.headers import COMMON_HEADERS
from authserver.web.machine.errors import render_error
from authserver.web.request_id import HEADER, new_correlation_id
from authserver.web.request_log import describe_failure, log

_CLAUSE: Final = "RFC9112-2.2"
_STATUSES: Final = (
    (errors.LimitRequestLine, 414),
    (errors.LimitRequestHeaders, 431),
    (errors.ExpectationFailed, 417),
    (errors.UnsupportedTransferCoding, 501),
)
_TIMED_OUT: Final = 408


def refuse_malformed(error: BaseException) -> bytes:
    """Log what could not be read as a request by its kind alone, or what failed by its place; return the answer.

    The parser's own text repeats what was received, which can hold a code or a password.

    Spec: RFC9112-2.2, RFC9110-15.5
    """
    if not isinstance(error, errors.ParseException):
        return _failed(error)
    status = next((status for kind, status in _STATUSES if isinstance(error, kind)), InvalidRequest.status)
    refusal = InvalidRequest(
        "The request could not be read.", reason=f"not HTTP as we take it: {type(error).__name__}", clause=_CLAUSE
    )
    return _refuse(refusal, status)


def refuse_late() -> bytes:
    """Log a request of which too little came in its time; return the answer.

    Spec: RFC9110-15.5.9
    """
    refusal = InvalidRequest(
        "The request did not arrive in time.", reason="half a request, and no more for its time", clause=_CLAUSE
    )
    return _refuse(refusal, _TIMED_OUT)


def refuse_stopping() -> bytes:
    """Log a request that was still on its way when the server stopped; return the answer.

    Spec: RFC9110-15.6.4
    """
    refusal = TemporarilyUnavailable(
        "The server is stopping: send the request again.", reason="the server stops", clause="RFC9110-15.6.4"
    )
    return _refuse(refusal, refusal.status, (("Retry-After", "1"),))


def _refuse(refusal: OAuthError, status: int, headers: tuple[tuple[str, str], ...] = ()) -> bytes:
    correlation_id = new_correlation_id()
    log.warning("refused", correlation_id=correlation_id, status=status, **refusal.operator_facts())
    return _render(refusal, status, correlation_id, headers)


def _failed(error: BaseException) -> bytes:
    correlation_id = new_correlation_id()
    log.error("failed", correlation_id=correlation_id, **describe_failure(error))
    failure = ServerError("The server could not answer.", clause="RFC6749-5.2")
    return _render(failure, failure.status, correlation_id, ())


def _render(refusal: OAuthError, status: int, correlation_id: str, headers: tuple[tuple[str, str], ...]) -> bytes:
    answer = render_error(refusal, correlation_id)
    pairs = dict((*answer.headers, *COMMON_HEADERS, *headers))
    pairs |= {HEADER: correlation_id, "Content-Length": str(len(answer.body)), "Connection": "close"}
    lines = [
        f"HTTP/1.1 {status} {http.HTTPStatus(status).phrase}",
        *(f"{name}: {value}" for name, value in pairs.items()),
    ]
    return "\r\n".join((*lines, "", "")).encode("latin-1") + answer.body
