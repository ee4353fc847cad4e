"""The demo's sample app, clicked through without a window: it obeys a challenge, and pays what was approved alone."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from authserver.clock import system_clock
from authserver.sandbox.check.authenticator import make_passkey
from authserver.sandbox.check.browser import Browser, Page
from authserver.sandbox.check.scene import DENY, Visitor
from authserver.sandbox.deployment import Setup, prepare_deployment
from authserver.sandbox.people import ALICE, CAROL, PEOPLE
from authserver.sandbox.places import DemoPlaces
from authserver.sandbox.processes import running
from authserver.sandbox.third_party.http import HttpsClient
from tests.support.demo_process import free_ports

_FRESH_SECONDS = 6


@dataclass(frozen=True, slots=True)
class Person:
    """One person at the app and at the bank's sign-in."""

    at_app: Browser
    at_bank: Visitor

    def go(self, page: Page) -> Page:
        """Go through the bank's pages where the app leads there, and back to the app."""
        left = self.at_bank.walk(page.left_for)
        return self.at_app.open(left.left_for)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoPlaces]:
    """A running demo in which a sign-in is soon too old for the bank."""
    found = DemoPlaces(tmp_path_factory.mktemp("demo"), free_ports())
    prepare_deployment(found, system_clock(), Setup((*PEOPLE, CAROL), {}, _FRESH_SECONDS))
    with running(found):
        yield found


@pytest.fixture(scope="module")
def carol(places: DemoPlaces) -> Person:
    """Carol, who has a passkey."""
    https = HttpsClient(places.authority)
    visitor = Visitor(CAROL, Browser(https, places.issuer), system_clock)
    page = visitor.walk(f"{places.issuer}/account/passkeys")
    visitor.passkey, credential = make_passkey(page.form_of("submit").passkey_options, places.issuer)
    visitor.browser.press(page, "submit", {"credential": credential})
    return Person(Browser(https, places.app), visitor)


@pytest.mark.spec("RFC9470-4")
def test_the_app_asks_again_with_what_the_challenge_names_and_repeats_the_call(
    places: DemoPlaces, carol: Person
) -> None:
    journey = carol.go(carol.at_app.press(carol.at_app.open(f"{places.app}/"), "connect-dpop"))
    assert "Your bank is connected" in journey.text
    time.sleep(_FRESH_SECONDS + 1)
    leaving = carol.at_app.press(journey, "transactions")
    assert leaving.left_for.startswith(f"{places.issuer}/authorize?")
    done = carol.go(leaving)
    assert "/login" in carol.at_bank.seen
    told = done.text[done.text.index("Read the transactions") :]
    assert "insufficient_user_authentication" in told
    assert f"max_age = {_FRESH_SECONDS}" in told
    assert "Salary" in told
    assert "cardNumber" in carol.at_app.press(done, "card").text, "a passkey is enough for the card at once"
    assert "Your bank is not connected" in carol.at_app.press(done, "disconnect").text


@pytest.mark.spec("RTS-SCA-5.1")
def test_the_app_pays_what_was_approved_and_nothing_else(places: DemoPlaces, carol: Person) -> None:
    page = carol.at_app.open(f"{places.app}/pay")
    typed = {"amount": "125.40", "payee": "Bäckerei Huber", "iban": "DE89 3704 0044 0532 0130 00", "reference": "No. 7"}
    done = carol.go(carol.at_app.press(page, "submit", typed))
    assert "125.40" in carol.at_bank.approving
    assert "Your payment is made" in done.text
    more, paid, again = done.text.split(f"POST {places.payments}")[1:]
    assert "HTTP 403" in more
    assert "HTTP 201" in paid
    assert "HTTP 401" in again


@pytest.mark.spec("RTS-SCA-5.1")
def test_what_is_not_approved_or_is_no_payment_is_not_paid(places: DemoPlaces, carol: Person) -> None:
    page = carol.at_app.open(f"{places.app}/pay")
    alice = Visitor(ALICE, Browser(HttpsClient(places.authority), places.issuer), system_clock, DENY)
    denied = Person(carol.at_app, alice).go(carol.at_app.press(page, "submit"))
    assert "Your payment is not made" in denied.text
    assert "access_denied" in denied.text
    refused = carol.at_app.press(page, "submit", {"amount": "1e9"})
    assert "Your payment is not made" in refused.text
    assert "invalid_authorization_details" in refused.text
