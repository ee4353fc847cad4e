"""Every kind of answer to an authorization request, octet for octet, and what is stored of a request on the way."""

import re
from itertools import product
from urllib.parse import quote, urlencode

import pytest
from sqlalchemy import insert, select, update
from werkzeug.test import TestResponse

from authserver.db.tables.authorization import pushed_requests
from authserver.protocol.handles import hash_handle
from tests.support.deployment import ISSUER, PASSWORD, Deployment
from tests.support.login_app import finish, is_error_page, plain_url, register_login_app
from tests.support.person import Person
from tests.support.relying_party import REDIRECT_URI, VERIFIER, RelyingParty, challenge_of

_ISS = quote(ISSUER, safe="")
_PREFIX = "urn:ietf:params:oauth:request_uri:"
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache", "Referrer-Policy": "no-referrer"}
_STORED = (
    '{"client_id":"%(client_id)s","redirect_uri":"%(redirect_uri)s","redirect_uri_sent":%(sent)s,'
    '"response_type":"%(response_type)s","response_mode":"%(response_mode)s","scope":%(scope)s,"state":%(state)s,'
    '"nonce":%(nonce)s,"code_challenge":%(code_challenge)s,"dpop_jkt":null,"resources":[],'
    '"demand":{"prompts":[],"max_age":null,"acr":null,"acr_essential":false},"login_hint":null,"hinted_subject":null,'
    '"ui_locales":[],"claims":{"id_token":[],"userinfo":[],"acr_values":[],"acr_essential":false,"subject":null},'
    '"authorization_details":[]}'
)
_FROM_APP = _STORED % {
    "client_id": "app",
    "redirect_uri": REDIRECT_URI,
    "sent": "true",
    "response_type": "code",
    "response_mode": "query",
    "scope": '["openid"]',
    "state": '"state-123"',
    "nonce": '"nonce-456"',
    "code_challenge": f'"{challenge_of(VERIFIER)}"',
}
_FROM_OUR_PAGE = _STORED % {
    "client_id": "authserver-account",
    "redirect_uri": f"{ISSUER}/account/methods",
    "sent": "true",
    "response_type": "none",
    "response_mode": "query",
    "scope": "[]",
    "state": "null",
    "nonce": "null",
    "code_challenge": "null",
}


def _told(response: TestResponse) -> str:
    """Return where a redirect leads, whatever the code; every one of them is kept by no cache and no referrer."""
    assert response.status_code == 303
    assert {name: response.headers[name] for name in _NO_STORE} == _NO_STORE
    return re.sub(r"code=[\w-]{43}&", "code=CODE&", response.headers["Location"])


def _store(deployment: Deployment, client_id: str, text: str) -> str:
    """Store a request as a server of before did, and return where its browser goes with it."""
    reference = f"{_PREFIX}{client_id}-of-before"
    row = {"request_uri_hash": hash_handle(reference), "client_id": client_id, "request": text}
    times = {"created_at": deployment.now, "expires_at": deployment.now + 90}
    with deployment.database.transaction() as connection:
        connection.execute(insert(pushed_requests), {**row, **times})
    return "/authorize?" + urlencode({"client_id": client_id, "request_uri": reference})


def _kept(deployment: Deployment) -> list[str]:
    with deployment.database.read() as connection:
        return list(connection.execute(select(pushed_requests.c.request)).scalars())


@pytest.fixture
def plain(deployment: Deployment) -> RelyingParty:
    """An app that sends its requests in the clear."""
    return register_login_app(deployment)


@pytest.fixture
def bob(deployment: Deployment) -> Person:
    """Bob, with a password alone."""
    return Person(deployment, "bob")


