"""The steps a browser takes, one by one, on a real database; the way from one to the next is `authorize`'s story."""

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from authserver.accounts.attempts import Attempts
from authserver.accounts.factors.passkey.ceremony_token import Ceremonies
from authserver.accounts.factors.passkey.model import relying_party
from authserver.accounts.factors.password.hashing import PasswordPool, hash_password
from authserver.accounts.factors.totp.credential import enrol_totp
from authserver.accounts.store import people as accounts
from authserver.authorization import store
from authserver.authorization.answers.model import Redirect
from authserver.authorization.answers.signed import ResponseSigner
from authserver.authorization.asked import AuthorizationRequest
from authserver.authorization.dispatch import Dispatcher
from authserver.authorization.model import BrowserCookies, Interaction, PushedRequest
from authserver.authorization.respond import AnswerPolicy
from authserver.authorization.serialization import dump_request
from authserver.clients.build import build_client
from authserver.clients.metadata import parse_metadata
from authserver.db.engine import Connection, Database
from authserver.db.writes import Writes
from authserver.events.journal import Journal
from authserver.events.model import Event
from authserver.grants.store import consents
from authserver.interaction.consent import ConsentTerms
from authserver.interaction.pages.consent import ConsentDeps, consent_page
from authserver.interaction.pages.login import LoginDeps, login_page
from authserver.interaction.pages.logout import logout_page
from authserver.interaction.pages.totp import TotpDeps, totp_page
from authserver.interaction.step import DID_NOT_WORK, StepDeps
from authserver.keys.signer import SigningKeys
from authserver.limits.rates import build_limits
from authserver.limits.storage import SqliteStorage
from authserver.protocol.demand import AuthenticationDemand
from authserver.protocol.handles import hash_handle, new_handle
from authserver.protocol.names import ACR_TWO_FACTORS, REQUEST_URI_PREFIX
from authserver.sealing.envelope import Envelope
from authserver.sealing.master_key import MasterKeyEnvelope
from authserver.sessions import lifecycle
from authserver.sessions.acr import acr_for
from authserver.sessions.model import Session, SessionLimits
from authserver.web.pages.csrf import CsrfProtection
from authserver.web.pages.flask_pages import install_pages
from authserver.web.pages.page import Site, load_pages
from tests.support import databases

NOW = 1_700_000_040
ORIGIN = "https://as.example"
PASSWORD = "correct-horse-battery-staple"
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
LIMITS = {
    "sign_in.address": "20/minute",
    "second_factor.address": "100/minute",
    "consent.address": "100/minute",
    "account.address": "100/minute",
}
CLIENT = build_client(
    parse_metadata(
        {
            "client_name": "Tiny <Ledger>",
            "redirect_uris": ["https://app.example/cb"],
            "scope": "openid accounts",
            "profile": "oidc",
            "token_endpoint_auth_method": "client_secret_basic",
            "tls_client_certificate_bound_access_tokens": True,
            "policy_uri": "https://app.example/privacy",
        }
    ),
    client_id="tiny-ledger",
    secret_hash=b"s" * 32,
)


def no_keys() -> SigningKeys:
    raise AssertionError("no answer here is signed")


