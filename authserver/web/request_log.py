"""One structured line per request, and the handler that turns what goes wrong into a standard answer."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

import orjson

from authserver.events.model import OPERATOR, Event
from authserver.protocol.errors import OAuthError, ServerError
from authserver.values import Assembly
from authserver.web.log_output import LogOutput
from authserver.web.machine.errors import render_error
from authserver.web.machine.model import MachineEndpoint, MachineRequest, MachineResponse


@contextmanager
def _without_rich() -> Iterator[None]:
    """Hide rich, which Flask-Limiter brings, from an import that would load it for tracebacks no log here shows.

    A worker is 4 MB smaller for it, and up 35 ms sooner.
    """
    if "rich" in sys.modules:
        yield
        return
    sys.modules["rich"] = None  # type: ignore[assignment]  # what Python documents for a module not to be found
    try:
        yield
    finally:
        del sys.modules["rich"]


with _without_rich():
    import structlog

log = structlog.get_logger("authserver.request")


class ErrorHandler(Assembly, frozen=True):
    """Calls an endpoint; a refusal becomes a standard error, a failure a 500 that says nothing, each logged once.

    A browser is shown the failure as a page. Outside, a failure leaves the correlation id and nothing else.

    Spec: RFC6749-5.2
    """

    milliseconds: Callable[[], int]
    error_page: Callable[[OAuthError, str], MachineResponse]

    def run(self, endpoint: MachineEndpoint, request: MachineRequest) -> MachineResponse:
        """Return the endpoint's answer or the standard error for what it raised."""
        started = self.milliseconds()
        try:
            response = endpoint(request)
        except OAuthError as error:
            response = render_error(error, request.correlation_id, basic_was_tried=_tried_basic(request))
            self._log_refusal(request, error, response.status)
            return response
        except Exception as error:  # noqa: BLE001 - whatever failed, the caller gets a standard error and no detail
            return self._fail(request, error)
        log.info(
            "request",
            correlation_id=request.correlation_id,
            method=request.method,
            path=request.path,
            status=response.status,
            milliseconds=self.milliseconds() - started,
        )
        return response

    def _log_refusal(self, request: MachineRequest, error: OAuthError, status: int) -> None:
        log.warning(
            "refused",
            correlation_id=request.correlation_id,
            method=request.method,
            path=request.path,
            status=status,
            error=error.code,
            reason=error.reason,
            clause=error.clause,
        )

    def _fail(self, request: MachineRequest, error: Exception) -> MachineResponse:
        """Log where it failed, by the exception's type and place: its text may hold what was received."""
        log.error("failed", correlation_id=request.correlation_id, path=request.path, **describe_failure(error))
        refusal = ServerError("The server could not answer.", clause="RFC6749-5.2")
        if "text/html" in request.headers.get("accept", ""):
            return self.error_page(refusal, request.correlation_id)
        return render_error(refusal, request.correlation_id)


def describe_failure(error: BaseException) -> dict[str, str]:
    """Return an exception's type and the lines it passed through, without its text, which may hold a secret."""
    places = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rpartition('authserver/')[2]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return {"exception": type(error).__name__, "trace": " < ".join(reversed(places))}


def _tried_basic(request: MachineRequest) -> bool:
    return request.headers.get("authorization", "").partition(" ")[0].lower() == "basic"


def log_event(event: Event) -> None:
    """Write an event as one line of the log, as a warning where someone should look."""
    write = log.warning if event.kind.is_alarm else log.info
    write("event", **describe_event(event))


def describe_event(event: Event) -> dict[str, object]:
    """Return what the log tells of an event; who did it and why, where that was an operator."""
    facts: dict[str, object] = {
        "event_name": event.name,
        "at": event.at,
        "correlation_id": event.correlation_id,
        "client_id": event.client,
        "account_id": event.subject,
        "detail": dict(event.detail),
    }
    if event.actor.role == OPERATOR:
        facts |= {"actor_role": OPERATOR, "actor": event.actor.name, "reason": event.reason}
    return facts


def configure_log(level: str) -> None:
    """Write lines of that level and above to standard error, one JSON object each."""
    structlog.configure(
        cache_logger_on_first_use=True,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=lambda value, **_: orjson.dumps(value, default=str)),
        ],
        logger_factory=structlog.BytesLoggerFactory(file=cast("BinaryIO", LogOutput(sys.stderr.buffer))),
    )