@pytest.mark.spec("RFC6749-4.1.2-4", "RFC9207-2-1")
def test_a_code_and_a_refusal_in_the_query(app: RelyingParty, alice: Person) -> None:
    assert _told(finish(alice, alice.open(app.authorization_url()), "deny")) == (
        f"{REDIRECT_URI}?error=access_denied&error_description=The%20person%20did%20not%20allow%20it."
        f"&state=state-123&iss={_ISS}"
    )
    granted = finish(alice, alice.open(app.authorization_url()))
    assert _told(granted) == f"{REDIRECT_URI}?code=CODE&state=state-123&iss={_ISS}"
    assert granted.headers["Content-Type"] == "text/html; charset=utf-8"
    assert granted.data == b""


@pytest.mark.spec("OAUTH-MRT-2.1")
def test_a_mode_that_no_profile_permits_is_refused_in_the_query(plain: RelyingParty, alice: Person) -> None:
    for mode in ("query ", "jws", "web_message", "form_post "):
        assert _told(alice.open(plain_url(plain, response_mode=mode))) == (
            f"{REDIRECT_URI}?error=invalid_request&error_description=The%20response_mode%20must%20be%20one%20of%3A%20"
            f"form_post%2C%20form_post.jwt%2C%20fragment%2C%20fragment.jwt%2C%20jwt%2C%20query%2C%20query.jwt.&state=state-123&iss={_ISS}"
        )


@pytest.mark.spec("RFC6749-4.1.2.1-2")
def test_a_refusal_before_any_page(plain: RelyingParty, alice: Person) -> None:
    assert _told(alice.open(plain_url(plain, response_type="token", state=None))) == (
        f"{REDIRECT_URI}?error=unsupported_response_type&error_description=The%20response_type%20must%20be%20code."
        f"&iss={_ISS}"
    )
    posted = alice.open(plain_url(plain, response_mode="form_post", scope="openid nonsense"))
    assert re.findall(r'name="(\w+)" value="([^"]*)"', posted.text) == [
        ("error", "invalid_scope"),
        ("error_description", "The scope is more than this client may ask for."),
        ("state", "state-123"),
        ("iss", ISSUER),
    ]


@pytest.mark.spec("OAUTH-FORM-POST-2")
def test_a_code_in_a_form(plain: RelyingParty, alice: Person) -> None:
    page = finish(alice, alice.open(plain_url(plain, response_mode="form_post")))
    assert page.headers["Cache-Control"] == "no-store"
    form = re.sub(r'value="[\w-]{43}"', 'value="CODE"', page.text.partition("<h1>")[2].partition("</main>")[0])
    assert form == (
        "You are going back to Tiny Ledger</h1>\n"
        "  <p>If nothing happens, use the button.</p>\n"
        f'  <form id="answer" method="post" action="{REDIRECT_URI}">\n'
        '      <input type="hidden" name="code" value="CODE">\n'
        '      <input type="hidden" name="state" value="state-123">\n'
        f'      <input type="hidden" name="iss" value="{ISSUER}">\n'
        '    <div class="buttons single">\n'
        '      <button id="continue" type="submit" class="primary">Continue to Tiny Ledger</button>\n'
        "    </div>\n"
        "  </form>\n"
        "  "
    )


def test_one_of_our_own_pages_is_answered_with_the_way_to_it(bob: Person) -> None:
    page = bob.open("/account/password")
    assert "Sign in to your account" in page.text
    assert "party-name" not in page.text
    onward = bob.send(page, username="bob", password=PASSWORD)
    back = bob.browser.get(onward.headers["Location"], base_url=ISSUER)
    assert _told(back) == f"{ISSUER}/account/password?"


