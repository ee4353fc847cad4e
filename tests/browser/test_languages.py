"""The pages in a real Chromium, in each language: as well made as in English, and changed by a link on any of them."""

import os
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest

from authserver.messages import LANGUAGES
from authserver.web.i18n import NATIVE_NAMES
from tests.browser.test_look import FAULTS, LEAST_TARGET, THEMES, WIDTHS
from tests.support import interop
from tests.support.visitor import Visitor, wrong_code

pytestmark = [pytest.mark.chromium, pytest.mark.node]

SCREENSHOTS = os.environ.get("SCREENSHOTS")


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core."""
    interop.install()
    return (interop.FOLDER / "node_modules" / "axe-core" / "axe.min.js").read_text()


def look(visitor: Visitor, language: str, name: str, axe: str) -> None:
    """Hold that the page shown is in a language and well made, at every width and in both themes."""
    page = visitor.page
    assert page.get_attribute("html", "lang") == language
    if name != "not-found":  # an error page offers no other language
        assert page.get_attribute("footer [aria-current]", "lang") == language
    for width, theme in product(WIDTHS, THEMES):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=theme)
        if SCREENSHOTS:
            page.screenshot(path=Path(SCREENSHOTS) / f"{name}-{language}-{width}-{theme}.png", full_page=True)
        assert page.evaluate(FAULTS, LEAST_TARGET) == [], (name, width, theme)
        page.evaluate(axe)
        found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
        assert [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]] == [], (name, width, theme)


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_pages_are_well_made_in_every_language(new_visitor: Callable[..., Visitor], language: str, axe: str) -> None:
    visitor = new_visitor()
    visitor.start(scope="openid profile email accounts")
    visitor.page.click(f"footer >> text={NATIVE_NAMES[language]}")
    look(visitor, language, "login", axe)
    visitor.sign_in("not-the-password")
    look(visitor, language, "login-refused", axe)
    visitor.sign_in()
    look(visitor, language, "second-factor", axe)
    visitor.enter_code(wrong_code())
    look(visitor, language, "second-factor-refused", axe)
    visitor.enter_code()
    look(visitor, language, "consent", axe)
    visitor.page.goto(f"{visitor.scene.server.issuer}/nowhere")
    look(visitor, language, "not-found", axe)


def test_the_choice_of_a_language_leaves_the_sign_in_where_it_was(visitor: Visitor) -> None:
    visitor.reach_consent()
    for language in (*LANGUAGES[1:], LANGUAGES[0]):
        visitor.page.click(f"footer >> text={NATIVE_NAMES[language]}")
        assert visitor.page.get_attribute("html", "lang") == language
        assert visitor.page.url.startswith(visitor.scene.server.issuer + "/consent?interaction=")
        assert "lang=" not in visitor.page.url
    visitor.page.click("#approve")
    assert "code" in visitor.answer()
