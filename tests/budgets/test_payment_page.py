"""How many SQL statements the approval of a payment costs; the figures are what it costs today."""

import pyotp
import pytest
from werkzeug.test import TestResponse

from tests.support.deployment import ISSUER, Deployment, StatementCounter
from tests.support.passkeys import enrol_passkey, options_on
from tests.support.payment_pages import SMALL, at_payment, register_paying_app
from tests.support.payment_proofs import PAYMENT
from tests.support.person import HIDDEN, Person
from tests.support.relying_party import RelyingParty

_SHOWN = {"otp": 4, "passkey": 5}
_APPROVED = {"otp": 19, "passkey": 20}


@pytest.fixture
def app(deployment: Deployment) -> RelyingParty:
    """An app that may ask for payments, and the bank that makes them."""
    return register_paying_app(deployment)


def _cost(person: Person, page: TestResponse, status: int, **fields: str) -> list[str]:
    """Show a payment's page again, or send its form, and return the statements it took."""
    form = {**dict(HIDDEN.findall(page.text)), **fields}
    method = "POST" if fields else "GET"
    with StatementCounter() as counter:
        answer = person.browser.open(
            page.request.full_path, method=method, data=form, base_url=ISSUER, headers={"Origin": ISSUER}
        )
    assert answer.status_code == status, answer.text
    return counter.statements


@pytest.mark.parametrize("way", list(_SHOWN))
def test_the_approval_page(app: RelyingParty, alice: Person, way: str) -> None:
    if way == "passkey":
        key = enrol_passkey(app.deployment, "alice")
        page = at_payment(app, alice, PAYMENT)
        fields = {"credential": key.sign(options_on(page))}
    else:
        page = at_payment(app, alice, SMALL)
        fields = {"totp": pyotp.TOTP(alice.seed).at(app.deployment.now)}

    shown, approved = _cost(alice, page, 200), _cost(alice, page, 303, decision="approve", **fields)

    assert len(shown) <= _SHOWN[way], "\n".join(shown)
    assert len(approved) <= _APPROVED[way], "\n".join(approved)
