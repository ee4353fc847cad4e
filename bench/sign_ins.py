"""What password sign-ins do to token traffic: `/token` at an even pace, alone and with twenty sign-ins a second beside.

Two workers on both cores. A sign-in is the form being sent: its page was fetched before the clock started. Since the
hashes alone may take more than a core, `/token` is also measured beside a program that hashes as much and has nothing
to do with the server: what is lost there is lost to the processor, and only what is lost beyond it to the server.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from bench.backstage import PERSON_PASSWORD, OurBackstage
from bench.cores import pinned
from bench.flow import SEEN, Browser, reach_page
from bench.generator import CONNECTIONS, BenchFailed, Expected, Job, Load, Request, drive, show
from bench.measure import check, percentile
from bench.messages import authorization_request
from bench.paced import drive_on_time, evenly
from bench.scene import Scene
from bench.stores import ROOT
from bench.work import TOKEN

SIGN_INS_PER_SECOND = 20
_SIGN_IN = "sign_in"
_SAMPLE = 48
_START_SECONDS = 1.0
_WARM_UP_SECONDS = 1.0
_LONGEST_PREPARATION_SECONDS = 120
_TURNED_AWAY = b"HTTP/1.1 503 "


def compare_beside_sign_ins(
    scene: Scene, pace: float, rounds: int, seconds: float, cores: frozenset[int]
) -> Mapping[str, object]:
    """Return what `/token` took without and with sign-ins beside it, in turn, and how the sign-ins fared."""
    _drive(scene, pace, _WARM_UP_SECONDS, sign_ins=SIGN_INS_PER_SECOND)  # the first pages of a worker are slow
    alone, beside, sign_ins, elsewhere = Load(), Load(), Load(), Load()
    for _ in range(rounds):
        _add(alone, _drive(scene, pace, seconds, sign_ins=0)[TOKEN.kind])
        with _hashing_elsewhere(seconds, cores):
            _add(elsewhere, _drive(scene, pace, seconds, sign_ins=0)[TOKEN.kind])
        seen = _drive(scene, pace, seconds, sign_ins=int(SIGN_INS_PER_SECOND * seconds))
        _add(beside, seen[TOKEN.kind])
        _add(sign_ins, seen[_SIGN_IN])
    loads = {
        "/token alone": alone,
        "/token beside as much hashing in another program": elsewhere,
        "/token beside sign-ins": beside,
    }
    return {
        "tokens asked for, per second": pace,
        "sign-ins beside them, per second": SIGN_INS_PER_SECOND,
        **{f"{name}: p50 ms": percentile(sorted(load.latencies), 50) for name, load in loads.items()},
        **{f"{name}: p99 ms": percentile(sorted(load.latencies), 99) for name, load in loads.items()},
        "sign-ins done": len(sign_ins.latencies) - sign_ins.wrong,
        "sign-ins asked to come again, since the server was busy": sign_ins.wrong,
        "sign-in: p50 ms": percentile(sorted(sign_ins.latencies), 50),
    }


@contextmanager
def _hashing_elsewhere(seconds: float, cores: frozenset[int]) -> Iterator[None]:
    """Hash as many passwords as there would be sign-ins, in another program on these cores."""
    arguments = [sys.executable, "-m", "bench.hashing", str(SIGN_INS_PER_SECOND), str(seconds + _START_SECONDS)]
    with pinned(cores):
        program = subprocess.Popen(arguments, cwd=ROOT, env={"PYTHONPATH": str(ROOT), "PATH": os.defpath})
    try:
        time.sleep(_START_SECONDS)
        yield
    finally:
        program.terminate()
        program.wait()


def _drive(scene: Scene, pace: float, seconds: float, *, sign_ins: int) -> dict[str, Load]:
    schedule = evenly(TOKEN.build(scene, max(1, int(pace * seconds))), pace)
    schedule += evenly(_sign_ins(scene, sign_ins), SIGN_INS_PER_SECOND)
    loads = drive_on_time(scene.address, schedule, _SAMPLE)
    check(scene, TOKEN, loads[TOKEN.kind])
    if sign_ins:
        _check_sign_ins(loads[_SIGN_IN])
    return loads


def _check_sign_ins(load: Load) -> None:
    """Check that nobody was refused for another reason than that the server was busy."""
    for answer in load.wrong_answers:
        if not answer.startswith(_TURNED_AWAY):
            raise BenchFailed(f"a sign-in was refused:\n{show(answer)}")
    if load.wrong == len(load.latencies):
        raise BenchFailed("nobody could sign in")


def _sign_ins(scene: Scene, count: int) -> list[Job]:
    return [Job(_SIGN_IN, form) for form in forms_of_sign_ins(scene, count, PERSON_PASSWORD, SEEN)] if count else []


def forms_of_sign_ins(scene: Scene, count: int, password: str, expected: Expected) -> list[Request]:
    """Return the forms of as many people, each with a page of their own open, all filled in with this password."""
    if not isinstance(scene.backstage, OurBackstage):
        raise BenchFailed("only our server has people with passwords")
    names, app, now = scene.backstage.people(count), scene.clients.app, int(time.time())
    browsers = [Browser({}) for _ in names]
    form = {**authorization_request(app.client_id), "prompt": "login"}
    visits = [
        Job("", partial(reach_page, app.client_id, app.send("/par", form, now, certificate=True).wire(), browser))
        for browser in browsers
    ]
    load = drive(scene.address, visits, seconds=_LONGEST_PREPARATION_SECONDS, keep=1, connections=CONNECTIONS)
    if load.wrong:
        raise BenchFailed(f"the page to sign in is not shown:\n{show(load.wrong_answers[0])}")
    return [
        browser.answer({"username": name, "password": password, "action": "sign_in"}, expected)
        for name, browser in zip(names, browsers, strict=True)
    ]


def _add(whole: Load, part: Load) -> None:
    whole.latencies += part.latencies
    whole.wrong += part.wrong
