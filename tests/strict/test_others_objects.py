"""Nobody reaches what is another person's: each form of each page, and each name of a thing in it, tried by another.

What is shown to alice is sent by mallory, who is signed in with two factors of her own: the form as it is, and the
names of alice's things with the token of mallory's own page.
"""

import html
import re
from collections.abc import Callable, Mapping

import pytest
from werkzeug.test import TestResponse

from authserver.web.pages.csrf import FIELD
from tests.support import tour
from tests.support.deployment import ISSUER, Deployment
from tests.support.hostile import check_answer, read_state
from tests.support.passkeys import enrol_passkey
from tests.support.person import HIDDEN, Person
from tests.support.relying_party import register, register_bank

_WALKS = (
    tour.sign_in_pages,
    tour.passkey_pages,
    tour.offer_pages,
    tour.missing_factor_pages,
    tour.consent_pages,
    tour.payment_pages,
    tour.account_pages,
    tour.invitation_pages,
)
_CONTROL = re.compile(r'<(?:button|input)[^>]*? name="([^"]+)"[^>]*? value="([^"]*)"')
_TYPED = {
    "username": "mallory", "new_password": "seven-quiet-herons-wade", "name": "Taken", "totp": "123456",
    "credential": "{}",
}  # fmt: skip
State = dict[str, list[tuple[object, ...]]]


def _mallory(deployment: Deployment) -> tuple[Person, str]:
    """Return mallory in a browser of her own, signed in, and her account's id."""
    account_id = deployment.add_person("mallory", totp=True)
    mallory = Person(deployment, "mallory")
    page = mallory.enter_code(mallory.sign_in(mallory.open("/account")))
    assert page.request.path == "/account"
    return mallory, account_id


def _things(page: TestResponse) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Return the hidden fields of a page, and each button and box with its value."""
    fields = {name: html.unescape(value) for name, value in HIDDEN.findall(page.text)}
    controls = [(name, html.unescape(value)) for name, value in _CONTROL.findall(page.text) if name not in fields]
    return fields, controls


def _post(person: Person, path: str, fields: Mapping[str, str]) -> TestResponse:
    return person.browser.post(path, data=fields, base_url=ISSUER, headers={"Origin": ISSUER})


def _of_others(state: State, account_id: str) -> State:
    """Return every row that is not this person's."""
    return {table: [row for row in rows if account_id not in row] for table, rows in state.items()}


@pytest.mark.spec("ASVS5-8.2.2", "RFC9700-4.7")
@pytest.mark.parametrize("walk", _WALKS)
def test_a_page_that_was_shown_to_one_person_is_neither_shown_to_nor_answered_by_another(
    new_deployment: Callable[..., Deployment], walk: tour.Walk
) -> None:
    deployment = new_deployment(limit_sign_in_address="", limit_second_factor_address="", limit_account_address="")
    mallory, account_id = _mallory(deployment)
    tried = set()
    for page in walk(deployment, "en"):
        if f'name="{FIELD}"' not in page.text:
            continue
        fields, controls = _things(page)
        before = _of_others(read_state(deployment.database), account_id)
        for name, value in controls or [("action", "")]:
            answer = _post(mallory, page.request.full_path, {**_TYPED, **fields, name: value})
            check_answer(answer)
            assert answer.status_code == 400, (page.request.path, name, value)
        if "interaction=" in page.request.full_path:
            shown = mallory.browser.get(page.request.full_path, base_url=ISSUER)
            assert shown.status_code == 400, page.request.path
        after = _of_others(read_state(deployment.database), account_id)
        assert after == before, page.request.path
        tried.add(page.request.path)
    assert tried


@pytest.mark.spec("ASVS5-8.2.2", "ASVS5-7.5.2", "ASVS5-10.7.3")
def test_the_names_of_anothers_things_are_as_unknown_as_those_of_none(
    new_deployment: Callable[..., Deployment],
) -> None:
    deployment = new_deployment(limit_account_person="", limit_account_address="")
    mallory, account_id = _mallory(deployment)
    alice = _with_something_of_each_kind(deployment)
    hers = _named_things(alice)
    assert {each[0] for each in hers} == {
        "/account/methods", "/account/sessions", "/account/apps", "/account/generator", "/account/passkeys",
    }  # fmt: skip
    before = _of_others(read_state(deployment.database), account_id)

    for path, fields in hers:
        own = mallory.open(path)
        token = _things(own)[0].get(FIELD) or _things(mallory.open("/account/password"))[0][FIELD]
        for action in ("", "rename", "remove_passkey", "remove_generator", "end_one", "approve"):
            answer = _post(mallory, path, {**_TYPED, "action": action, **fields, FIELD: token})
            check_answer(answer)
            assert answer.status_code in {303, 400, 404}, (path, fields)
            assert _of_others(read_state(deployment.database), account_id) == before, (path, action, fields)
        query = "&".join(f"{name}={value}" for name, value in fields.items())
        shown = mallory.browser.get(f"{path}?{query}", base_url=ISSUER)
        assert "alice" not in shown.text

    token = _things(alice.open("/account/password"))[0][FIELD]
    for path, fields in hers:  # they are names by which alice herself changes something
        if path in {"/account/sessions", "/account/apps"}:
            assert _post(alice, path, {**fields, FIELD: token}).status_code == 303
            after = _of_others(read_state(deployment.database), account_id)
            assert (after["sessions"], after["consents"]) != (before["sessions"], before["consents"])


def _with_something_of_each_kind(deployment: Deployment) -> Person:
    """Return alice at her account, with an app, another session and a passkey."""
    register_bank(deployment)
    Person(deployment).approve(register(deployment).authorization_url(scope="openid accounts"))
    deployment.wait(30)
    enrol_passkey(deployment, "alice")
    alice = Person(deployment)
    page = alice.sign_in(alice.open("/account/methods"))
    alice.enter_code(alice.open(page.request.full_path.replace("/login/passkey", "/login/totp")))
    return alice


def _named_things(alice: Person) -> list[tuple[str, dict[str, str]]]:
    """Return the fields that name something of alice's, each with the address that takes it."""
    apps = re.findall(r'href="/account/apps\?(permission|stop)=([^"]+)"', alice.open("/account/apps").text)
    named = [("/account/apps", {name.replace("stop", "client"): html.unescape(value)}) for name, value in apps]
    for path, names in (
        ("/account/methods", ("passkey",)),
        ("/account/sessions", ("session",)),
        ("/account/generator", ("ticket",)),
        ("/account/passkeys", ("ceremony",)),
    ):
        fields, controls = _things(alice.open(path))
        pairs = [*fields.items(), *controls]
        named += [(path, {name: value}) for name, value in pairs if name in names]
    return named
