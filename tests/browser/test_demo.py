"""Clicking through the demo in a real Chromium, without JavaScript: connect, see, and try what a thief would."""

import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from authserver.sandbox.layout import DemoLayout
from authserver.sandbox.people import ALICE, BOB, Person
from tests.browser.test_every_page import hold_well_made
from tests.browser.test_look import Axe
from tests.support.demo_process import free_ports
from tests.support.servers import running, wait_until

pytestmark = pytest.mark.chromium


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoLayout]:
    """A running demo."""
    found = DemoLayout(tmp_path_factory.mktemp("demo"), free_ports())
    ports = found.ports
    numbers = f"{ports.server},{ports.server_mtls},{ports.bank},{ports.app}"
    log = found.folder / "log"
    with running([sys.executable, "-m", "tests.support.demo_process", str(found.folder), numbers], log):
        wait_until(lambda: "The demo runs" in log.read_text(), "the welcome", patience_seconds=60)
        yield found


def press(page: Page, selector: str) -> None:
    """Press a button and wait for the page it leads to, which may have the same address."""
    with page.expect_navigation():
        page.click(selector)


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page of a fresh visitor without JavaScript; whatever the content policy blocks fails the test."""
    context = chromium.new_context(ignore_https_errors=True, java_script_enabled=False)
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    yield opened
    context.close()
    # A refusal shown as an error page, with its status, is no complaint.
    assert [text for text in complaints if "Content Security Policy" in text] == []


def connect(page: Page, places: DemoLayout, person: Person, button: str) -> None:
    """Press a button of the app's first page, and sign in with the password."""
    page.goto(places.app)
    press(page, button)
    sign_in(page, places, person)


def sign_in(page: Page, places: DemoLayout, person: Person) -> None:
    """Sign in with the password."""
    assert page.url.startswith(f"{places.issuer}/login?")
    page.fill("#username", person.username)
    page.fill("#password", person.password)
    press(page, "#submit")


def enter_code(page: Page, places: DemoLayout, button: str = "#submit") -> None:
    """Type the code that the phone shows; one that was used before is refused, and only another is worth a try."""
    phone = page.context.new_page()
    path = urlsplit(page.url).path
    tried: set[str] = set()

    def accepted() -> bool:
        phone.goto(f"{places.app}/phone")
        code = phone.inner_text("#code")
        if code in tried:
            return False
        tried.add(code)
        page.fill("#totp", code)
        press(page, button)
        return urlsplit(page.url).path != path

    wait_until(accepted, "a code to be accepted", patience_seconds=65)
    phone.close()


def text_of(page: Page) -> str:
    """Return all that the main part holds, what is folded away too."""
    return page.text_content("main") or ""


def latest(page: Page) -> str:
    """Return the latest step, which comes first, with what is folded away."""
    return page.locator("section.technical").first.text_content() or ""


@pytest.mark.parametrize(
    ("button", "member", "scheme"), [("#connect", "x5t#S256", "Bearer"), ("#connect-dpop", "jkt", "DPoP")]
)
def test_a_person_connects_an_app_and_a_thief_gets_nothing(
    page: Page, places: DemoLayout, button: str, member: str, scheme: str
) -> None:
    connect(page, places, ALICE, button)
    enter_code(page, places)
    assert "Penny Planner" in page.inner_text("h1")
    press(page, "#approve")
    assert page.url == f"{places.app}/journey"
    shown = text_of(page)
    for what in ("request_uri", '"iss"', f'"{member}"', "Everyday account", '"payments"', f"Authorization: {scheme} "):
        assert what in shown
    assert "client_assertion = ey" in shown
    assert not [word for word in shown.split() if word.count(".") == 2 and len(word) > 100], "no token is shown whole"
    press(page, "#refresh")
    press(page, "#transactions")
    assert "Salary" in latest(page)
    press(page, "#steal")
    stolen = [text for text in page.locator("section.technical").all_text_contents() if "Use the stolen token" in text]
    assert len(stolen) == 2
    assert all("HTTP 401" in text and 'error="invalid_token"' in text for text in stolen)
    press(page, "#disconnect")
    assert page.inner_text("h1") == "Your bank is not connected"
    assert "HTTP 401" in latest(page)


def test_a_person_who_says_no_is_told_that_nothing_was_connected(page: Page, places: DemoLayout) -> None:
    connect(page, places, ALICE, "#connect")
    press(page, "#cancel")
    assert page.url == f"{places.app}/journey"
    assert page.inner_text("h1") == "Your bank is not connected"
    assert "access_denied" in text_of(page)


def test_a_person_pays_a_bill_and_the_app_can_pay_nothing_else(page: Page, places: DemoLayout) -> None:
    page.goto(places.app)
    press(page, "#pay")
    page.fill("#amount", "12.51")
    press(page, "#submit")
    sign_in(page, places, ALICE)
    shown = text_of(page)
    assert "12.51" in shown
    assert "Green Grocer" in shown
    enter_code(page, places, "#approve")
    assert page.inner_text("h1") == "Your payment is made"
    assert "12.51" in page.inner_text(".amount")
    steps = page.locator("section.technical").all_text_contents()
    outcomes = [text for text in steps if "POST https://localhost" in text]
    again, paid, more = outcomes[:3]
    assert "HTTP 403" in more
    assert "HTTP 201" in paid
    assert "HTTP 401" in again


def test_a_person_without_a_second_factor_is_told_what_is_missing(page: Page, places: DemoLayout) -> None:
    connect(page, places, BOB, "#connect")
    assert page.inner_text("h1") == "This needs more than a password"
    press(page, "#cancel")
    assert "unmet_authentication_requirements" in text_of(page)


def test_an_answer_that_was_not_asked_for_is_refused(page: Page, places: DemoLayout) -> None:
    page.goto(f"{places.app}/callback?code=stolen&state=guessed&iss={places.issuer}")
    assert "did not start a connection" in text_of(page)
    connect(page, places, ALICE, "#connect")
    page.goto(f"{places.app}/callback?code=stolen&state=guessed&iss={places.issuer}")
    assert "state is not the one that was sent" in text_of(page)


@pytest.mark.node
@pytest.mark.parametrize(
    "shown",
    ["/", "/phone", "/pay", "/limits", "/share", "/journey", "/callback?code=stolen&state=guessed", "/limits?wrong"],
)
def test_every_page_of_the_app_is_well_made(chromium: Browser, places: DemoLayout, axe: Axe, shown: str) -> None:
    context = chromium.new_context(ignore_https_errors=True)
    page = context.new_page()
    if shown == "/journey":
        connect(page, places, ALICE, "#connect")
        enter_code(page, places)
        press(page, "#approve")
    else:
        page.goto(places.app + shown)
    if shown == "/limits?wrong":
        page.fill("#each", "many")
        page.fill("#last_day", "tomorrow")
        press(page, "#submit")
        assert page.locator(":focus").inner_text().startswith("There is a problem")
        assert page.input_value("#each") == "many"
    hold_well_made(page, f"app-{shown.strip('/').replace('?', '-')[:20] or 'home'}", axe)
    context.close()
