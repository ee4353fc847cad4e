"""Pages with a deployment's own logo and colours, which everyone can still see and read."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from authserver.db.engine import Database
from tests.browser.test_every_page import Stage, hold_well_made, page
from tests.browser.test_look import Axe
from tests.support.deployment import deploy
from tests.support.person import Person
from tests.support.pictures import draw_png
from tests.support.relying_party import register, register_bank

__all__ = ["page"]  # a fixture
pytestmark = [pytest.mark.chromium, pytest.mark.node]


@pytest.mark.parametrize("accent", ["#6b2d7d", "#000000", "#b3261e"])
def test_pages_in_own_colours_are_well_made(
    page: Page, sqlite_database: Database, sqlite_url: str, tmp_path: Path, axe: Axe, accent: str
) -> None:
    (tmp_path / "logo").write_bytes(draw_png(400, 60))
    looks = {"accent_colour": accent, "logo_file": tmp_path / "logo", "site_name": "Harbour Bank"}
    deployment = deploy(sqlite_database, sqlite_url, **looks)
    register_bank(deployment)
    stage, alice = Stage(page, deployment.app.test_client()), Person(deployment)
    first = alice.open(register(deployment).authorization_url(scope="openid accounts"))
    name = accent.lstrip("#")
    stage.show(first)
    assert page.get_by_role("img", name="Harbour Bank").evaluate("picture => picture.naturalWidth") == 400
    hold_well_made(page, f"brand-{name}-login", axe)
    stage.show(alice.enter_code(alice.sign_in(first)))
    hold_well_made(page, f"brand-{name}-consent", axe)
    for path in ("/account", "/account/sessions", "/nowhere"):
        stage.show(alice.open(path))
        hold_well_made(page, f"brand-{name}-{path.rpartition('/')[2]}", axe)
