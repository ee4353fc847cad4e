"""Failed attempts: counted before they are verified, told to the person, and no way for a stranger to shut them out."""

import re
import statistics
import time
from collections import Counter
from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse

from authserver.accounts.factors.recovery import codes as recovery
from authserver.accounts.store import people
from authserver.db.engine import Database
from authserver.protocol.names import ACR_TWO_FACTORS
from tests.support.deployment import CLAIMS, ISSUER, PASSWORD, Deployment, deploy
from tests.support.login_app import page_of, plain_url, posted_form, register_login_app
from tests.support.passkeys import enrol_passkey
from tests.support.person import Person
from tests.support.races import at_once

DID_NOT_WORK = "That did not work. Check what you entered and try again."
TWO_LEFT = f"{DID_NOT_WORK} You have 2 attempts left before you must wait."
ONE_LEFT = f"{DID_NOT_WORK} You have 1 attempt left before you must wait."
WAIT = "That did not work. Try again in 1 minute."
_PROBLEM = re.compile(r'<div class="error-summary".*?<li>(.*?)</li>', re.DOTALL)
_OWN_TO_A_PAGE = re.compile(r'(value|nonce|href|action|data-options)="[^"]*"|<code>[^<]*</code>|(alice|nobody)')
SAMPLES = 15
PARALLEL = 50


@pytest.fixture
def url(either: Deployment) -> str:
    """A request of an app that needs two factors."""
    return plain_url(register_login_app(either), acr_values=ACR_TWO_FACTORS)


def _send(person: Person, page: TestResponse, **fields: str) -> TestResponse:
    return person.submit(page.request.full_path, page, **fields)


def _guesses(person: Person, page: TestResponse, times: int, **fields: str) -> list[TestResponse]:
    pages = []
    for _ in range(times):
        page = _send(person, page, **fields)
        pages.append(page)
    return pages


def _problem(page: TestResponse) -> str:
    found = _PROBLEM.search(page.text)
    return re.sub(r"<[^>]+>", "", found[1]).strip() if found else ""


def _give_codes(deployment: Deployment) -> tuple[str, ...]:
    texts = tuple(recovery.format_code(bytes([number]) * 15) for number in range(10))
    with deployment.database.transaction() as connection:
        account = people.find_by_username(connection, "alice")
        assert account is not None
        recovery.replace_codes(connection, account.account_id, texts, deployment.now)
    return texts


@pytest.mark.spec("RTS-SCA-4.3", "RTS-SCA-4.4", "ASVS5-6.3.8")
def test_the_pages_warn_and_then_pause_alike_for_a_person_and_for_nobody(either: Deployment, url: str) -> None:
    shown = {}
    for username in ("alice", "nobody"):
        stranger = Person(either, username, "wrong-password")
        pages = _guesses(stranger, stranger.open(url), 6, username=username, password="wrong-password")
        assert [page.status_code for page in pages] == [400] * 6
        assert [_problem(page) for page in pages] == [DID_NOT_WORK, DID_NOT_WORK, TWO_LEFT, ONE_LEFT, WAIT, WAIT]
        assert "Need help?" in pages[-1].text
        assert "Signing in is paused" in pages[-1].text
        shown[username] = [_OWN_TO_A_PAGE.sub("", page.text) for page in pages]
    assert shown["alice"] == shown["nobody"]
    outcomes = [event.detail["outcome"] for event in either.events if event.name == "sign_in.failed"]
    assert outcomes == ["wrong_password"] * 5 + ["blocked"] + ["unknown_user"] * 5 + ["blocked"]


@pytest.mark.spec("RTS-SCA-4.3")
def test_a_pause_holds_against_the_right_password_too_and_ends_by_itself(either: Deployment, url: str) -> None:
    alice = Person(either)
    page = _guesses(alice, alice.open(url), 5, username="alice", password="wrong")[-1]
    page = alice.sign_in(page)
    assert _problem(page) == WAIT
    either.wait(60)
    assert page_of(alice.sign_in(page)) == "/login/totp"
    either.wait(3600)
    page = _guesses(alice, alice.open(url), 5, username="alice", password="wrong")[-1]
    assert _problem(page) == "That did not work. Try again in 2 minutes."


@pytest.mark.spec("RTS-SCA-4.3")
def test_all_factors_feed_one_counter_which_the_right_password_does_not_clear(either: Deployment, url: str) -> None:
    _give_codes(either)
    alice = Person(either)
    page = alice.sign_in(_guesses(alice, alice.open(url), 2, username="alice", password="wrong")[-1])
    assert page_of(page) == "/login/totp"
    page = _send(alice, page, totp="000000")
    assert _problem(page) == TWO_LEFT
    page = alice.open(url.replace("/authorize?", "/authorize?prompt=login&"))
    page = alice.sign_in(page)
    page = _send(alice, page, totp="000000")
    assert _problem(page) == ONE_LEFT
    page = alice.open(page.request.full_path.replace("/login/totp", "/login/recovery"))
    page = _send(alice, page, recovery_code="ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ")
    assert _problem(page) == WAIT
    stranger = Person(either)
    assert _problem(stranger.sign_in(stranger.open(url))) == WAIT


