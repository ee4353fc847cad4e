"""A deployment's own logo and colour: on every page under the policy as it is; what fails stops the start."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.assets import find_assets
from authserver.db.engine import Database
from authserver.settings.load import SettingsError, load_settings_from
from authserver.web.pages.brand import DARK_GROUNDS, LARGEST_LOGO_BYTES, LIGHT_GROUNDS, contrast, is_accent, lighten
from authserver.web.pages.page import Site, load_pages
from tests.support.deployment import deploy
from tests.support.person import Person
from tests.support.pictures import draw_png

PLUM = "#6b2d7d"
LOGO = r'<img class="logo" src="(/static/logo\.[0-9a-f]{16}\.png)" alt="Harbour &lt;Bank&gt;">'
COLOURS = st.binary(min_size=3, max_size=3).map(lambda octets: f"#{octets.hex()}")
PICTURES = {
    "a picture that can run scripts": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "a name alone": b"not a picture",
    "nothing": b"",
    "another container": b"RIFF\x00\x00\x00\x00WAVE",
    "too large": draw_png() + bytes(LARGEST_LOGO_BYTES),
}


def refusal(folder: Path, line: str) -> str:
    """Return what whoever starts a server with this line is told."""
    path = folder / "authserver.toml"
    path.write_text(line)
    with pytest.raises(SettingsError) as refused:
        load_settings_from(path)
    return str(refused.value)


def test_logo_and_colour_are_on_every_page_and_the_policy_stays(
    sqlite_database: Database, sqlite_url: str, tmp_path: Path
) -> None:
    logo = tmp_path / "logo.svg"  # what it is, its octets say
    logo.write_bytes(draw_png())
    own_sheet = load_pages(Site("Harbour Bank")).static.urls["authserver.css"]
    deployment = deploy(sqlite_database, sqlite_url, site_name="Harbour <Bank>", logo_file=logo, accent_colour=PLUM)
    person = Person(deployment)
    page = person.open("/nowhere")
    shown = re.search(LOGO, page.text)
    assert shown
    picture = person.open(shown[1])
    assert (picture.status_code, picture.data) == (200, draw_png())
    assert picture.headers["Content-Type"] == "image/png"
    assert picture.headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in picture.headers["Cache-Control"]
    [sheet] = re.findall(r'href="(/static/authserver\.[0-9a-f]{16}\.css)"', page.text)
    assert sheet != own_sheet
    rules = person.open(sheet).text
    assert rules.endswith(
        f":root {{ --accent: {PLUM}; }}\n\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ --accent: {lighten(PLUM)}; }} }}\n"
    )
    assert "style=" not in page.text
    assert "<style" not in page.text
    assert "style-src 'self';" in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize("kind", PICTURES)
def test_a_file_that_is_no_such_picture_stops_the_start(tmp_path: Path, kind: str) -> None:
    (tmp_path / "logo.png").write_bytes(PICTURES[kind])
    told = refusal(tmp_path, f'LOGO_FILE = "{tmp_path}/logo.png"')
    assert told.startswith("LOGO_FILE was ")
    assert "it may be: the path of a PNG, JPEG or WebP picture of at most 100 kB" in told


def test_no_file_and_no_file_that_is_a_folder_is_a_logo(tmp_path: Path) -> None:
    assert "LOGO_FILE was" in refusal(tmp_path, f'LOGO_FILE = "{tmp_path}/missing.png"')
    assert "LOGO_FILE was" in refusal(tmp_path, f'LOGO_FILE = "{tmp_path}"')


@pytest.mark.parametrize("colour", ["teal", "#0b5a5", "#0b5a57;}body{display:none", "#777777", "#66d1ca", "#0b5a57\n"])
def test_a_colour_that_cannot_be_read_stops_the_start(tmp_path: Path, colour: str) -> None:
    told = refusal(tmp_path, f"ACCENT_COLOUR = '''{colour}'''")
    assert told.startswith(f"ACCENT_COLOUR was {colour!r}; it may be: a colour such as `#0b5a57`")
    assert "4.5:1" in told


def test_a_dark_theme_has_a_measure_of_its_own(tmp_path: Path) -> None:
    assert "ACCENT_COLOUR_DARK was '#0b5a57'; it may be" in refusal(tmp_path, 'ACCENT_COLOUR_DARK = "#0b5a57"')
    path = tmp_path / "authserver.toml"
    path.write_text('ACCENT_COLOUR = "#0B5A57"\nACCENT_COLOUR_DARK = "#66d1ca"\n')
    assert load_settings_from(path).accent_colour_dark == "#66d1ca"


@given(COLOURS)
def test_any_colour_can_be_made_light_enough_for_the_dark_theme(colour: str) -> None:
    assert is_accent(lighten(colour), DARK_GROUNDS)


def test_the_measure_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == contrast("#ffffff", "#000000") == 21
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)


def test_the_grounds_are_those_of_the_stylesheet() -> None:
    light, dark = (find_assets("templates") / "static/authserver.css").read_text().split("@media", 2)[:2]
    names = ("paper", "surface", "danger-ground", "caution-ground")
    for rules, grounds in ((light, LIGHT_GROUNDS), (dark, DARK_GROUNDS)):
        assert tuple(re.findall(rf"--{name}: (#\w+)", rules)[0] for name in names) == grounds
        assert re.findall(r"--on-accent: (#\w+)", rules)[0] in grounds
        assert is_accent(re.findall(r"--accent: (#\w+)", rules)[0], grounds)
