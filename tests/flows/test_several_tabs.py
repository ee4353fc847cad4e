"""Several requests of one app in one browser, each in a tab of its own."""

from typing import Final

import pytest

from tests.support.deployment import Deployment
from tests.support.person import Person, code_of
from tests.support.relying_party import register, register_bank

TABS: Final = 12


@pytest.mark.spec("OIDCC-3.1.2.4")
def test_what_is_allowed_in_every_tab_at_once_is_answered_in_every_tab(either: Deployment) -> None:
    register_bank(either)
    app, alice = register(either), Person(either)
    alice.approve(app.authorization_url())
    pages = [alice.open(app.authorization_url(prompt="consent")) for _ in range(TABS)]

    answers = [alice.send(page, decision="approve").headers["Location"] for page in pages]

    assert len({code_of(answer) for answer in answers}) == TABS
