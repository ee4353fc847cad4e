"""How often may be asked: Flask-Limiter before the pages, and the same strategy and storage for machine endpoints.

Limits are texts such as `10/minute;50/hour`, given by name; an empty text sets no limit. Who is counted is stored as a
keyed hash only.
"""

from collections.abc import Callable, Mapping
from hashlib import blake2b
from ipaddress import IPv6Address, ip_address
from math import ceil, floor
from pathlib import Path
from typing import Any, cast

from flask import Blueprint, Flask, current_app, request
from flask_limiter import Limiter, RequestLimit
from limits import RateLimitItem
from limits.storage import storage_from_string
from limits.strategies import RateLimiter

from authserver.clock import Clock
from authserver.events.model import EventSink
from authserver.limits.fallback import SCHEME, WindowStorage
from authserver.limits.notation import parse_limits
from authserver.limits.prefetched_quota import PrefetchedQuota
from authserver.limits.storage import SqliteStorage, default_path
from authserver.protocol.errors import TooManyRequests
from authserver.values import Assembly, Hidden

AddressReader = Callable[[Mapping[str, object]], str]
"""Answers the caller's address from a WSGI environment, behind trusted proxies the one they report."""

_NOBODY = "nobody"
_IPV6_SUBSCRIBER_BITS = 64
# A request waits this long for Valkey, at most once in each thread; then this process counts alone for a while.
_VALKEY_SECONDS = 0.25


