"""Requests and responses of the machine endpoints, as frozen values."""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING

from authserver.values import Value, field

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

MAX_BODY_BYTES = 64 * 1024
CORRELATION_ENVIRON_KEY = "authserver.correlation_id"
REQUEST: ContextVar["WSGIEnvironment | None"] = ContextVar("request", default=None)
"""The request being answered, for what depends on it at any depth: the language of a page."""


class MachineRequest(Value, frozen=True):
    """One request to a machine endpoint; header names are in lower case, the body is whole and bounded.

    `certificate` is the client certificate in DER as our listener or a trusted proxy gave it, not verified against any
    authority. `remote_address` is the client's address, behind trusted proxies the one they report.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    remote_address: str = ""
    certificate: bytes | None = None
    correlation_id: str = ""


class MachineResponse(Value, frozen=True):
    """One answer of a machine endpoint: status, header pairs, body."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


MachineEndpoint = Callable[[MachineRequest], MachineResponse]
