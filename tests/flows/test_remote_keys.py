"""Keys behind a URL: one fetch under way, bounded waiting, and what was replaced without a name is found."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import pytest

from authserver.keys.model import EMPTY_KEYS
from authserver.keys.remote import RemoteKeys
from authserver.outbound.fetch import FetchRefused
from tests.support.authority import NOW, common_name, self_signed
from tests.support.deployment import Deployment
from tests.support.jose import private_key, public_jwk
from tests.support.machine_calls import MACHINE_ENDPOINTS, call
from tests.support.relying_party import RelyingParty, Reply, certificate_jwk, register
from tests.support.servers import wait_until

Result = TypeVar("Result")
URI = "https://keys.example/jwks.json"


@dataclass
class Published:
    """Stands for what fetches: answers with what is published, once `gate` is open, and counts."""

    keys: list[dict[str, object]] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    asked: list[str] = field(default_factory=list)

    def fetch(self, url: str) -> bytes:
        """Answer as a SafeFetcher does."""
        self.asked.append(url)
        if not self.gate.wait(4):
            raise FetchRefused("took too long")
        return json.dumps({"keys": self.keys}).encode()


def _timed(work: Callable[[], Result]) -> tuple[Result, float]:
    began = time.monotonic()
    return work(), time.monotonic() - began


def _in_threads(count: int, work: Callable[[int], Result]) -> list[Result]:
    results: list[Result] = []
    threads = [threading.Thread(target=lambda n=n: results.append(work(n))) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.spec("OIDCC-10.1.1")
def test_a_url_that_is_being_fetched_is_not_forgotten_and_so_not_fetched_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    published = Published([public_jwk(private_key("ES256"))])
    remote = RemoteKeys(published, lambda: NOW, most_waiting=1, most_urls=2)  # type: ignore[arg-type]  # what fetches, as above
    monkeypatch.setattr("authserver.keys.remote._PATIENCE_SECONDS", 0.01)
    for _ in range(2):
        for number in range(3):
            remote.keys(f"{URI}/{number}", None)
    assert sorted(published.asked) == [f"{URI}/{number}" for number in range(3)]
    published.gate.set()
    wait_until(lambda: bool(remote.keys(f"{URI}/0", None)), "the end of the first fetch")
    for number in (*range(3, 8), 0):
        remote.keys(f"{URI}/{number}", None)
    assert published.asked.count(f"{URI}/0") == 2, "whoever rests makes room"


def test_more_callers_than_may_wait_are_answered_at_once() -> None:
    published = Published()
    remote = RemoteKeys(published, lambda: NOW, most_waiting=2)  # type: ignore[arg-type]  # what fetches, as above
    took = sorted(_in_threads(30, lambda n: _timed(lambda: remote.keys(f"{URI}/{n}", None))[1]))
    published.gate.set()
    assert took[27] < 0.5, "28 were told at once that there are no keys"
    assert took[29] < 2.5, "and two waited a second"


def test_one_url_is_fetched_once_however_many_ask() -> None:
    published = Published(keys=[public_jwk(private_key("ES256"), kid="one")])
    remote = RemoteKeys(published, lambda: NOW, most_waiting=8)  # type: ignore[arg-type]  # the same
    threading.Timer(0.2, published.gate.set).start()
    kids = _in_threads(8, lambda _: remote.keys(URI, "one").kids())
    assert kids == [frozenset({"one"})] * 8
    assert len(published.asked) == 1


def test_a_url_that_kept_others_waiting_in_vain_is_not_waited_for_again() -> None:
    published, now = Published(), [NOW]
    remote = RemoteKeys(published, lambda: now[0])  # type: ignore[arg-type]  # the same
    assert _timed(lambda: remote.keys(URI, None))[1] > 0.9
    keys, seconds = _timed(lambda: remote.keys(URI, None))
    assert (keys, remote.is_fetching(URI)) == (EMPTY_KEYS, True)
    assert seconds < 0.5


def test_a_url_that_fails_again_and_again_is_asked_less_and_less() -> None:
    published, now = Published(), [NOW]
    published.gate.set()
    published.keys = "no list"  # type: ignore[assignment]  # as a broken server may publish
    remote = RemoteKeys(published, lambda: now[0])  # type: ignore[arg-type]  # the same
    asked_at = []
    for _ in range(1200):
        before = len(published.asked)
        remote.keys(URI, None)
        if len(published.asked) > before:
            asked_at.append(now[0] - NOW)
        now[0] += 1
    assert asked_at == [0, 60, 180, 420, 720, 1020]


def test_a_clock_set_back_does_not_keep_keys_for_longer() -> None:
    published, now = Published(keys=[public_jwk(private_key("ES256"), kid="old")]), [NOW + 3600]
    published.gate.set()
    remote = RemoteKeys(published, lambda: now[0])  # type: ignore[arg-type]  # the same
    assert remote.keys(URI, None).kids() == {"old"}
    published.keys = [public_jwk(private_key("ES256"), kid="new")]
    now[0] = NOW
    assert remote.keys(URI, None).kids() == {"new"}


def test_a_fetch_that_got_no_thread_is_made_a_minute_later(monkeypatch: pytest.MonkeyPatch) -> None:
    published, now = Published(keys=[public_jwk(private_key("ES256"), kid="one")]), [NOW]
    published.gate.set()
    remote = RemoteKeys(published, lambda: now[0])  # type: ignore[arg-type]  # the same

    def no_thread(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr("threading.Thread.start", no_thread)
        keys, seconds = _timed(lambda: remote.keys(URI, None))
    assert (keys, seconds < 0.5) == (EMPTY_KEYS, True)
    now[0] += 60
    assert remote.keys(URI, None).kids() == {"one"}


@pytest.fixture
def published(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> Published:
    """What stands at the URL of a client of the deployment."""
    made = Published()
    made.gate.set()
    authentication = deployment.app.extensions["authserver"].reception.authentication
    monkeypatch.setattr(authentication.remote_keys, "_fetcher", made)
    return made


def _without_kid(app: RelyingParty) -> Reply:
    return call(app, client_assertion=app.assertion(header={"alg": "ES256"}))


@pytest.mark.spec("OIDCC-10.1.1")
def test_a_key_without_a_kid_that_was_replaced_is_looked_for(deployment: Deployment, published: Published) -> None:
    app = register(deployment, jwks_uri=URI)
    published.keys = [public_jwk(app.key)]
    assert _without_kid(app).status_code == 200
    withdrawn, app.key = app.key, private_key("ES256", "its successor")
    published.keys = [public_jwk(app.key)]
    deployment.wait(61)
    assert _without_kid(app).status_code == 200
    app.key = withdrawn
    assert _without_kid(app).status_code == 401, "long before ten minutes are over"


@pytest.mark.spec("RFC8705-2.2.2")
def test_a_self_signed_certificate_that_was_replaced_is_looked_for(
    deployment: Deployment, published: Published
) -> None:
    app = register(deployment, token_endpoint_auth_method="self_signed_tls_client_auth", jwks_uri=URI)
    withdrawn = app.certificate
    assert withdrawn is not None
    published.keys = [dict(certificate_jwk(withdrawn))]
    assert call(app).status_code == 200
    app.certificate = self_signed(common_name("its successor"), NOW)
    published.keys = [dict(certificate_jwk(app.certificate))]
    assert call(app).status_code == 401, "asked a moment ago"
    deployment.wait(61)
    assert call(app).status_code == 200
    app.certificate = withdrawn
    assert call(app).status_code == 401


@pytest.mark.parametrize("path", MACHINE_ENDPOINTS)
def test_a_client_whose_keys_are_under_way_is_told_to_come_again(
    deployment: Deployment, published: Published, path: str
) -> None:
    app = register(deployment, jwks_uri=URI)
    published.gate.clear()
    published.keys = [public_jwk(app.key, kid=app.key.thumbprint())]
    answer = call(app, path)
    assert (answer.status_code, answer.json["error"]) == (503, "temporarily_unavailable")
    published.gate.set()
    wait_until(lambda: call(app).status_code == 200, "the keys")
