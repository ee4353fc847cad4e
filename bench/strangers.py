"""What strangers do to a good client: its requests at an even pace, alone and beside each kind of stranger, in turn.

One worker on one core; strangers, database and generator share the other. Strangers come from everywhere, so that no
limit by address stops them here.
"""

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from statistics import median

from bench.cores import family
from bench.flow import SEEN
from bench.generator import BenchFailed, Expected, Job, Load, Request
from bench.measure import Target, check, percentile, warm_up
from bench.messages import BenchClient, get
from bench.paced import Due, drive_on_time, evenly
from bench.processes import running
from bench.ratios import spread_of
from bench.scene import Scene, add_client
from bench.sign_ins import forms_of_sign_ins
from bench.stage import beside
from bench.work import JWKS, TOKEN, Work

_PACE = 0.3
_ROUND_SECONDS = 5.0
_SAMPLE = 48
_LINES = 160
_SILENT = 30
_FLOOD = 300
_SIGN_INS = 40
_STRANGER = "stranger"


@dataclass(frozen=True, slots=True)
class Strangers:
    """One kind of them: what is measured beside, what they send in one round, and what else happens meanwhile."""

    title: str
    work: Work
    jobs: Callable[[Scene], list[Due]]
    trouble: Callable[[Target], AbstractContextManager[None]] = lambda _: nullcontext()


def compare_beside_strangers(target: Target, rounds: int) -> Mapping[str, object]:
    """Return each kind's p99 alone and beside, and the ratio; a p99 within twice is what is promised."""
    figures: dict[str, object] = {}
    with _silent_key_server() as authority, beside(target, 1, fetch_allow=authority) as scene:
        silent = _register_silent(target.scene, authority)
        with running(scene.command, frozenset({target.cores.server})) as server:
            own = Target(scene, server.process_id, target.cores)
            for kind in _kinds(silent):
                figures.update(_compare(own, kind, rounds))
    return figures


def _kinds(silent: Sequence[BenchClient]) -> tuple[Strangers, ...]:
    return (
        Strangers(f"{_SILENT} assertions at once whose keys never come", TOKEN, lambda _: _assertions(silent)),
        Strangers(f"{_FLOOD} visits of /account a second", TOKEN, lambda _: _visits()),
        Strangers(f"{_SIGN_INS} wrong passwords a second", TOKEN, _wrong_passwords),
        Strangers("a database that has hung for a second", JWKS, _tokens, _hanging_database),
    )


def _compare(target: Target, kind: Strangers, rounds: int) -> Mapping[str, object]:
    pace, pairs = _PACE * warm_up(target.scene, kind.work, 2.0), []
    for number in range(rounds + 1):
        alone = _round(target, kind.work, pace, [])
        strangers = kind.jobs(target.scene)
        with kind.trouble(target):
            pair = alone, _round(target, kind.work, pace, strangers)
        if number:  # the first round warms up what strangers reach
            pairs.append(pair)
    ratio = spread_of([with_them / without for without, with_them in pairs])
    without, with_them = (median(side) for side in zip(*pairs, strict=True))
    shown = f"{without:.3g}, {with_them:.3g}, {ratio.median:.2f} ({ratio.min:.2f}-{ratio.max:.2f})"
    print(f"{kind.title}: {shown}", flush=True)
    return {f"{kind.title}: p99 ms of {kind.work.title} alone, beside, ratio (range)": shown}


def _round(target: Target, work: Work, pace: float, strangers: Sequence[Due]) -> float:
    jobs = evenly(work.build(target.scene, int(pace * _ROUND_SECONDS)), pace)
    loads: dict[str, Load] = drive_on_time(target.scene.address, [*jobs, *strangers], _SAMPLE, _LINES)
    check(target.scene, work, loads[work.kind])
    return percentile(sorted(loads[work.kind].latencies), 99)


def _stranger(wire: bytes, status: int) -> Job:
    return Job(_STRANGER, Request(wire, Expected(status, b"")))


def _assertions(clients: Sequence[BenchClient]) -> list[Due]:
    now, form = int(time.time()), {"grant_type": "client_credentials"}
    return [Due(0.0, _stranger(each.send("/token", form, now, certificate=False).wire(), 401)) for each in clients]


def _visits() -> list[Due]:
    return evenly([_stranger(get("/account").wire(), 303)] * int(_FLOOD * _ROUND_SECONDS), _FLOOD)


def _wrong_passwords(scene: Scene) -> list[Due]:
    forms = forms_of_sign_ins(scene, int(_SIGN_INS * _ROUND_SECONDS), "wrong", SEEN)
    return evenly([Job(_STRANGER, form) for form in forms], _SIGN_INS)


def _tokens(scene: Scene) -> list[Due]:
    jobs = TOKEN.build(scene, _SILENT)
    return [Due(0.0, Job(_STRANGER, job.work)) for job in jobs]


@contextmanager
def _hanging_database(target: Target) -> Iterator[None]:
    """Stop every process of the database for as long as the body runs, which begins once the server has noticed."""
    store = target.scene.store.process_id
    if store is None:
        raise BenchFailed("only a database server can hang")
    stopped = family(store)
    for each in stopped:
        os.kill(each, signal.SIGSTOP)
    try:
        drive_on_time(target.scene.address, _tokens(target.scene), _SAMPLE)
        yield
    finally:
        for each in stopped:
            os.kill(each, signal.SIGCONT)


@contextmanager
def _silent_key_server() -> Iterator[str]:
    """Take connections and say nothing on them."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as server:
        yield f"localhost:{server.getsockname()[1]}"


def _register_silent(scene: Scene, authority: str) -> list[BenchClient]:
    clients = [scene.clients.app.renamed(f"silent-{number}") for number in range(_SILENT)]
    for client in clients:
        add_client(
            scene,
            {
                "client_id": client.client_id,
                "token_endpoint_auth_method": "private_key_jwt",
                "jwks_uri": f"https://{authority}/{client.client_id}",
                "grant_types": ["client_credentials"],
                "scope": "accounts",
                "tls_client_certificate_bound_access_tokens": True,
            },
        )
    return clients
