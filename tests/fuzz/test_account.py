"""Hostile fields in the forms of a person's own account, which name things to look up: on both kinds of database."""

from itertools import product

import pytest

from authserver.db.engine import Database
from authserver.web.pages.csrf import FIELD
from tests.support.deployment import ISSUER, deploy
from tests.support.hostile import SPECIALS, check_answer, encode_form, read_state
from tests.support.passkeys import enrol_passkey
from tests.support.person import HIDDEN, Person

FORMS = [
    ("/account/methods", {"action": "rename", "name": "Mine"}, "passkey"),
    ("/account/methods", {"action": "remove_passkey"}, "passkey"),
    ("/account/sessions", {"action": "end_one"}, "session"),
    ("/account/apps", {}, "client"),
    ("/account/generator", {"totp": "123456"}, "ticket"),
    ("/account/passkeys", {"ceremony": "00"}, "credential"),
    ("/account/password", {"password": "x"}, "new_password"),
]
VALUES = ["\x00", "a\x00b", "\udc80", "x" * 5000, "\uff11" * 6, *SPECIALS]


@pytest.mark.spec("RFC6749-10.14-1")
def test_what_names_nothing_changes_nothing(database: Database, database_url: str) -> None:
    either = deploy(database, database_url, limit_account_person="")
    enrol_passkey(either, "alice")
    alice = Person(either)
    page = alice.sign_in(alice.open("/account/methods"))
    page = alice.enter_code(alice.open(page.request.full_path.replace("/login/passkey", "/login/totp")))
    assert page.request.path == "/account/methods", page.text
    token, before = dict(HIDDEN.findall(page.text))[FIELD], read_state(either.database)

    for (path, form, name), value in product(FORMS, VALUES):
        answer = alice.browser.post(
            path,
            data=encode_form({FIELD: token, **form}, {name: [value, value]}),
            content_type="application/x-www-form-urlencoded",
            base_url=ISSUER,
            headers={"Origin": ISSUER},
        )
        check_answer(answer)
        assert answer.status_code in ({400} if "\x00" in value else {303, 400}), (path, name, value)

    assert read_state(either.database) == before
