"""What a request may leave behind: each parameter and each column that comes from outside has its longest."""

import json
from collections.abc import Callable
from typing import Final

import pytest
from sqlalchemy import func, select

from authserver.accounts.factors.passkey.model import MOST_PASSKEYS
from authserver.db.tables.authorization import interactions, pushed_requests
from authserver.db.tables.schema import metadata
from tests.support.deployment import ISSUER, Deployment
from tests.support.login_app import plain_request, plain_url, register_login_app
from tests.support.passkeys import enrol_passkey
from tests.support.person import Person
from tests.support.relying_party import RelyingParty, register, register_bank

MOST_OF_A_REQUEST: Final = 48 * 1024
MOST_OF_A_VISIT: Final = 512
MOST_HINT: Final = 255

REFUSED: Final = {
    "state": 2048,
    "nonce": 1024,
    "claims": 8192,
    "authorization_details": 8192,
    "prompt": 40,
    "max_age": 9,
    "code_challenge": 43,
    "resource": 2048,
    "scope": 4096,
    "response_mode": 16,
}
"""What is refused beyond this many characters, since to cut it would change what is asked."""


def rows_left(deployment: Deployment) -> dict[str, int]:
    """Count the rows of every table."""
    with deployment.database.read() as connection:
        return {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in metadata.tables.items()
        }


def requests_kept(deployment: Deployment) -> list[str]:
    """Return the text of every stored request."""
    with deployment.database.read() as connection:
        return list(connection.execute(select(pushed_requests.c.request)).scalars())


def visits_kept(deployment: Deployment) -> list[int]:
    """Return how many bytes each interaction holds."""
    with deployment.database.read() as connection:
        return [
            sum(len(value) if isinstance(value, str | bytes) else 8 for value in row if value is not None)
            for row in connection.execute(select(interactions))
        ]


@pytest.fixture
def login_app(deployment: Deployment) -> RelyingParty:
    """An app that sends its requests in the clear, as anyone can in its name."""
    return register_login_app(deployment)


@pytest.mark.spec("RFC9126-7.1")
def test_a_visit_of_a_reference_copies_nothing_of_the_request(deployment: Deployment) -> None:
    register_bank(deployment)
    app = register(deployment)
    url = app.authorization_url(state="s" * 2048, nonce="n" * 1024, login_hint="h" * 255)

    for _ in range(3):
        assert Person(deployment).browser.get(url, base_url=ISSUER).status_code == 303

    assert len(requests_kept(deployment)) == 1
    assert len(visits_kept(deployment)) == 3
    assert max(visits_kept(deployment)) <= MOST_OF_A_VISIT


@pytest.mark.parametrize("name", ["login_hint", "ui_locales", "acr_values", "claims_locales", "display", "anything"])
def test_a_hint_of_any_length_leaves_little(deployment: Deployment, login_app: RelyingParty, name: str) -> None:
    deployment.app.test_client().get(plain_url(login_app), base_url=ISSUER)
    (short,) = requests_kept(deployment)

    answer = deployment.app.test_client().get(plain_url(login_app, **{name: "x" * 16_000}), base_url=ISSUER)
    assert answer.status_code == 303
    words = " ".join(f"x{number}" for number in range(4000))
    answer = deployment.app.test_client().get(plain_url(login_app, **{name: words}), base_url=ISSUER)
    assert answer.status_code == 303

    assert max(map(len, requests_kept(deployment))) <= len(short) + 1024


@pytest.mark.spec("OIDCC-5.5")
def test_claims_that_are_never_sent_are_not_kept(deployment: Deployment, login_app: RelyingParty) -> None:
    claims = {"id_token": {f"claim-{number}": None for number in range(300)}, "userinfo": {"email": None}}
    answer = deployment.app.test_client().get(plain_url(login_app, claims=json.dumps(claims)), base_url=ISSUER)

    assert answer.status_code == 303
    (kept,) = requests_kept(deployment)
    assert "claim-7" not in kept
    assert "email" in kept


@pytest.mark.spec("OIDCC-5.5.1", "OIDCC-2")
def test_a_subject_longer_than_any_is_refused(deployment: Deployment, login_app: RelyingParty) -> None:
    wanted = json.dumps({"id_token": {"sub": {"value": "s" * 256}}})
    answer = deployment.app.test_client().get(plain_url(login_app, claims=wanted), base_url=ISSUER)
    assert "error=invalid_request" in answer.headers["Location"]
    assert requests_kept(deployment) == []


@pytest.mark.parametrize("name", REFUSED)
def test_one_more_than_the_longest_is_refused(deployment: Deployment, login_app: RelyingParty, name: str) -> None:
    form = {**plain_request(login_app), name: "1" * (REFUSED[name] + 1)}
    answer = deployment.app.test_client().post("/authorize", data=form, base_url=ISSUER)
    assert answer.status_code in {303, 400}
    assert "request_uri=" not in answer.headers.get("Location", "")
    assert requests_kept(deployment) == []


def test_a_whole_request_has_a_longest(deployment: Deployment, login_app: RelyingParty) -> None:
    everything = {
        "state": "s" * 2048,
        "nonce": "n" * 1024,
        "login_hint": "\N{SNOWMAN}" * 1500,
        "ui_locales": " ".join(["de-DE-1996"] * 900),
        "claims": json.dumps({"id_token": {"email": None}, "userinfo": {str(n): None for n in range(500)}}),
        "acr_values": " ".join(str(n) for n in range(2000)),
        "prompt": "login consent",
    }
    form = {**plain_request(login_app), **everything}
    answer = deployment.app.test_client().post("/authorize", data=form, base_url=ISSUER)
    assert answer.status_code == 303
    assert "request_uri=" in answer.headers["Location"]
    assert max(len(kept.encode()) for kept in requests_kept(deployment)) <= 8 * 1024


@pytest.mark.parametrize(
    "path", ["/account", "/account/methods", "/account/password", "/account/data", "/account/apps", "/logout", "/"]
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_at_an_account_page_leaves_nothing(deployment: Deployment, path: str, method: str) -> None:
    before = rows_left(deployment)
    for _ in range(3):
        browser = deployment.app.test_client()
        browser.set_cookie("__Host-session", "nobody's", domain="localhost")
        call: Callable[..., object] = getattr(browser, method)
        call(path, base_url=ISSUER)
    assert rows_left(deployment) == before


def test_the_way_to_an_account_page_is_good_for_a_short_time(deployment: Deployment, alice: Person) -> None:
    led = alice.browser.get("/account/methods", base_url=ISSUER).headers["Location"]
    assert alice.open(led).request.path == "/login"

    deployment.wait(91)

    refused = Person(deployment).open(led)
    assert refused.status_code == 400
    assert "invalid_request_uri" in refused.text


@pytest.mark.spec("RFC9126-7.3")
def test_the_way_to_an_account_page_cannot_be_changed(deployment: Deployment, alice: Person) -> None:
    led = alice.browser.get("/account/methods", base_url=ISSUER).headers["Location"]
    for changed in (led[:-1] + ("A" if led[-1] != "A" else "B"), led[:-30], led + "A"):
        assert alice.open(changed).status_code == 400
    assert rows_left(deployment)["interactions"] == 0


def test_an_account_has_so_many_passkeys_and_no_more(deployment: Deployment) -> None:
    for _ in range(MOST_PASSKEYS):
        enrol_passkey(deployment, "alice")
    with pytest.raises(AssertionError, match="too_many_passkeys"):
        enrol_passkey(deployment, "alice")
    enrol_passkey(deployment, "bob")