class House:
    """The pages on a database, with a person's browser in front."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.now, self.events = database, NOW, list[Event]()
        self.app = Flask(__name__, static_folder=None)
        pages, envelope = load_pages(Site("Harbour Bank")), MasterKeyEnvelope(b"m" * 32)
        install_pages(self.app, pages)
        storage = SqliteStorage(folder / "limits.sqlite", self.clock)
        step = StepDeps(
            database=database,
            pages=pages,
            csrf=CsrfProtection(envelope.derive("csrf"), frozenset({ORIGIN})),
            limits=build_limits(self.app, storage, LIMITS, b"k", self.events.append, self.clock),
            clock=self.clock,
            journal=Journal(self.events.append),
            find_client={CLIENT.client_id: CLIENT}.get,
            session_limits=SessionLimits(),
            attempts=Attempts(database, b"a" * 32),
            address=lambda environ: str(environ.get("HTTP_X_CALLER", "")),
        )
        ceremonies = Ceremonies(relying_party(ORIGIN, "Harbour Bank", ()), envelope, Journal(self.events.append))
        self.app.register_blueprint(login_page(LoginDeps(step, PasswordPool(), ceremonies)))
        self.app.register_blueprint(totp_page(TotpDeps(step, envelope)))
        terms = ConsentTerms(new_handle, 90 * 86400)
        conduct = Dispatcher(
            database,
            Journal(self.events.append),
            AnswerPolicy(ORIGIN, 60, 86400, 3600),
            ResponseSigner(no_keys),
            step.find_client,
            frozenset,
        )
        self.app.register_blueprint(consent_page(ConsentDeps(step, conduct, terms, lambda _: (), {}, tuple)))
        self.app.register_blueprint(logout_page(step, envelope, ORIGIN))
        self.browser = self.app.test_client()
        self._add_people(envelope)

    def clock(self) -> int:
        return self.now

    def _add_people(self, envelope: Envelope) -> None:
        password_hash = hash_password(PASSWORD, b"s" * 16)
        with self.database.transaction() as connection:
            for name in ("alice", "bob"):
                account = accounts.create(connection, name, {}, password_hash, NOW)
                assert account is not None
                if name == "alice":
                    self.alice = account.account_id
                    enrol_totp(connection, envelope, account.account_id, SEED, NOW)

    def begin(self, demand: AuthenticationDemand | None = None) -> str:
        """Open an interaction in this browser and return its id."""
        interaction, browser = new_handle(), new_handle()
        asked = AuthorizationRequest(
            client_id=CLIENT.client_id,
            demand=demand or AuthenticationDemand(),
            scope=("openid", "accounts"),
            login_hint="ali<ce>",
        )
        redirect = Redirect("https://app.example/cb", True, "code", "query")
        reference = REQUEST_URI_PREFIX + interaction
        request_row = store.pushed_row((asked, redirect), reference, now=self.now, lifetime=90)
        pushed = PushedRequest(hash_handle(reference), CLIENT.client_id, dump_request(asked, redirect), NOW + 90, None)
        shown = BrowserCookies(browser, "")
        _, row = store.open_interaction(pushed, interaction, shown, (self.now, self.now + 900))
        self.database.write(Writes(rows=(request_row, row)))
        self.browser.set_cookie("__Host-browser", browser, domain="as.example", secure=True)
        self.handles = (interaction, browser)
        return interaction

    def get(self, path: str) -> TestResponse:
        return self.browser.get(f"{path}?interaction={self.handles[0]}", base_url=ORIGIN)

    def post(self, path: str, *, token: str | None = None, origin: str = ORIGIN, **fields: str) -> TestResponse:
        """Send the form of a page as a browser does, with the token that the page shows."""
        form = {"csrf_token": csrf_token(self.get(path)) if token is None else token, **fields}
        url = f"{path}?interaction={self.handles[0]}"
        return self.browser.post(url, data=form, base_url=ORIGIN, headers={"Origin": origin})

    def sign_in(self, username: str = "alice", password: str = PASSWORD) -> TestResponse:
        return self.post("/login", username=username, password=password)

    def session(self) -> Session | None:
        cookie = self.browser.get_cookie("__Host-session", domain="as.example")
        with self.database.read() as connection:
            return lifecycle.find_current(connection, cookie.value if cookie else None, SessionLimits(), self.now)

    def code(self) -> str:
        return pyotp.TOTP(SEED).at(self.now)

    def interaction(self) -> Interaction:
        with self.database.read() as connection:
            shown = BrowserCookies(self.handles[1], "")
            found = store.find_visit(connection, shown, self.handles[0], SessionLimits(), self.now)
        assert found is not None
        return found.interaction

    def event_names(self) -> list[str]:
        return [event.name for event in self.events]


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    with databases.connected(sqlite_url) as database:
        made = House(database, tmp_path)
        made.begin()
        yield made


def csrf_token(response: TestResponse) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', response.text)
    assert found is not None, response.text
    return html.unescape(found[1])


def assert_goes_on(house: House, response: TestResponse) -> None:
    assert response.status_code == 303
    assert response.headers["Location"] == f"/authorize/continue?interaction={house.handles[0]}"


def test_the_right_password_starts_a_session_under_a_new_cookie(house: House) -> None:
    response = house.sign_in(" Alice ")
    assert_goes_on(house, response)
    assert re.search(
        r"^__Host-session=[\w-]{43}; Path=/; Secure; HttpOnly; SameSite=Lax$", response.headers["Set-Cookie"]
    )
    session = house.session()
    assert session is not None
    assert session.account_id == house.alice
    assert house.event_names() == ["sign_in.succeeded"]


@pytest.mark.spec("ASVS5-7.2.4")
def test_signing_in_again_ends_the_session_that_was_there(house: House) -> None:
    house.sign_in()
    old = house.browser.get_cookie("__Host-session", domain="as.example")
    assert old is not None
    assert "Confirm it is you" in house.get("/login").text
    house.sign_in()
    with house.database.read() as connection:
        assert lifecycle.find_current(connection, old.value, SessionLimits(), house.now) is None
    assert house.session() is not None


@pytest.mark.spec("ASVS5-6.3.8")
@pytest.mark.parametrize(
    ("username", "password"), [("alice", "wrong-password"), ("nobody", PASSWORD), ("", ""), ("\x00", "x")]
)
def test_every_wrong_sign_in_reads_the_same(house: House, username: str, password: str) -> None:
    response = house.sign_in(username, password)
    assert response.status_code == 400
    assert DID_NOT_WORK in response.text
    assert "<title>Error: " in response.text
    assert 'href="#username"' in response.text
    assert password not in re.findall(r'value="([^"]*)"', response.text) or not password
    assert house.session() is None
    assert house.event_names() == ["sign_in.failed"]
    assert not any(PASSWORD in str(event) for event in house.events)


def test_a_locked_account_reads_like_a_wrong_password(house: House) -> None:
    with house.database.transaction() as connection:
        accounts.lock(connection, house.alice, NOW)
    assert DID_NOT_WORK in house.sign_in().text


def test_one_address_that_tries_many_names_is_stopped(house: House) -> None:
    for number in range(20):
        assert house.sign_in(f"name{number}", "guess").status_code == 400
    assert house.sign_in().status_code == 429
    url = f"/login?interaction={house.handles[0]}"
    form = {"csrf_token": csrf_token(house.get("/login")), "username": "alice", "password": PASSWORD}
    assert house.browser.post(url, base_url=ORIGIN, data=form, headers={"X-Caller": "192.0.2.9"}).status_code == 303


@pytest.mark.parametrize("path", ["/login", "/login/totp", "/consent"])
@pytest.mark.spec("RFC6749-10.12")
def test_a_form_from_elsewhere_is_refused_and_changes_nothing(house: House, path: str) -> None:
    house.sign_in()
    before, session = house.interaction(), house.session()
    token = csrf_token(house.get("/login"))
    fields = {"username": "bob", "password": PASSWORD, "totp": house.code(), "decision": "approve", "action": "cancel"}
    for sent in ({"token": ""}, {"token": token[:-1]}, {"token": token, "origin": "https://evil.example"}):
        response = house.post(path, **{**fields, **sent})
        assert response.status_code == 400
        assert "Authorization error" in response.text
    assert (house.interaction(), house.session()) == (before, session)


@pytest.mark.parametrize("path", ["/login", "/login/totp", "/consent"])
def test_another_browser_cannot_enter_an_interaction(house: House, path: str) -> None:
    house.browser.set_cookie("__Host-browser", new_handle(), domain="as.example", secure=True)
    response = house.get(path)
    assert response.status_code == 400
    for needed in ("Authorization error", "invalid_request"):
        assert needed in response.text
    house.browser.delete_cookie("__Host-browser", domain="as.example")
    assert house.get(path).status_code == 400


@pytest.mark.parametrize("path", ["/login", "/login/totp", "/consent"])
def test_an_interaction_that_is_over_leads_back_to_its_answer(house: House, path: str) -> None:
    with house.database.transaction() as connection:
        store.set_refused(connection, house.interaction().interaction_hash, "access_denied")
    assert_goes_on(house, house.get(path))


def test_the_login_page_says_who_asks_and_fills_in_the_hint_escaped(house: House) -> None:
    response = house.get("/login")
    assert "Tiny &lt;Ledger&gt;" in response.text
    assert "app.example" in response.text
    assert 'value="ali&lt;ce&gt;"' in response.text
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none';")
    assert "form-action" not in policy, "it would hold the app's own redirects too"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("path", ["/login", "/login/totp"])
@pytest.mark.spec("OIDCC-3.1.2.6")
def test_cancelling_refuses_the_request(house: House, path: str) -> None:
    house.sign_in()
    assert_goes_on(house, house.post(path, action="cancel"))
    assert house.interaction().refused_with == "access_denied"


def test_the_right_code_raises_the_session_once(house: House) -> None:
    house.sign_in()
    before = house.browser.get_cookie("__Host-session", domain="as.example")
    spaced = f" {house.code()[:3]} {house.code()[3:]} "
    assert_goes_on(house, house.post("/login/totp", totp=spaced))
    session, after = house.session(), house.browser.get_cookie("__Host-session", domain="as.example")
    assert session is not None
    assert acr_for(session.factors) == ACR_TWO_FACTORS
    assert before is not None
    assert after is not None
    assert before.value != after.value
    again = house.post("/login/totp", totp=house.code())
    assert again.status_code == 400
    assert DID_NOT_WORK in again.text
    assert house.event_names() == ["sign_in.succeeded", "second_factor.succeeded", "second_factor.failed"]


def test_without_a_session_there_is_no_second_factor_and_no_consent_to_give(house: House) -> None:
    assert_goes_on(house, house.get("/login/totp"))
    assert_goes_on(house, house.get("/consent"))
    token = csrf_token(house.get("/login"))
    assert_goes_on(house, house.post("/consent", token=token, decision="approve"))
    assert house.interaction().consent_id is None


def test_a_person_without_a_second_factor_is_told_what_to_do(house: House) -> None:
    house.sign_in("bob")
    page = house.get("/login/totp")
    assert "Your account needs a second factor for this" in page.text
    assert 'id="cancel"' in page.text
    assert_goes_on(house, house.post("/login/totp", action="cancel"))


def test_consent_shows_what_is_asked_and_records_exactly_that(house: House) -> None:
    house.sign_in()
    page = house.get("/consent")
    for needed in (
        "Your accounts",
        "Who you are here",
        "12 February 2024",
        "https://app.example/privacy",
        "Signed in as alice",
    ):
        assert needed in page.text
    assert not re.search(r"<input[^>]*\schecked", page.text)
    answer = house.post("/consent", decision="approve")
    assert answer.status_code == 303
    assert re.fullmatch(r"https://app\.example/cb\?code=[\w-]{43}&iss=https%3A%2F%2Fas\.example", answer.location)
    with house.database.read() as connection:
        (consent,) = consents.find_standing(connection, house.alice, CLIENT.client_id, NOW)
    assert (consent.scope, consent.expires_at) == (("openid", "accounts"), NOW + 90 * 86400)
    assert house.interaction().consent_id == consent.consent_id
    assert house.event_names() == ["sign_in.succeeded", "consent.given", "authorization.granted"]
    assert_goes_on(house, house.get("/consent"))


def test_saying_no_records_nothing_but_the_refusal(house: House) -> None:
    house.sign_in()
    assert_goes_on(house, house.post("/consent", decision="deny"))
    assert (house.interaction().refused_with, house.interaction().consent_id) == ("access_denied", None)
    assert house.event_names() == ["sign_in.succeeded", "consent.denied"]


def test_who_has_said_no_meanwhile_is_not_answered_for(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The refusal of another tab arrives after this one looked, and before it wrote."""
    house.sign_in()
    token, write = csrf_token(house.get("/consent")), house.database.write

    def write_after_refusal(writes: Writes) -> bool:
        with house.database.transaction() as connection:
            store.set_refused(connection, house.interaction().interaction_hash, "access_denied")
        return write(writes)

    monkeypatch.setattr(Database, "write", lambda _, writes: write_after_refusal(writes))
    assert house.post("/consent", token=token, decision="approve").status_code == 400
    assert (house.interaction().refused_with, house.interaction().completed_at) == ("access_denied", None)
    with house.database.read() as connection:
        assert not consents.find_standing(connection, house.alice, CLIENT.client_id, NOW)
    assert house.event_names() == ["sign_in.succeeded", "authorization.page_refused"]