def address_key(address: str) -> str:
    """Return what is counted for a network address: an IPv4 address, or the /64 that an IPv6 subscriber holds."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address or _NOBODY
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return f"{int(parsed) >> _IPV6_SUBSCRIBER_BITS:x}/64"


def seconds_until_free(item: RateLimitItem, window: tuple[int, float, int, float]) -> int:
    """Return after how many seconds a place is free again, given the last and the current window's counts.

    The last window weighs less every second; once this one is full, its own end must come first.
    """
    previous, previous_remaining, current, current_remaining = window
    length = item.get_expiry()
    remaining = max(previous_remaining, current_remaining - length)
    if current < item.amount:
        wait = remaining - (item.amount - current) * length / max(previous, 1)
    else:
        wait = remaining + length - item.amount * length / current
    return max(1, floor(ceil(wait * 1000) / 1000) + 1)


class MachineLimits(Assembly, frozen=True):
    """Counts callers by name of limit; used by machine endpoints directly and by pages for what is in a form."""

    strategy: RateLimiter
    allotment: PrefetchedQuota
    rules: Mapping[str, tuple[RateLimitItem, ...]]
    hash_key: Hidden[bytes]

    def hit(self, name: str, key: str, own: str | None = None) -> None:
        """Count one attempt of `key` under the named limit, or under a limit of its `own` where it has one.

        Raises TooManyRequests when it is over, KeyError for a limit nobody configured.
        """
        identity, rules = self.identity(name, key), self.rules[name]
        for item in rules if own is None else parse_limits(own):
            if not self.allotment.hit(item, name, identity):
                raise self.refusal(item, (name, identity))

    def identity(self, name: str, key: str) -> str:
        """Return the keyed hash under which someone is counted; it is never empty."""
        text = f"{name}|{key or _NOBODY}".encode("utf-8", "surrogatepass")
        return blake2b(text, digest_size=16, key=self.hash_key).hexdigest()

    def refusal(self, item: RateLimitItem, counted: tuple[str, ...]) -> TooManyRequests:
        """Return the refusal for a full window, with the seconds after which to come again.

        Spec: RFC6585-4
        """
        storage = cast("WindowStorage", self.strategy.storage)
        window = storage.get_sliding_window(item.key_for(*counted), item.get_expiry())
        return TooManyRequests(seconds_until_free(item, window), reason=f"over the limit of {item} for {counted[0]}")


class Limits(Assembly, frozen=True):
    """All limits of one application."""

    limiter: Limiter
    texts: Mapping[str, str]
    machine: MachineLimits

    def count_posts(self, blueprint: Blueprint, name: str, address: AddressReader) -> None:
        """Have Flask-Limiter count every POST to a blueprint by the caller's address, under the named limit.

        All pages with the same limit, and whoever is counted by `hit`, share its one count.
        """

        def counted() -> str:
            return self.machine.identity(name, address_key(address(request.environ)))

        def refuse(breached: RequestLimit) -> None:
            raise self.machine.refusal(breached.limit, tuple(breached.request_args))

        if self.texts[name]:
            self.limiter.shared_limit(
                self.texts[name], scope=name, key_func=counted, methods=["POST"], on_breach=refuse
            )(blueprint)

    def hit(self, name: str, key: str) -> None:
        """Count one attempt of someone named in a form or a session; raise TooManyRequests when it is over."""
        self.machine.hit(name, key)


def shared_limits_path(data_dir: Path) -> Path:
    """Return the limits' file: in shared memory, apart from any other deployment's, or beside the data."""
    return default_path(data_dir)


def build_storage(path: Path, valkey_url: str | None, clock: Clock) -> WindowStorage:
    """Return Valkey's storage where several nodes share one, else this machine's file."""
    if valkey_url:
        patience = {"socket_connect_timeout": _VALKEY_SECONDS, "socket_timeout": _VALKEY_SECONDS}
        return cast("WindowStorage", storage_from_string(valkey_url, **patience))
    return SqliteStorage(path, clock)


def build_limits(
    app: Flask,
    primary: WindowStorage,
    texts: Mapping[str, str],
    hash_key: bytes,
    events: EventSink,
    clock: Clock,
) -> Limits:
    """Attach Flask-Limiter to the pages' application and return the limits for pages and machines.

    Raises ValueError for a text that is no limit.
    """
    rules = {name: parse_limits(text) for name, text in texts.items()}
    limiter = _FormLimiter(
        _address_of_request,
        app=app,
        storage_uri=f"{SCHEME}://",
        # The library hands these to FallbackStorage as they are, whatever its annotation says.
        storage_options=cast("dict[str, str | int]", {"primary": primary, "events": events, "clock": clock}),
        strategy="sliding-window-counter",
    )
    return Limits(
        limiter, texts, MachineLimits(limiter.limiter, PrefetchedQuota(limiter.limiter, clock), rules, hash_key)
    )


def peer_address(environ: Mapping[str, object]) -> str:
    """Return the address at the other end of the connection."""
    return str(environ.get("REMOTE_ADDR", ""))


class _FormLimit(Assembly, frozen=True):
    """One limit of sending the forms of an address; whom it counts, in which scope, and what refuses by raising."""

    item: RateLimitItem
    counted: Callable[[], str]
    scope: str
    refuse: Callable[[RequestLimit], object]


class _FormLimiter(Limiter):
    """Flask-Limiter where every limit is of the sending of a blueprint's forms, and refuses by raising.

    Which limits an address has is looked up once. The library looks at each request, and for exemptions, costs, headers
    and defaults, of which we have none: a seventh of what answering a form costs.
    """

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - as in the library
        self._limits_of: dict[str, tuple[_FormLimit, ...]] = {}
        super().__init__(*args, **options)

    def _check_request_limit(self, callable_name: str | None = None, in_middleware: bool = True) -> None:  # noqa: FBT001, FBT002 - as in the library
        del callable_name, in_middleware
        endpoint = request.endpoint
        if request.method != "POST" or endpoint is None:
            return
        limits = self._limits_of.get(endpoint)
        if limits is None:
            limits = self._limits_of[endpoint] = self._find_limits(endpoint)
        for limit in limits:
            counted = [limit.scope, limit.counted()]
            if not self.limiter.hit(limit.item, *counted):
                limit.refuse(RequestLimit(self, limit.item, counted, breached=True, shared=False))

    def _find_limits(self, endpoint: str) -> tuple[_FormLimit, ...]:
        found = self.limit_manager.blueprint_limits(current_app, request.blueprint or "")
        limits = []
        for each in sorted(found, key=lambda each: each.limit):
            if each.on_breach is None or each.exempt_when or each.deduct_when or not each.shared:
                raise TypeError("every limit of a form comes from Limits.count_posts")
            limits.append(_FormLimit(each.limit, each.key_func, each.scope_for(endpoint, None), each.on_breach))
        return tuple(limits)


def _address_of_request() -> str:
    return address_key(peer_address(request.environ))
