"""A payment on its way through the pages: pushed by an app, shown to a person, confirmed by them."""

import html
import json
import re
from typing import Any

import pyotp
from werkzeug.test import TestResponse

from authserver.banking import store
from authserver.banking.evidence import Evidence
from tests.support.authenticator import SoftwareKey
from tests.support.deployment import Deployment
from tests.support.passkeys import options_on
from tests.support.payment_proofs import PAYMENT
from tests.support.person import Person
from tests.support.relying_party import RelyingParty, register, register_bank

SMALL: dict[str, Any] = {**PAYMENT, "instructedAmount": {"currency": "EUR", "amount": "25.40"}}
_TYPES = ["payment_initiation", "variable_recurring_payment", "account_information"]
_TEXT = re.compile(r"<dt>([^<]*)</dt><dd><bdi>([^<]*)</bdi></dd>")


def register_paying_app(deployment: Deployment) -> RelyingParty:
    """Register an app that may ask for payments, and the bank that makes them."""
    register_bank(deployment, authorization_details_types=_TYPES)
    return register(deployment, authorization_details_types=_TYPES)


def payment_url(app: RelyingParty, payment: dict[str, Any] = SMALL, **changes: object) -> str:
    """Push a request for one payment and return the URL for the browser."""
    return app.authorization_url(**{"scope": "openid", "authorization_details": json.dumps([payment]), **changes})


def at_payment(app: RelyingParty, person: Person, payment: dict[str, Any] = SMALL, **changes: object) -> TestResponse:
    """Bring a person to the payment's page."""
    page = person.open(payment_url(app, payment, **changes))
    page = person.sign_in(page) if page.request.path == "/login" else page
    assert page.request.path == "/approve", page.text
    return page


def confirm(person: Person, page: TestResponse, **fields: str) -> TestResponse:
    """Confirm a payment with a fresh code."""
    code = pyotp.TOTP(person.seed).at(person.deployment.now)
    return person.submit(page.request.full_path, page, **{"decision": "approve", "totp": code, **fields})


def approve_with(person: Person, page: TestResponse, key: SoftwareKey) -> TestResponse:
    """Confirm a payment with a passkey, as the page's script would."""
    return person.submit(page.request.full_path, page, decision="approve", credential=key.sign(options_on(page)))


def shown_text(page: TestResponse) -> str:
    """Return the text that a page shows of a payment."""
    return "\n".join(f"{html.unescape(term)}: {html.unescape(value)}" for term, value in _TEXT.findall(page.text))


def approvals(deployment: Deployment) -> list[Evidence]:
    """Return every approval."""
    with deployment.database.read() as connection:
        return store.find_latest(connection, 100)
