"""One payment, many approvals at the same moment: one stands."""

from functools import partial

import pytest
from werkzeug.test import TestResponse

from authserver.banking import store
from authserver.db.engine import Database
from authserver.values import replace
from tests.support.authenticator import SoftwareKey
from tests.support.deployment import ISSUER, Deployment
from tests.support.passkeys import enrol_passkey, options_on
from tests.support.payment_pages import approvals, at_payment, register_paying_app
from tests.support.payment_proofs import PAYMENT, approve
from tests.support.person import Person
from tests.support.races import THREADS, at_once
from tests.support.relying_party import RelyingParty, answer_of

_ROUNDS = 3


@pytest.fixture
def app(either: Deployment) -> RelyingParty:
    """An app that may ask for payments, on either database."""
    return register_paying_app(either)


def _shown_again(person: Person, page: TestResponse, key: SoftwareKey) -> tuple[TestResponse, str]:
    """Show the payment once more, in another tab, and sign what that tab shows."""
    tab = person.open(page.request.full_path)
    return tab, key.sign(options_on(tab))


@pytest.mark.spec("RTS-SCA-5.1")
def test_of_many_approvals_of_one_payment_one_is_kept(database: Database) -> None:
    for number in range(_ROUNDS):

        def claim(name: str, interaction_hash: bytes = bytes([number]) * 32) -> bool:
            with database.transaction() as connection:
                return store.claim_approval(connection, interaction_hash, replace(approve(), approval_id=name))

        claims = at_once([partial(claim, f"{number}-{thread}") for thread in range(THREADS)])
        assert sorted(claims) == [False] * (THREADS - 1) + [True]


@pytest.mark.spec("RTS-SCA-5.1")
def test_of_many_tabs_that_approve_at_once_one_does(app: RelyingParty) -> None:
    person, key = Person(app.deployment), enrol_passkey(app.deployment, "alice")
    for number in range(1, _ROUNDS + 1):
        first = at_payment(app, person, PAYMENT)
        tabs = [_shown_again(person, first, key) for _ in range(THREADS)]
        cookies = person.cookies()

        posts = at_once(
            [partial(person.send_apart, tab, cookies, decision="approve", credential=made) for tab, made in tabs]
        )

        assert {post.status_code for post in posts} <= {303, 400}
        assert len(approvals(app.deployment)) == number
        Person.open(person, "/logout")


@pytest.mark.spec("RTS-SCA-5.1")
def test_confirming_and_denying_at_once_end_in_one_answer(app: RelyingParty) -> None:
    person, key = Person(app.deployment), enrol_passkey(app.deployment, "alice")
    for _ in range(_ROUNDS):
        page, before = at_payment(app, person, PAYMENT), len(approvals(app.deployment))
        cookies, signed = person.cookies(), key.sign(options_on(page))
        confirming = partial(person.send_apart, page, cookies, decision="approve", credential=signed)
        denying = partial(person.send_apart, page, cookies, decision="deny")

        posts = at_once([confirming, denying])

        assert {post.status_code for post in posts} == {303}
        client = app.deployment.app.test_client(use_cookies=False)
        end = client.get(posts[1].headers["Location"], base_url=ISSUER, headers={"Cookie": cookies})
        approved = len(approvals(app.deployment)) - before
        came_too_late = approved == 1 and end.headers["Location"].startswith("/login")
        assert came_too_late or answer_of(end.headers["Location"])["error"] == "access_denied"
        assert approved <= 1
        person = Person(app.deployment)
