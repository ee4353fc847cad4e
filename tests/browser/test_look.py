"""How each page is built: for small screens, large ones, light and dark, keyboards and readers of screens.

Set SCREENSHOTS to a folder to look at the pages yourself.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page

from tests.support import interop
from tests.support.visitor import Visitor, wrong_code

pytestmark = pytest.mark.chromium

WIDTHS = (320, 1280)
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
LEAST_TARGET = 44
SCREENSHOTS = os.environ.get("SCREENSHOTS")

FAULTS = (Path(__file__).parent / "page_faults.js").read_text()


def login(visitor: Visitor) -> None:
    visitor.start()


def login_refused(visitor: Visitor) -> None:
    visitor.start()
    visitor.sign_in("not-the-password")


def login_again(visitor: Visitor) -> None:
    visitor.reach_consent()
    visitor.start(prompt="login")


def login_for_an_app_with_a_long_name(visitor: Visitor) -> None:
    visitor.scene = replace(visitor.scene, app=visitor.scene.app_with_a_long_name)
    visitor.start(login_hint="x" * 200)


def consent_to_an_app_with_a_long_name(visitor: Visitor) -> None:
    visitor.scene = replace(visitor.scene, app=visitor.scene.app_with_a_long_name)
    visitor.reach_consent()


def second_factor(visitor: Visitor) -> None:
    visitor.start()
    visitor.sign_in()


def second_factor_refused(visitor: Visitor) -> None:
    visitor.start()
    visitor.sign_in()
    visitor.enter_code(wrong_code())


def second_factor_missing(visitor: Visitor) -> None:
    visitor.start()
    visitor.sign_in()


def consent(visitor: Visitor) -> None:
    visitor.reach_consent(scope="openid profile email accounts")


def posting_back(visitor: Visitor) -> None:
    # A site that answers with nothing new: the browser stays where it is.
    visitor.page.route(visitor.scene.site.callback, lambda route: route.fulfill(status=204))
    visitor.reach_consent(response_mode="form_post")
    visitor.page.click("#approve")
    visitor.page.wait_for_selector("#continue")


def stopped(visitor: Visitor) -> None:
    visitor.page.goto(f"{visitor.scene.server.issuer}/consent?interaction=unknown")


def not_found(visitor: Visitor) -> None:
    visitor.page.goto(f"{visitor.scene.server.issuer}/nowhere")


def link_used_up(visitor: Visitor) -> None:
    visitor.page.goto(
        f"{visitor.scene.server.issuer}/authorize?client_id=app&request_uri=urn:ietf:params:oauth:request_uri:x"
    )


def too_many_attempts(visitor: Visitor) -> None:
    visitor.start()
    for _ in range(11):
        visitor.sign_in("not-the-password")


def signing_out(visitor: Visitor) -> None:
    visitor.reach_consent()
    visitor.page.click("header >> text=Sign out")


def signed_out(visitor: Visitor) -> None:
    visitor.page.goto(f"{visitor.scene.server.issuer}/logout")


PAGES: dict[str, Callable[[Visitor], None]] = {
    way.__name__.replace("_", "-"): way
    for way in (
        login,
        login_refused,
        login_again,
        login_for_an_app_with_a_long_name,
        second_factor,
        second_factor_refused,
        second_factor_missing,
        consent,
        consent_to_an_app_with_a_long_name,
        posting_back,
        stopped,
        not_found,
        link_used_up,
        too_many_attempts,
        signing_out,
        signed_out,
    )
}


@pytest.fixture(params=PAGES)
def name(request: pytest.FixtureRequest) -> str:
    """The name of a page."""
    return str(request.param)


@pytest.fixture
def shown(name: str, new_visitor: Callable[..., Visitor]) -> Visitor:
    """A visitor before that page."""
    visitor = new_visitor(totp=name != "second-factor-missing")
    PAGES[name](visitor)
    return visitor


def views(page: Page, name: str) -> Iterator[str]:
    """Show a page at each width and in each theme, and say which."""
    for width, theme in product(WIDTHS, THEMES):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=theme)
        if SCREENSHOTS:
            page.screenshot(path=Path(SCREENSHOTS) / f"{name}-{width}-{theme}.png", full_page=True)
        yield f"{width} px, {theme}"


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.2-13")
def test_a_page_is_well_made_at_every_width_and_in_both_themes(shown: Visitor, name: str) -> None:
    page = shown.page
    assert page.get_attribute("html", "lang") == "en"
    assert page.title().endswith(" · Harbour Bank")
    assert (page.locator("h1").count(), page.locator("main").count()) == (1, 1)
    for view in views(page, name):
        assert page.evaluate(FAULTS, LEAST_TARGET) == [], view


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core, which knows what makes a page hard to use for people with disabilities."""
    interop.install()
    return (interop.FOLDER / "node_modules" / "axe-core" / "axe.min.js").read_text()


@pytest.mark.node
def test_axe_finds_nothing_against_a_page(shown: Visitor, name: str, axe: str) -> None:
    for view in views(shown.page, name):
        shown.page.evaluate(axe)
        result = shown.page.evaluate("() => axe.run(document, {resultTypes: ['violations', 'incomplete']})")
        found = [(each["id"], [node["html"][:90] for node in each["nodes"]]) for each in result["violations"]]
        assert len(result["passes"]) > 10, "axe has looked"
        assert found == [], view


@pytest.mark.node
def test_axe_would_find_something(new_visitor: Callable[..., Visitor], axe: str) -> None:
    visitor = new_visitor()
    visitor.start()
    visitor.page.evaluate("document.querySelector('label[for=username]').remove()")
    visitor.page.evaluate("document.querySelector('.aside').style.color = 'silver'")
    visitor.page.evaluate(axe)
    result = visitor.page.evaluate("() => axe.run()")
    assert {each["id"] for each in result["violations"]} >= {"label", "color-contrast"}


def test_the_search_for_faults_would_find_each(new_visitor: Callable[..., Visitor]) -> None:
    visitor = new_visitor()
    visitor.start()
    visitor.page.evaluate("""() => {
      document.querySelector('label[for=username]').remove();
      document.querySelector('h1').id = 'submit';
      Object.assign(document.querySelector('#cancel').style, {minHeight: '0', maxHeight: '20px'});
      document.querySelector('.party').style.width = '3000px';
      document.querySelector('#password').setAttribute('aria-describedby', 'nobody');
    }""")
    found = visitor.page.evaluate(FAULTS, LEAST_TARGET)
    kinds = {fault.partition(":")[0] for fault in found}
    assert {"scrolls sideways", "sticks out", "no label", "twice", "refers to nothing"} <= kinds
    assert any(" x " in kind for kind in kinds)
