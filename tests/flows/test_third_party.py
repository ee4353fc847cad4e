"""The demo's sample app, clicked through without a window: it obeys a challenge, and pays what was approved alone."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

import pytest

from authserver.clock import system_clock
from authserver.sandbox.check.authenticator import make_passkey
from authserver.sandbox.check.browser import FormBrowser, Page
from authserver.sandbox.check.context import DENY, ScriptedPerson
from authserver.sandbox.deployment import Setup, prepare_deployment
from authserver.sandbox.layout import DemoLayout
from authserver.sandbox.people import ALICE, CAROL, PEOPLE
from authserver.sandbox.processes import running
from authserver.sandbox.third_party.http import HttpsClient
from tests.support.demo_process import free_ports

_FRESH_SECONDS = 6


@dataclass(frozen=True, slots=True)
class Person:
    """One person at the app and at the bank's sign-in."""

    at_app: FormBrowser
    at_bank: ScriptedPerson

    def go(self, page: Page) -> Page:
        """Go through the bank's pages where the app leads there, and back to the app."""
        left = self.at_bank.walk(page.left_for)
        return self.at_app.open(left.left_for)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoLayout]:
    """A running demo in which a sign-in is soon too old for the bank."""
    found = DemoLayout(tmp_path_factory.mktemp("demo"), free_ports())
    prepare_deployment(found, system_clock(), Setup(PEOPLE, {}, _FRESH_SECONDS))
    with running(found):
        yield found


@pytest.fixture(scope="module")
def carol(places: DemoLayout) -> Person:
    """Carol, who has a passkey."""
    https = HttpsClient(places.authority)
    visitor = ScriptedPerson(CAROL, FormBrowser(https, places.issuer), system_clock)
    page = visitor.walk(f"{places.issuer}/account/passkeys")
    visitor.passkey, credential = make_passkey(page.form_of("submit").passkey_options, places.issuer)
    visitor.browser.press(page, "submit", {"credential": credential})
    return Person(FormBrowser(https, places.app), visitor)


