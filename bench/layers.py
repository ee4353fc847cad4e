"""Microseconds per layer: requests put through the application in this process, one after the other, and timed inside.

No server, no other thread: what is left out is granian, and waiting for one's turn.
"""

import io
import time
from collections.abc import Iterable, Iterator, Mapping
from statistics import median
from typing import TYPE_CHECKING

from authserver.app.create import create_app
from authserver.web.request_log import configure_log
from bench.generator import BenchFailed
from bench.messages import Message
from bench.observe import Stopwatch, observed
from bench.scene import Scene
from bench.work import INTROSPECTION, PUSH, REFRESH, TOKEN, Work

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_PROFILED = {
    "token": TOKEN,
    "refresh": REFRESH,
    "introspect (tls)": INTROSPECTION,
    "par": PUSH,
}
_WARM_UP_REQUESTS = 30
_LONGEST_SECONDS = 1.5


def profile_layers(scenes: Iterable[Scene], count: int) -> dict[str, Mapping[str, float]]:
    """Return the microseconds of each layer, by request kind and database, of so many requests each."""
    return {
        f"{name}, {scene.store.name}": _profile(scene, work, count)
        for name, work in _PROFILED.items()
        for scene in scenes
    }


def _profile(scene: Scene, work: Work, count: int) -> Mapping[str, float]:
    configure_log(scene.settings.log_level)
    whole = _time_whole(create_app(scene.settings).wsgi_app, scene, work, count)
    watch = Stopwatch()
    with observed(watch):
        application = create_app(scene.settings).wsgi_app
        for number, environ in enumerate(_for_a_while(_environs(scene, work, count))):
            _send(application, environ, work)
            if number < _WARM_UP_REQUESTS:
                watch.forget()
            else:
                watch.next_request()
    layers = watch.medians()
    return {**layers, "sum of the layers": sum(layers.values()), "whole request, unobserved": whole}


def _time_whole(application: "WSGIApplication", scene: Scene, work: Work, count: int) -> float:
    times = []
    for environ in _for_a_while(_environs(scene, work, count)):
        started = time.perf_counter_ns()
        _send(application, environ, work)
        times.append(time.perf_counter_ns() - started)
    return median(times[_WARM_UP_REQUESTS:]) / 1000


def _for_a_while(environs: "Iterable[WSGIEnvironment]") -> "Iterator[WSGIEnvironment]":
    """Yield the requests until the time is up, but so many that a median means something."""
    deadline = time.monotonic() + _LONGEST_SECONDS
    for number, environ in enumerate(environs):
        if number > 2 * _WARM_UP_REQUESTS and time.monotonic() > deadline:
            return
        yield environ


def _environs(scene: Scene, work: Work, count: int) -> list["WSGIEnvironment"]:
    return [_environ(message) for message in work.build(scene, _WARM_UP_REQUESTS + count)]


def _environ(message: Message) -> "WSGIEnvironment":
    """Return the WSGI environment that a server would make of a request from a proxy on this machine."""
    headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in message.headers.items()}
    return {
        "REQUEST_METHOD": message.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": message.path,
        "QUERY_STRING": "",
        "REMOTE_ADDR": "127.0.0.1",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": headers.pop("HTTP_CONTENT_TYPE"),
        "CONTENT_LENGTH": headers.pop("HTTP_CONTENT_LENGTH"),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(message.body),
        **headers,
    }


def _send(application: "WSGIApplication", environ: "WSGIEnvironment", work: Work) -> None:
    statuses: list[str] = []

    def start_response(status: str, *_: object) -> object:
        statuses.append(status)
        return None

    starter: StartResponse = start_response  # type: ignore[assignment]  # the legacy write callable is nobody's here
    body = b"".join(application(environ, starter))
    if not statuses[0].startswith(str(work.expected.status)) or work.expected.marker not in body:
        raise BenchFailed(f"{work.name}: {statuses[0]} {body[:500]!r}")
