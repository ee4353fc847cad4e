"""Every page of the tour in a real Chromium: what axe-core and our own eyes find wrong, in each language and theme.

The pages come from an application in this process, in the states that `tests/support/tour.py` walks through, and the
browser shows them at their own addresses. Set SCREENSHOTS to a folder to look at them yourself.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route
from werkzeug.test import Client, TestResponse

from authserver.db.engine import Database
from authserver.messages import LANGUAGES
from tests.browser.test_look import FAULTS, LEAST_TARGET, THEMES, WIDTHS, Axe
from tests.support import tour
from tests.support.deployment import ISSUER, Deployment, deploy

pytestmark = [pytest.mark.chromium, pytest.mark.node]

SCREENSHOTS = os.environ.get("SCREENSHOTS")
# What a person may open, and what a script may show: axe sees nothing in what is hidden.
SHOW_ALL = """() => {
  document.querySelectorAll('details').forEach(each => { each.open = true; });
  const asleep = 'form[data-passkey], form[data-passkey] > .notice';
  document.querySelectorAll(asleep).forEach(each => { each.hidden = false; });
}"""
STYLED = """() => new Promise(done => {
  const isStyled = () => document.readyState !== 'loading' && document.querySelector('link[rel=stylesheet]').sheet;
  const look = () => isStyled() ? done() : setTimeout(look, 10);
  look();
})"""
DIALOGS = {
    "warning": "() => document.getElementById('idle').showModal()",
    "over": """() => {
      const dialog = document.getElementById('idle');
      dialog.querySelector('[data-idle=warning]').hidden = true;
      dialog.querySelector('[data-idle=over]').hidden = false;
      dialog.setAttribute('aria-labelledby', 'idle-over');
    }""",
}


class Stage:
    """A browser page on which answers of an application are shown as if they came over the network."""

    def __init__(self, page: Page, static: Client) -> None:
        self.page, self._static = page, static
        self._shown: TestResponse | None = None
        page.route("**/*", self._answer)

    def show(self, answer: TestResponse) -> None:
        """Show a page at the address it was asked for at."""
        self._shown = answer
        # A page that goes on by itself never finishes loading.
        self.page.goto(ISSUER + answer.request.full_path, wait_until="commit")
        self.page.evaluate(STYLED)

    def _answer(self, route: Route) -> None:
        if not route.request.is_navigation_request():
            found = self._static.get(urlsplit(route.request.url).path, base_url=ISSUER)
            route.fulfill(status=found.status_code, headers=dict(found.headers), body=found.data)
        elif route.request.method == "GET" and self._shown is not None:
            answer, self._shown = self._shown, None
            route.fulfill(status=answer.status_code, headers=dict(answer.headers), body=answer.data)
        else:  # the page goes on by itself, back to an app
            route.fulfill(status=204)


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """An empty page of the browser; in the end it may have had no errors but the statuses of the pages."""
    context = chromium.new_context()
    page, errors = context.new_page(), list[str]()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    yield page
    context.close()
    assert [error for error in errors if "the server responded with a status of 4" not in error] == []


@pytest.fixture
def deployment(sqlite_database: Database, sqlite_url: str) -> Deployment:
    """A deployment with a name and a place for help."""
    return deploy(sqlite_database, sqlite_url, site_name="Harbour Bank", help_url="https://help.example/")


@pytest.fixture
def stage(page: Page, deployment: Deployment) -> Stage:
    """The browser's page, with what the deployment answers on it."""
    return Stage(page, deployment.app.test_client())


def hold_well_made(page: Page, name: str, axe: Axe) -> None:
    """Hold that nothing is wrong with what a page shows, in both themes; test_look.py sees each theme at each width."""
    for width, theme in zip(WIDTHS, THEMES, strict=True):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=theme)
        if SCREENSHOTS:
            page.screenshot(path=Path(SCREENSHOTS) / f"{name}-{width}-{theme}.png", full_page=True)
        assert page.evaluate(FAULTS, LEAST_TARGET) == [], (name, page.url, width, theme)
        assert axe(page) == [], (name, page.url, width, theme)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("walk", tour.EVERY, ids=lambda walk: walk.__name__)
def test_nothing_is_wrong_with_any_page_in_any_language_and_theme(
    walk: tour.Walk, language: str, deployment: Deployment, stage: Stage, axe: Axe
) -> None:
    for number, answer in enumerate(walk(deployment, language), 1):
        stage.show(answer)
        assert stage.page.get_attribute("html", "lang") == language
        stage.page.evaluate(SHOW_ALL)
        hold_well_made(stage.page, f"{walk.__name__}-{number:02}-{language}", axe)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_wrong_with_the_warning_before_a_session_ends(
    language: str, deployment: Deployment, stage: Stage, axe: Axe
) -> None:
    person = tour.arrives(deployment, language)
    stage.show(person.enter_code(person.sign_in(person.open("/account"))))
    for state, script in DIALOGS.items():
        stage.page.evaluate(script)
        hold_well_made(stage.page, f"idle-{state}-{language}", axe)
