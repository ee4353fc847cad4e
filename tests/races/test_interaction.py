"""One interaction, many requests at once from its own browser: it ends once."""

from functools import partial

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from authserver.db.tables.grants import consents
from tests.races.test_request_uri import count_codes
from tests.support.deployment import ISSUER, Deployment
from tests.support.person import Person
from tests.support.races import THREADS, at_once
from tests.support.relying_party import RelyingParty, answer_of, register, register_bank

_ROUNDS = 4


@pytest.fixture
def app(either: Deployment) -> RelyingParty:
    """An app on either database."""
    register_bank(either)
    return register(either)


def _at_consent(app: RelyingParty, person: Person) -> TestResponse:
    """Bring a person, who may be signed in already, to the consent page."""
    page = person.open(app.authorization_url(scope="openid", prompt="consent"))
    page = person.sign_in(page) if page.request.path == "/login" else page
    assert page.request.path == "/consent"
    return page


def _go_on(person: Person, posted: TestResponse) -> TestResponse:
    """Follow an answer that leads to ourselves; one that leads to the app is the end."""
    if not posted.headers.get("Location", "").startswith("/"):
        return posted
    client = person.deployment.app.test_client(use_cookies=False)
    return client.get(posted.headers["Location"], base_url=ISSUER, headers={"Cookie": person.cookies()})


def _count_consents(deployment: Deployment) -> int:
    """Return how many consents were ever recorded."""
    with deployment.database.read() as connection:
        return connection.execute(select(func.count()).select_from(consents)).scalar_one()


@pytest.mark.spec("RFC9126-7.3-1", "FAPI2-SP-FINAL-5.3.2.2-9")
def test_a_browser_that_goes_on_many_times_at_once_gets_one_code(app: RelyingParty) -> None:
    Person(app.deployment).approve(app.authorization_url(scope="openid"))
    for round_number in range(2, _ROUNDS + 2):
        person = Person(app.deployment)
        page = person.open(app.authorization_url(scope="openid"))
        posted = person.send(page, username=person.username, password=person.password)

        ends = at_once([partial(_go_on, person, posted)] * THREADS)

        assert sorted(end.status_code for end in ends) == [303] + [400] * (THREADS - 1)
        assert count_codes(app.deployment) == round_number


@pytest.mark.spec("RFC9126-7.3-1", "OIDCC-3.1.2.4")
def test_a_consent_given_many_times_at_once_gets_one_code(app: RelyingParty) -> None:
    person = Person(app.deployment)
    for round_number in range(1, _ROUNDS + 1):
        page = _at_consent(app, person)

        ends = at_once([partial(person.send_apart, page, person.cookies(), decision="approve")] * THREADS)

        codes = [end for end in ends if "code=" in end.headers.get("Location", "")]
        assert len(codes) == 1, [end.status_code for end in ends]
        assert count_codes(app.deployment) == round_number
        assert _count_consents(app.deployment) == round_number


@pytest.mark.spec("RFC6749-4.1.2.1", "RFC9126-7.3-1")
def test_allowing_and_denying_at_once_end_in_one_answer_of_either_kind(app: RelyingParty) -> None:
    person = Person(app.deployment)
    for _ in range(_ROUNDS):
        page, before = _at_consent(app, person), count_codes(app.deployment)
        decisions = ["approve", "deny"] * (THREADS // 2)

        posts = at_once([partial(person.send_apart, page, person.cookies(), decision=word) for word in decisions])
        ends = at_once([partial(_go_on, person, posted) for posted in posts])

        answers = [answer_of(end.headers["Location"]) for end in ends if end.status_code == 303]
        assert len(answers) == 1, [end.status_code for end in ends]
        assert answers[0].get("error", "none") in {"access_denied", "none"}
        assert count_codes(app.deployment) - before == int("code" in answers[0])