def test_one_of_our_own_pages_is_told_of_a_refusal(bob: Person) -> None:
    onward = bob.send(bob.open("/account"), action="cancel")
    back = bob.browser.get(onward.headers["Location"], base_url=ISSUER)
    assert _told(back) == (
        f"{ISSUER}/account?error=access_denied&error_description=The%20person%20did%20not%20allow%20it.&iss={_ISS}"
    )


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({}, "invalid_request"),
        ({"redirect_uri": f"{ISSUER}/account", "response_type": "none"}, "invalid_request"),
        ({"request_uri": "abc"}, "invalid_request_uri"),
        ({"request_uri": "https://app.example/r"}, "invalid_request_uri"),
        ({"request_uri": f"{_PREFIX}nobodys"}, "invalid_request_uri"),
        ({"request_uri": f"{_PREFIX}own.x"}, "invalid_request_uri"),
    ],
)
@pytest.mark.spec("RFC9126-4-3")
def test_nobody_else_asks_for_a_page_of_ours(shared: Deployment, parameters: dict[str, str], code: str) -> None:
    visitor = shared.app.test_client()
    asked = {"client_id": "authserver-account", **parameters}
    assert is_error_page(visitor.get("/authorize?" + urlencode(asked), base_url=ISSUER), code)
    posted = visitor.post("/authorize", data=asked, base_url=ISSUER)
    if "request_uri" in parameters:
        assert _told(posted) == "/authorize?" + urlencode(asked)
    else:
        assert is_error_page(posted, code)


def test_a_reference_of_an_app_leads_to_no_page_of_ours(app: RelyingParty, bob: Person) -> None:
    url = app.authorization_url().replace("client_id=app", "client_id=authserver-account")
    assert "authserver-account" in url
    assert is_error_page(bob.open(url), "invalid_request_uri")


@pytest.mark.spec("RFC6749-5.2-1")
def test_our_own_pages_have_no_credential(app: RelyingParty) -> None:
    paths = ("/par", "/token", "/introspect", "/revoke")
    forms: tuple[dict[str, str], ...] = ({}, {"client_secret": "x"})
    for path, form in product(paths, forms):
        refused = app.send(path, {"client_id": "authserver-account", **form}, certificate=app.certificate)
        unknown = app.send(path, {"client_id": "nobody-at-all", **form}, certificate=app.certificate)
        assert (refused.status_code, refused.json["error"]) == (401, "invalid_client")
        assert {**refused.json, "correlation_id": ""} == {**unknown.json, "correlation_id": ""}


def test_what_is_stored_of_a_request_is_what_was(app: RelyingParty, bob: Person) -> None:
    app.push(scope="openid")
    bob.open("/account/methods")
    assert _kept(app.deployment) == [_FROM_APP, _FROM_OUR_PAGE]


@pytest.mark.spec("RFC9126-4-1")
def test_a_request_stored_by_a_server_of_before_is_carried_out(app: RelyingParty, alice: Person) -> None:
    answer = finish(alice, alice.open(_store(app.deployment, "app", _FROM_APP)))
    assert _told(answer) == f"{REDIRECT_URI}?code=CODE&state=state-123&iss={_ISS}"
    code = re.findall(r"code=([\w-]{43})", answer.headers["Location"])[0]
    assert app.redeem(code).status_code == 200


def test_a_way_to_our_own_page_begun_on_a_server_of_before_is_carried_on(deployment: Deployment, bob: Person) -> None:
    page = bob.open("/account")
    with deployment.database.transaction() as connection:
        connection.execute(update(pushed_requests).values(request=_FROM_OUR_PAGE))
    onward = bob.send(page, username="bob", password=PASSWORD)
    back = bob.browser.get(onward.headers["Location"], base_url=ISSUER)
    assert _told(back) == f"{ISSUER}/account/methods?"


def test_a_page_that_is_no_longer_ours_is_led_to_by_nothing(deployment: Deployment, bob: Person) -> None:
    page = bob.open("/account")
    with deployment.database.transaction() as connection:
        connection.execute(update(pushed_requests).values(request=_FROM_OUR_PAGE.replace("/methods", "/gone")))
    onward = bob.send(page, username="bob", password=PASSWORD)
    assert is_error_page(bob.browser.get(onward.headers["Location"], base_url=ISSUER), "invalid_request_uri")
