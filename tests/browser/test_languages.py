"""The language of the pages in a real Chromium, changed by a link on any of them."""

import pytest

from authserver.messages import LANGUAGES
from authserver.web.pages.i18n import NATIVE_NAMES
from tests.support.visitor import Visitor

pytestmark = pytest.mark.chromium


def test_the_choice_of_a_language_leaves_the_sign_in_where_it_was(visitor: Visitor) -> None:
    visitor.reach_consent()
    for language in (*LANGUAGES[1:], LANGUAGES[0]):
        visitor.page.click(f"footer >> text={NATIVE_NAMES[language]}")
        assert visitor.page.get_attribute("html", "lang") == language
        assert visitor.page.url.startswith(visitor.scene.server.issuer + "/consent?interaction=")
        assert "lang=" not in visitor.page.url
    visitor.page.click("#approve")
    assert "code" in visitor.answer()
