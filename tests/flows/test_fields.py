"""Every field of every page says what it is for, so that managers and phones fill it in; nothing is chosen."""

import re

import pytest

from authserver.db.engine import Database
from tests.support import tour
from tests.support.deployment import deploy

_INPUT = re.compile(r"<input\s[^>]*>")
_ATTRIBUTE = re.compile(r'([a-z-]+)="([^"]*)"')
PURPOSES = {
    "username": {"username webauthn", "username"},  # the latter beside a new password, for the manager to keep both
    "password": {"current-password"},
    "new_password": {"new-password"},
    "totp": {"one-time-code"},
    "recovery_code": {"off"},
}


@pytest.mark.parametrize("walk", tour.EVERY, ids=lambda walk: walk.__name__)
def test_each_field_names_its_purpose_and_nothing_is_chosen_for_the_person(
    walk: tour.Walk, sqlite_database: Database, sqlite_url: str
) -> None:
    deployment = deploy(sqlite_database, sqlite_url)
    for page in walk(deployment, "en"):
        for field in (dict(_ATTRIBUTE.findall(tag)) | {"tag": tag} for tag in _INPUT.findall(page.text)):
            if field["type"] == "hidden":
                continue
            wanted = PURPOSES.get(field["name"])
            assert wanted is None or field.get("autocomplete") in wanted, field["tag"]
            assert " checked" not in field["tag"]
            if field["name"] == "totp":
                assert (field["inputmode"], field["type"]) == ("numeric", "text")
                assert int(field["maxlength"]) > len("123 456\n")
        assert " selected" not in page.text
