"""Each number among the settings has a least and a most; one beyond them stops the start, by name."""

from pathlib import Path
from typing import get_args

import pytest
from msgspec import Meta

from authserver.db.engine import Database
from authserver.settings.load import SettingsError, load_settings_from
from authserver.settings.model import FIELDS
from tests.flows.test_account import visit
from tests.support.deployment import deploy
from tests.support.person import Person, code_of
from tests.support.relying_party import register, register_bank

BOUNDS = {name: mark for name, field in FIELDS.items() for mark in get_args(field.type) if isinstance(mark, Meta)}
NUMBERS = {name: FIELDS[name] for name in BOUNDS}
LIFETIMES = sorted(name for name in NUMBERS if name.endswith("_lifetime") or name.startswith("session_"))
MILLISECONDS = 1000


def bounds(name: str) -> tuple[int, int]:
    """Return the least and the most that a setting may be."""
    least, most = BOUNDS[name].ge, BOUNDS[name].le
    assert isinstance(least, int)
    assert isinstance(most, int)
    return least, most


def refusal(tmp_path: Path, name: str, value: int) -> str:
    """Return what whoever starts a server with this value is told."""
    path = tmp_path / "authserver.toml"
    path.write_text(f"{name.upper()} = {value}\n")
    with pytest.raises(SettingsError) as refused:
        load_settings_from(path)
    return str(refused.value)


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_beyond_its_bounds_stops_the_start(tmp_path: Path, name: str) -> None:
    least, most = bounds(name)
    assert least <= NUMBERS[name].default <= most
    for value in (least - 1, most + 1, -1, 10**18, 10**30):
        told = refusal(tmp_path, name, value)
        assert told == f"{name.upper()} was {value}; it may be: a whole number from {least} to {most}"


@pytest.mark.parametrize("name", LIFETIMES)
def test_a_lifetime_that_was_meant_in_milliseconds_stops_the_start(tmp_path: Path, name: str) -> None:
    assert name.upper() in refusal(tmp_path, name, NUMBERS[name].default * MILLISECONDS)


@pytest.mark.parametrize("port", ["0", "65536", "9" * 40, "8443x", ""])
def test_an_address_that_cannot_be_reached_stops_the_start(tmp_path: Path, port: str) -> None:
    path = tmp_path / "authserver.toml"
    path.write_text(f'FETCH_ALLOW = "keys.example:{port}"\n')
    with pytest.raises(SettingsError, match="FETCH_ALLOW"):
        load_settings_from(path)


@pytest.mark.parametrize("end", [0, 1], ids=["the least", "the most"])
def test_a_server_works_at_either_end_of_its_lifetimes(sqlite_database: Database, sqlite_url: str, end: int) -> None:
    deployment = deploy(sqlite_database, sqlite_url, **{name: bounds(name)[end] for name in LIFETIMES})
    register_bank(deployment)
    app, alice = register(deployment), Person(deployment)
    tokens = app.redeem(code_of(alice.approve(app.authorization_url()))).json
    assert app.refresh(tokens["refresh_token"]).status_code == 200
    assert visit(alice, "/account/apps").status_code == 200
    assert visit(alice, "/account/sessions").status_code == 200