@pytest.mark.spec("RTS-SCA-4.3")
def test_proving_everything_clears_the_counter(either: Deployment, url: str) -> None:
    alice = Person(either)
    page = alice.sign_in(_guesses(alice, alice.open(url), 4, username="alice", password="wrong")[-1])
    assert page_of(alice.enter_code(page)) == "/consent"
    pages = _guesses(stranger := Person(either), stranger.open(url), 3, username="alice", password="wrong")
    assert [_problem(page) for page in pages] == [DID_NOT_WORK, DID_NOT_WORK, TWO_LEFT]


@pytest.mark.spec("RTS-SCA-4.3")
def test_a_stranger_cannot_shut_a_person_out_of_a_device_they_have_used(either: Deployment, url: str) -> None:
    alice, stranger = Person(either), Person(either)
    alice.enter_code(alice.sign_in(alice.open(url)))
    cookie = alice.browser.get_cookie("__Host-device", domain="localhost")
    assert cookie is not None
    assert (cookie.max_age, cookie.secure, cookie.http_only) == (180 * 86400, True, True)
    _guesses(stranger, stranger.open(url), 12, username="alice", password="wrong")
    assert _problem(stranger.sign_in(stranger.open(url))) == WAIT
    either.wait(31)
    again = url.replace("/authorize?", "/authorize?prompt=login&")
    page = alice.enter_code(alice.sign_in(alice.open(again)))
    assert page_of(page) == "/consent"
    pages = _guesses(alice, alice.open(again), 5, username="alice", password="wrong")
    assert [_problem(each) for each in pages][2:] == [TWO_LEFT, ONE_LEFT, WAIT]


def test_a_password_alone_makes_no_device_known_where_there_is_more_to_prove(either: Deployment) -> None:
    plain = plain_url(register_login_app(either))
    for username, known in (("alice", False), ("bob", True)):
        person = Person(either, username)
        assert page_of(person.sign_in(person.open(plain))) == "/consent"
        assert (person.browser.get_cookie("__Host-device", domain="localhost") is not None) == known


@pytest.mark.spec("RTS-SCA-4.3")
def test_fifty_wrong_codes_posted_at_once_cost_five_tries(either: Deployment, url: str) -> None:
    alice = Person(either)
    page = alice.sign_in(alice.open(url))
    form, path = {**posted_form(page), "totp": "000000"}, page.request.full_path
    cookies = "; ".join(
        f"{name}={cookie.value}"
        for name in ("__Host-session", "__Host-browser")
        if (cookie := alice.browser.get_cookie(name, domain="localhost")) is not None
    )

    def guess() -> int:
        browser = either.app.test_client(use_cookies=False)
        headers = {"Cookie": cookies, "Origin": ISSUER, "Sec-Fetch-Site": "same-origin"}
        return browser.post(path, data=form, base_url=ISSUER, headers=headers).status_code

    assert set(at_once([guess] * PARALLEL)) == {400}
    outcomes = Counter(event.detail["outcome"] for event in either.events if event.name == "second_factor.failed")
    assert outcomes == {"wrong_code": 5, "blocked": PARALLEL - 5}


@pytest.mark.production_hashing
@pytest.mark.spec("ASVS5-6.3.8", "RTS-SCA-4.3")
def test_whoever_is_named_and_however_it_fails_a_sign_in_takes_the_same_time(
    sqlite_database: Database, sqlite_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    deployment = deploy(sqlite_database, sqlite_url, limit_sign_in_address="")
    for number in range(SAMPLES // 3):
        deployment.add_person(f"wrong{number}", totp=False)
        locked = deployment.add_person(f"locked{number}", totp=True)
        with deployment.database.transaction() as connection:
            assert people.lock(connection, locked, deployment.now)
            assert people.create(connection, f"keys{number}", CLAIMS, None, deployment.now)
        enrol_passkey(deployment, f"keys{number}")
    url = plain_url(register_login_app(deployment))
    person = Person(deployment)
    page = person.open(url)
    _guesses(person, page, 5, username="bob", password="wrong")
    names: dict[str, Callable[[int], str]] = {
        "unknown": lambda sample: f"unknown{sample // 3}",
        "wrong": lambda sample: f"wrong{sample // 3}",
        "locked": lambda sample: f"locked{sample // 3}",
        "no password": lambda sample: f"keys{sample // 3}",
        "paused": lambda _: "bob",
    }
    times: dict[str, list[float]] = {kind: [] for kind in names}
    for sample in range(SAMPLES):
        for kind, name in names.items():
            start = time.perf_counter()
            answer = _send(person, page, username=name(sample), password=f"{PASSWORD}-not")
            times[kind].append(time.perf_counter() - start)
            assert answer.status_code == 400
    medians = {kind: statistics.median(found) for kind, found in times.items()}
    with capsys.disabled():
        print("\nsign-in medians:", {kind: f"{1000 * median:.1f} ms" for kind, median in medians.items()})  # noqa: T201 - the figures to see
    assert max(medians.values()) < 1.5 * min(medians.values())
