"""Back-channel logout: what an app is told, when, how often, and where nothing is ever sent."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from joserfc import jws
from joserfc.jwk import KeySet
from sqlalchemy import select, update

from authserver.clients.registration import prepare_registration
from authserver.db.engine import Database
from authserver.db.tables.outbound import logout_notices
from authserver.operations.acts import DeleteAccount, LockAccount, ResetFactors
from authserver.outbound.queue_worker import LEASE_SECONDS
from authserver.protocol.errors import InvalidClientMetadata
from authserver.signals.model import MOST_ATTEMPTS, delay_after
from tests.support.deployment import ISSUER, Deployment, deploy
from tests.support.login_app import log_in, plain_url, register_login_app
from tests.support.operating import operate
from tests.support.person import Person
from tests.support.relying_party import REDIRECT_URI, claims_of
from tests.support.told_app import ToldApp, told_app

EVENT = "http://schemas.openid.net/event/backchannel-logout"
BASE = {
    "profile": "oidc",
    "client_id": "app",
    "redirect_uris": [REDIRECT_URI],
    "token_endpoint_auth_method": "client_secret_basic",
    "scope": "openid",
}


@pytest.fixture
def told(tmp_path: Path) -> Iterator[ToldApp]:
    """An app that is told."""
    with told_app(tmp_path / "app") as running:
        yield running


@pytest.fixture
def house(database: Database, database_url: str, told: ToldApp) -> Deployment:
    """A deployment that may reach that app, on either database."""
    with database.transaction() as connection:
        connection.execute(logout_notices.delete())
    return deploy(database, database_url, fetch_allow=(told.authority,), fetch_ca_file=Path(told.ca_file))


def send(house: Deployment) -> int:
    """Send what is due, however long that takes, and return how much it was."""
    logouts = house.app.extensions["authserver"].logouts
    sent = logouts.send_due(house.now)
    while logouts._under_way:  # noqa: SLF001 - what is slow goes on while the next is begun
        sent += logouts.send_due(house.now)
    return int(sent)


def sign_out(person: Person) -> None:
    page = person.open("/logout")
    assert person.submit("/logout", page).status_code == 200


def waiting(house: Deployment) -> list[str]:
    with house.database.read() as connection:
        rows = connection.execute(select(logout_notices.c.client_id).where(logout_notices.c.expires_at.is_(None)))
        return sorted(rows.scalars())


@pytest.mark.spec("OIDCBCL-2.4", "OIDCBCL-2.5", "OIDCBCL-2.6")
@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "PS256"])
def test_an_app_is_told_who_was_signed_out_of_which_session(house: Deployment, told: ToldApp, algorithm: str) -> None:
    app = register_login_app(house, backchannel_logout_uri=told.url(), id_token_signed_response_alg=algorithm)
    person = Person(house)
    id_token = log_in(app, person)
    sign_out(person)
    assert told.received == [], "the person waits for no app"
    assert send(house) == 1

    ((path, headers, form),) = told.received
    assert (path, headers["Content-Type"], list(form)) == (
        "/backchannel_logout", "application/x-www-form-urlencoded", ["logout_token"],
    )  # fmt: skip
    (token,) = told.tokens()
    keys = KeySet.import_key_set(app.send("/jwks").json)
    verified = jws.deserialize_compact(token, keys, algorithms=[algorithm])
    assert (verified.headers()["typ"], verified.headers()["alg"]) == ("logout+jwt", algorithm)
    claims = claims_of(token)
    assert claims.keys() == {"iss", "aud", "iat", "exp", "jti", "sub", "sid", "events"}
    assert claims["events"] == {EVENT: {}}
    assert (claims["iss"], claims["aud"], claims["iat"], claims["exp"]) == (
        ISSUER, app.client_id, house.now, house.now + 120,
    )  # fmt: skip
    assert (claims["sub"], claims["sid"]) == (id_token["sub"], id_token["sid"])
    assert claims["sid"] not in person.cookies()
    assert house.event_names()[-1] == "logout.told"
    assert (waiting(house), send(house)) == ([], 0)


@pytest.mark.spec("OIDCBCL-2.3")
def test_only_apps_of_that_session_that_want_it_are_told(house: Deployment, told: ToldApp) -> None:
    wants = {"backchannel_logout_uri": told.url()}
    here, silent = register_login_app(house, "here", **wants), register_login_app(house, "silent")
    elsewhere, never = register_login_app(house, "elsewhere", **wants), register_login_app(house, "never", **wants)
    alice, other_browser = Person(house), Person(house)
    for app in (here, silent, here):
        log_in(app, alice)
    log_in(elsewhere, other_browser)
    sign_out(alice)
    assert waiting(house) == ["here"]
    assert send(house) == 1
    assert [claims_of(token)["aud"] for token in told.tokens()] == ["here"]
    assert never.client_id == "never"


def operator_does(act: type[LockAccount | ResetFactors | DeleteAccount]) -> Callable[[Deployment, Person, str], None]:
    def end(house: Deployment, _: Person, account_id: str) -> None:
        operate(house, act(account_id=account_id))

    return end


def sign_in_as_another(house: Deployment, person: Person, _: str) -> None:
    house.add_person("carol", totp=False)
    person.username = "carol"
    login = register_login_app(house, "second")
    page = person.open(plain_url(login, prompt="login"))
    person.sign_in(page)


@pytest.mark.spec("ASVS5-7.4.2", "OIDCBCL-2.3")
@pytest.mark.parametrize(
    "end",
    [
        operator_does(LockAccount),
        operator_does(ResetFactors),
        operator_does(DeleteAccount),
        sign_in_as_another,
    ],
    ids=["locked", "factors reset", "deleted", "another person signs in"],
)
def test_however_a_session_ends_its_apps_are_told(
    house: Deployment, told: ToldApp, end: Callable[[Deployment, Person, str], None]
) -> None:
    app = register_login_app(house, backchannel_logout_uri=told.url())
    person = Person(house)
    id_token = log_in(app, person)
    end(house, person, id_token["sub"])
    send(house)
    assert [claims_of(token)["sid"] for token in told.tokens()] == [id_token["sid"]]


@pytest.mark.spec("OIDCC-3.1.2.1")
def test_who_signs_in_again_stays_signed_in_to_other_apps(house: Deployment, told: ToldApp) -> None:
    first = register_login_app(house, "first", backchannel_logout_uri=told.url())
    second = register_login_app(house, "second", backchannel_logout_uri=told.url())
    person = Person(house)
    before = log_in(first, person)
    house.wait(30)
    after = log_in(second, person, prompt="login")
    assert (after["sid"], after["auth_time"] > before["auth_time"]) == (before["sid"], True)
    assert waiting(house) == []
    sign_out(person)
    assert waiting(house) == ["first", "second"]


@pytest.mark.spec("OIDCBCL-2.8")
@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 500, 501])
def test_what_an_app_does_not_take_is_sent_again_and_no_redirect_is_followed(
    house: Deployment, told: ToldApp, status: int
) -> None:
    app = register_login_app(house, backchannel_logout_uri=told.url())
    person = Person(house)
    log_in(app, person)
    sign_out(person)
    told.status, told.headers = status, {"Location": told.url("/elsewhere")}
    assert send(house) == 1
    assert house.event_names()[-1] == "logout.failed"
    assert send(house) == 0
    told.status = 204
    house.wait(8)
    assert send(house) == 1
    assert [path for path, _, _ in told.received] == ["/backchannel_logout"] * 2
    first, second = (claims_of(token) for token in told.tokens())
    assert first["jti"] != second["jti"], "an app that took the first would refuse to see its jti again"
    assert waiting(house) == []


def test_an_app_that_never_answers_is_given_up_aloud(house: Deployment, told: ToldApp) -> None:
    app = register_login_app(house, backchannel_logout_uri=told.url())
    person = Person(house)
    log_in(app, person)
    sign_out(person)
    told.status = 500
    for attempt in range(1, MOST_ATTEMPTS + 1):
        assert send(house) == 1
        assert send(house) == 0
        house.wait(2 * (delay_after(attempt) or 0))
    assert send(house) == 0
    assert house.event_names().count("logout.given_up") == 1
    assert next(event for event in reversed(house.events) if event.name == "logout.given_up").client == app.client_id
    assert waiting(house) == []


@pytest.mark.spec("RFC9700-4.11")
def test_nothing_is_sent_into_our_own_network(house: Deployment, told: ToldApp) -> None:
    app = register_login_app(house, backchannel_logout_uri="https://localhost/backchannel_logout")
    person = Person(house)
    log_in(app, person)
    sign_out(person)
    assert send(house) == 1
    assert house.event_names()[-1] == "logout.failed"
    assert told.received == []


def test_who_wants_to_be_told_no_more_is_told_no_more(house: Deployment, told: ToldApp) -> None:
    app = register_login_app(house, backchannel_logout_uri=told.url())
    person = Person(house)
    log_in(app, person)
    sign_out(person)
    house.change_client(app.client_id, backchannel_logout_uri=None)
    assert send(house) == 1
    assert (told.received, waiting(house)) == ([], [])


def test_a_notice_whose_sender_died_is_sent_by_another(house: Deployment, told: ToldApp) -> None:
    app = register_login_app(house, backchannel_logout_uri=told.url())
    person = Person(house)
    log_in(app, person)
    sign_out(person)
    with house.database.transaction() as connection:  # as one leaves it that claims, and is killed before it sends
        connection.execute(update(logout_notices).values(due_at=house.now + LEASE_SECONDS, attempts=1))
    assert send(house) == 0
    house.wait(LEASE_SECONDS)
    assert send(house) == 1
    assert len(told.received) == 1


@pytest.mark.spec("OIDCBCL-2.1", "OIDCBCL-2.2", "OIDCFCL-2")
@pytest.mark.parametrize(
    ("member", "value"),
    [
        *[(member, uri)
          for member in ("backchannel_logout_uri", "frontchannel_logout_uri")
          for uri in ("http://app.example/out", "https://app.example/out#part", "javascript:alert(1)", "/out", "https:///out",
                      "https://me@app.example/out", "com.example.app:/out", "http://127.0.0.1/out")],
        *[("post_logout_redirect_uris", [uri])
          for uri in ("http://app.example/", "https://app.example/#", "javascript:alert(1)", "data:,x", "/", "")],
        ("frontchannel_logout_uri", "https://other.example/out"),
        ("frontchannel_logout_uri", "https://app.example:444/out"),
        ("frontchannel_logout_uri", "https://www.app.example/out"),
        ("post_logout_redirect_uris", ["https://app.example/"] * 51),
    ],
)  # fmt: skip
def test_addresses_that_cannot_be_registered(member: str, value: object) -> None:
    with pytest.raises(InvalidClientMetadata) as refused:
        prepare_registration({**BASE, member: value}, default_profile="oidc")
    assert refused.value.member == member


def test_addresses_that_can_be_registered() -> None:
    members = {
        "backchannel_logout_uri": "https://tell.example:8443/out?tenant=1",
        "backchannel_logout_session_required": True,
        "frontchannel_logout_uri": "https://app.example:443/out?tenant=1",
        "frontchannel_logout_session_required": False,
        "post_logout_redirect_uris": ["https://elsewhere.example/", "http://127.0.0.1:8000/", "com.example.app:/out"],
    }
    stored = prepare_registration({**BASE, **members}, default_profile="oidc").metadata
    assert {name: stored[name] for name in members} == members