def test_a_denial_that_comes_after_the_answer_is_not_on_record(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The consent of another tab is complete after this one looked, and before it noted the denial."""
    house.sign_in()
    token, refuse = csrf_token(house.get("/consent")), store.set_refused

    def refuse_after_answer(connection: Connection, interaction_hash: bytes, error_code: str) -> bool:
        values = {"now": house.now, "hash": interaction_hash}
        connection.execute(text("UPDATE interactions SET completed_at = :now WHERE interaction_hash = :hash"), values)
        return refuse(connection, interaction_hash, error_code)

    monkeypatch.setattr(store, "set_refused", refuse_after_answer)
    assert_goes_on(house, house.post("/consent", token=token, decision="deny"))
    assert house.interaction().refused_with is None
    assert house.event_names() == ["sign_in.succeeded"]


def test_saying_neither_yes_nor_no_is_no_consent(house: House) -> None:
    house.sign_in()
    assert house.post("/consent").status_code == 400
    assert house.interaction().consent_id is None


@pytest.mark.spec("OIDCC-3.1.2.4")
def test_a_session_too_weak_for_the_request_cannot_consent_to_it(house: House) -> None:
    house.begin(AuthenticationDemand(acr=ACR_TWO_FACTORS))
    assert "Step 1 of 3" in house.get("/login").text
    house.sign_in()
    assert_goes_on(house, house.get("/consent"))
    token = csrf_token(house.get("/login/totp"))
    assert_goes_on(house, house.post("/consent", token=token, decision="approve"))
    assert house.interaction().consent_id is None
    house.post("/login/totp", totp=house.code())
    assert "Step 3 of 3" in house.get("/consent").text


def test_signing_out_asks_first_and_ends_the_session(house: House) -> None:
    house.sign_in()
    page = house.browser.get("/logout", base_url=ORIGIN)
    assert "Sign out of Harbour Bank?" in page.text
    assert house.session() is not None
    forged = house.browser.post("/logout", base_url=ORIGIN, data={"csrf_token": "x"})
    assert forged.status_code == 400
    assert house.session() is not None
    done = house.browser.post("/logout", base_url=ORIGIN, data={"csrf_token": csrf_token(page)})
    assert "You are signed out" in done.text
    assert "Max-Age=0" in done.headers["Set-Cookie"]
    assert house.session() is None
    assert house.event_names() == ["sign_in.succeeded", "sign_out.done"]


def test_other_addresses_and_methods_end_on_a_page_with_every_header(house: House) -> None:
    for response, status in (
        (house.browser.get("/nowhere", base_url=ORIGIN), 404),
        (house.browser.put("/login", base_url=ORIGIN), 405),
        (house.post("/login", token="x", username="y" * 100_000), 413),
    ):
        assert response.status_code == status
        assert ("There is no page here" if status == 404 else "Authorization error") in response.text
        assert "X-Correlation-Id" in response.headers
        assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_a_failure_says_nothing_of_itself(house: House) -> None:
    @house.app.get("/broken")
    def broken() -> str:
        raise RuntimeError("a secret")

    response = house.browser.get("/broken", base_url=ORIGIN)
    assert response.status_code == 500
    assert "server_error" in response.text
    assert "a secret" not in response.text
