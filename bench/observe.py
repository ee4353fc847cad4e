"""A stopwatch over the layers of a request: each function below is timed, less the time of those it calls.

Timing costs a microsecond or so for each function; how much in all, the unobserved request beside it shows.
"""

import functools
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from statistics import median
from types import TracebackType
from typing import Any

import authserver.app.routes
import authserver.authorization.endpoints.par
import authserver.clients.authentication
import authserver.clients.reception
import authserver.tokens.endpoints.introspection
import authserver.tokens.endpoints.token
from authserver.authorization.endpoints.par import PushedAuthorizationRequest
from authserver.clients.authentication import ClientAuthentication
from authserver.clients.reception import Reception
from authserver.db.engine import Database
from authserver.issuance.issue import Mint
from authserver.keys.signer import Signer
from authserver.tokens.endpoints.introspection import Introspection
from authserver.tokens.endpoints.token import TokenEndpoint
from authserver.tokens.grant_types.client_credentials import ClientCredentialsGrant
from authserver.tokens.grant_types.refresh_token import RefreshTokenGrant
from authserver.web.limits import MachineLimits
from authserver.web.machine import MachineRouter

_PAR = authserver.authorization.endpoints.par
_RECEPTION = authserver.clients.reception
_AUTHENTICATION = authserver.clients.authentication
_TOKEN = authserver.tokens.endpoints.token
_INTROSPECTION = authserver.tokens.endpoints.introspection

_TIMED: tuple[tuple[str, tuple[tuple[Any, str], ...]], ...] = (
    ("router, request value, log call", ((MachineRouter, "__call__"),)),
    (
        "certificate and address",
        ((authserver.app.routes, "certificate_from_environ"), (authserver.app.routes, "client_address")),
    ),
    ("form", ((_RECEPTION, "read_form"),)),
    ("evidence, proof", ((_RECEPTION, "read_evidence"), (_RECEPTION, "read_proof"))),
    ("client authentication", ((ClientAuthentication, "verify"),)),
    ("JOSE: read and verify", ((_AUTHENTICATION, "read_unverified"), (_AUTHENTICATION, "verify_jwt"))),
    ("limit counted", ((MachineLimits, "hit"),)),
    (
        "endpoint, grant type, binding",
        ((TokenEndpoint, "__call__"), (Introspection, "__call__"), (PushedAuthorizationRequest, "__call__")),
    ),
    ("parse authorization request", ((_PAR, "parse_request"),)),
    ("begin, or connection to read", ()),
    ("claim the assertion's jti", ((Reception, "claim"),)),
    (
        "redeem, look up",
        ((ClientCredentialsGrant, "redeem"), (RefreshTokenGrant, "redeem"), (_INTROSPECTION, "find_token")),
    ),
    ("mint: claims, audience", ((Mint, "issue"),)),
    ("mint: sign", ((Signer, "sign"),)),
    ("save", ((_TOKEN, "save_tokens"), (_PAR, "push"))),
    ("commit, or connection back", ()),
    ("describe", ((_INTROSPECTION, "describe_token"),)),
    ("response", ((_TOKEN, "json_no_store"), (_INTROSPECTION, "json_no_store"), (_PAR, "created"))),
)
_BEGIN, _COMMIT = "begin, or connection to read", "commit, or connection back"
LAYERS = tuple(layer for layer, _ in _TIMED)


class Stopwatch:
    """Adds each moment of a request to the innermost layer that is open in it; for one thread."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._mark = 0
        self._current: dict[str, int] = {}
        self._requests: list[dict[str, int]] = []

    def enter(self, layer: str) -> None:
        """Open a layer within the one that is open."""
        now = time.perf_counter_ns()
        if self._open:
            self._add(now)
        self._open.append(layer)
        self._mark = time.perf_counter_ns()

    def leave(self) -> None:
        """Close the innermost layer."""
        self._add(time.perf_counter_ns())
        self._open.pop()
        self._mark = time.perf_counter_ns()

    def next_request(self) -> None:
        """Put the request that has ended aside."""
        self._requests.append(self._current)
        self._current = {}

    def forget(self) -> None:
        """Drop the request that has ended: it only warmed up."""
        self._current = {}

    def medians(self) -> dict[str, float]:
        """Return the median of each layer, in microseconds for a request."""
        return {layer: median(each.get(layer, 0) for each in self._requests) / 1000 for layer in LAYERS}

    def _add(self, now: int) -> None:
        layer = self._open[-1]
        self._current[layer] = self._current.get(layer, 0) + now - self._mark


class _TimedTransaction:
    """A transaction or a connection, with what it takes to open and to close it."""

    def __init__(self, inner: AbstractContextManager[Any], watch: Stopwatch) -> None:
        self._inner = inner
        self._watch = watch

    def __enter__(self) -> object:
        self._watch.enter(_BEGIN)
        try:
            return self._inner.__enter__()
        finally:
            self._watch.leave()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        self._watch.enter(_COMMIT)
        try:
            return self._inner.__exit__(kind, error, trace)
        finally:
            self._watch.leave()


@contextmanager
def observed(watch: Stopwatch) -> Iterator[None]:
    """Time the layers while the body runs; an application must be made inside it."""
    replaced: list[tuple[Any, str, object]] = []
    for layer, places in _TIMED:
        for owner, name in places:
            original = getattr(owner, name)
            replaced.append((owner, name, original))
            setattr(owner, name, _timed(original, layer, watch))
    for name in ("transaction", "read"):
        original = getattr(Database, name)
        replaced.append((Database, name, original))
        setattr(Database, name, _timed_context(original, watch))
    try:
        yield
    finally:
        for owner, name, original in replaced:
            setattr(owner, name, original)


def _timed(function: Callable[..., Any], layer: str, watch: Stopwatch) -> Callable[..., Any]:
    @functools.wraps(function)
    def timed(*arguments: object, **named: object) -> object:
        watch.enter(layer)
        try:
            return function(*arguments, **named)
        finally:
            watch.leave()

    return timed


def _timed_context(method: Callable[..., AbstractContextManager[Any]], watch: Stopwatch) -> Callable[..., Any]:
    @functools.wraps(method)
    def timed(database: Database) -> _TimedTransaction:
        return _TimedTransaction(method(database), watch)

    return timed