@pytest.mark.spec("RFC9470-4")
def test_the_app_asks_again_with_what_the_challenge_names_and_repeats_the_call(
    places: DemoLayout, carol: Person
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
def test_the_app_pays_what_was_approved_and_nothing_else(places: DemoLayout, carol: Person) -> None:
    page = carol.at_app.open(f"{places.app}/pay")
    typed = {"amount": "125.40", "payee": "Bäckerei Huber", "iban": "DE89 3704 0044 0532 0130 00", "reference": "No. 7"}
    done = carol.go(carol.at_app.press(page, "submit", typed))
    assert "125.40" in carol.at_bank.approving
    assert "Your payment is made" in done.text
    again, paid, more = done.text.split(f"POST {places.payments}")[1:]  # the latest step comes first
    assert "HTTP 403" in more
    assert "HTTP 201" in paid
    assert "HTTP 401" in again


@pytest.mark.spec("RTS-SCA-5.1")
def test_what_is_not_approved_or_is_no_payment_is_not_paid(places: DemoLayout, carol: Person) -> None:
    page = carol.at_app.open(f"{places.app}/pay")
    alice = ScriptedPerson(ALICE, FormBrowser(HttpsClient(places.authority), places.issuer), system_clock, DENY)
    denied = Person(carol.at_app, alice).go(carol.at_app.press(page, "submit"))
    assert "Your payment is not made" in denied.text
    assert "access_denied" in denied.text
    refused = carol.at_app.press(page, "submit", {"payee": "\u202erecorG"})
    assert "Your payment is not made" in refused.text
    assert "invalid_authorization_details" in refused.text


@pytest.mark.parametrize(
    ("form", "typed", "told"),
    [
        ("pay", {"amount": "1e9"}, {"amount": "Enter an amount with two decimals"}),
        ("pay", {"iban": "AT00", "payee": ""}, {"iban": "Enter an account number", "payee": "Enter who is paid"}),
        ("pay", {"reference": "x" * 71}, {"reference": "Enter a reference of at most"}),
        ("limits", {"each": "50", "monthly": "0.00"}, {"each": "Enter an amount", "monthly": "Enter an amount"}),
        ("limits", {"last_day": "tomorrow"}, {"last_day": "Enter a day as year, month and day"}),
        ("limits", {"last_day": "2020-01-01"}, {"last_day": "Enter a day that is not over"}),
        ("share", {"iban": "<b>"}, {"iban": "Enter an account number"}),
    ],
)
def test_what_is_wrong_in_a_form_is_told_at_its_field_and_what_was_typed_stays(
    places: DemoLayout, carol: Person, form: str, typed: dict[str, str], told: dict[str, str]
) -> None:
    page = carol.at_app.open(f"{places.app}/{form}")
    again = carol.at_app.press(page, "submit", typed)
    assert (again.status, again.path, again.left_for) == (400, f"/{form}", "")
    assert set(re.findall(r'<p class="field-problem" id="(\w+)-problem">', again.text)) == set(told)
    for field, text in told.items():
        assert re.search(rf'id="{field}-problem">{text}', again.text)
        assert re.search(rf'<li><a[^>]* href="#{field}">{text}', again.text)
        described = rf'<input id="{field}"[^>]* aria-describedby="{field}-problem[^>]* aria-invalid="true"'
        assert re.search(described, again.text)
    for field, text in typed.items():
        assert f'name="{field}" type="text" value="{escape(text)}"' in again.text


def _limits(places: DemoLayout, carol: Person) -> Page:
    """Set up payments each month, and return the page that follows."""
    page = carol.at_app.open(f"{places.app}/limits")
    typed = {"payee": "Power and Light", "iban": "DE89 3704 0044 0532 0130 00", "each": "50.00", "monthly": "90.00"}
    return carol.go(carol.at_app.press(page, "submit", typed))


@pytest.mark.spec("RTS-SCA-5.1", "RFC9396-9")
def test_the_app_pays_within_the_limits_and_tells_in_plain_words_when_it_may_not(
    places: DemoLayout, carol: Person
) -> None:
    page = _limits(places, carol)
    assert "Each time at most" in carol.at_bank.approving
    assert "Payments each month are set up" in page.text
    seen = len(carol.at_bank.seen)

    page = carol.at_app.press(page, "pay", {"amount": "50.00"})
    assert page.url == f"{places.app}/journey#mandate"
    assert "€ 50.00 are on their way to Power and Light." in page.text
    assert "€ 40.00" in page.text, "what is left"
    page = carol.at_app.press(page, "pay", {"amount": "50.01"})
    assert "It is more than you allowed each time." in page.text
    page = carol.at_app.press(page, "pay", {"amount": "40.01"})
    assert "It is more than is left of what you allowed for this month." in page.text
    page = carol.at_app.press(page, "pay", {"amount": "many"})
    assert "Enter an amount with two decimals" in page.text
    assert 'value="many"' in page.text
    assert len(carol.at_bank.seen) == seen, "she is not asked again"

    page = carol.at_app.press(page, "stop")
    assert "Payments each month are not set up" in page.text
    assert "HTTP 401" in page.text[page.text.index("Try to pay once more") :]


def test_limits_that_are_not_approved_or_are_none_lead_to_no_payments(places: DemoLayout, carol: Person) -> None:
    page = carol.at_app.open(f"{places.app}/limits")
    alice = ScriptedPerson(ALICE, FormBrowser(HttpsClient(places.authority), places.issuer), system_clock)
    denied = Person(carol.at_app, alice).go(carol.at_app.press(page, "submit"))
    assert "Payments each month are not set up" in denied.text
    assert "unmet_authentication_requirements" in denied.text
    refused = carol.at_app.press(page, "submit", {"payee": "\u202erewoP"})
    assert "Payments each month are not set up" in refused.text
    assert "invalid_authorization_details" in refused.text


@pytest.mark.spec("RFC9396-9")
def test_the_app_sees_the_accounts_that_were_chosen_and_whether_one_covers_an_amount(
    places: DemoLayout, carol: Person
) -> None:
    page = carol.at_app.open(f"{places.app}/share")
    done = carol.go(carol.at_app.press(page, "submit", {"iban": CAROL.accounts[0].iban}))
    assert "/consent" in carol.at_bank.seen
    assert "Your bank is connected" in done.text
    assert "Main account" in done.text
    assert "fundsAvailable&#34;: true" in done.text
    assert "GET " + places.payments not in done.text[: done.text.index("Receive the answer")]
    time.sleep(_FRESH_SECONDS + 1)
    again = carol.go(carol.at_app.press(done, "transactions"))
    assert "Salary" in again.text[again.text.index("Read the transactions") :]
    asked = again.text[again.text.index("Push the request") :]
    assert "account_information" in asked
    assert "scope = openid\n" in asked, "no more than before"
