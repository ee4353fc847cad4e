"""Hostile forms, cookies and addresses at the pages a person meets, at each step of a sign-in that has begun."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from authserver.web.pages.cookies import BROWSER_COOKIE, SESSION_COOKIE
from tests.fuzz.conftest import FORM, Target
from tests.support.deployment import ISSUER
from tests.support.hostile import SECRET, encode_form, header_texts, hostile_changes, hostile_texts, marked
from tests.support.hypothesis_profiles import budget
from tests.support.person import HIDDEN, Person
from tests.support.relying_party import Reply

pytestmark = pytest.mark.spec("RFC6749-10.14-1", "RFC6749-10.12-1")
Changes = Mapping[str, list[str] | None]


class Stage:
    """A browser that stands before a page: where it is, its cookies and the hidden fields of its form."""

    def __init__(self, person: Person, page: TestResponse) -> None:
        self.path = urlsplit(page.request.path).path
        self.query = dict(parse_qsl(urlsplit(page.request.full_path).query))
        self.hidden = dict(HIDDEN.findall(page.text))
        found = [person.browser.get_cookie(name, domain="localhost") for name in (BROWSER_COOKIE, SESSION_COOKIE)]
        self.cookies = {cookie.key: cookie.value for cookie in found if cookie is not None}

    @property
    def cookie_header(self) -> str:
        """Return the cookies as the browser sends them."""
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return what nobody may hear of."""
        return (*self.cookies.values(), *self.hidden.values(), *self.query.values())


@pytest.fixture(scope="module")
def stages(target: Target) -> dict[str, Stage]:
    """Three browsers of alice: before the sign-in, the second factor and the consent."""
    people = [Person(target.deployment), Person(target.deployment), target.alice, Person(target.deployment)]
    pages = [person.open(target.app.authorization_url()) for person in people]
    found = {
        "/login": Stage(people[0], pages[0]),
        "/login/totp": Stage(people[1], people[1].sign_in(pages[1])),
        "/consent": Stage(people[2], people[2].enter_code(people[2].sign_in(pages[2]))),
    }
    people[3].sign_in(pages[3])
    found["/logout"] = Stage(people[3], people[3].open("/logout"))
    target.watch.forget()
    assert {name: stage.path for name, stage in found.items()} == {name: name for name in found}
    return found


def _post(target: Target, stage: Stage, form: Mapping[str, object], changes: Changes, *, echoed: str = "") -> Reply:
    headers = {"Cookie": stage.cookie_header, "Origin": ISSUER, "Sec-Fetch-Site": "same-origin"}
    body = encode_form({**stage.hidden, **form}, changes)
    query = encode_form(stage.query, {}).decode()
    return target.send(stage.path, body, headers=headers, secrets=stage.secrets, echoed=echoed, query_string=query)


def _refused(answer: Reply) -> None:
    assert answer.status_code == 400, (answer.status_code, answer.headers)
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


@budget(12)
@given(hostile_texts, hostile_texts, st.sampled_from(["alice", "bob", "nobody", ""]))
def test_a_wrong_name_or_password_only_shows_the_page_again(
    target: Target, stages: dict[str, Stage], username: str, password: str, prefix: str
) -> None:
    changes = {"username": [prefix + username], "password": [marked("password", password)]}
    answer = _post(target, stages["/login"], {}, changes)
    _refused(answer)
    assert "<script>alert" not in answer.text


@budget(60)
@given(
    hostile_texts.map(lambda text: marked("totp", text)) | st.sampled_from(["", "000000", "\uff11" * 6, "123456" * 99])
)
def test_a_wrong_code_only_shows_the_page_again(target: Target, stages: dict[str, Stage], code: str) -> None:
    _refused(_post(target, stages["/login/totp"], {}, {"totp": [code]}))


@budget(60)
@given(hostile_texts, hostile_changes(["action", "x"]))
def test_no_other_word_is_a_consent(target: Target, stages: dict[str, Stage], decision: str, changes: Changes) -> None:
    _refused(_post(target, stages["/consent"], {}, {**changes, "decision": [marked("decision", decision)]}))


@budget(120)
@given(
    st.sampled_from(["/login", "/login/totp", "/consent", "/logout"]),
    hostile_texts,
    hostile_changes(["username", "password", "totp", "decision", "action", "interaction"]),
    st.booleans(),
)
def test_a_form_without_its_own_token_is_refused(
    target: Target,
    stages: dict[str, Stage],
    path: str,
    token: str,
    changes: Changes,
    swapped: bool,  # noqa: FBT001 - drawn
) -> None:
    other = stages["/consent" if path != "/consent" else "/login"].hidden["csrf_token"]
    form = {"username": "alice", "password": SECRET, "decision": "approve"}
    sent = [other] if swapped else [marked("csrf_token", token)]
    _refused(_post(target, stages[path], form, {**changes, "csrf_token": sent}))


@budget(80)
@given(st.sampled_from(["/login", "/login/totp", "/consent"]), header_texts, header_texts, st.booleans())
def test_an_interaction_opens_for_its_own_browser_alone(
    target: Target,
    stages: dict[str, Stage],
    path: str,
    interaction: str,
    cookie: str,
    keep_cookie: bool,  # noqa: FBT001 - drawn
) -> None:
    stage = stages[path]
    query = {"interaction": marked("interaction", interaction)} if keep_cookie else stage.query
    sent = {"Cookie": stage.cookie_header if keep_cookie else f"{BROWSER_COOKIE}={SECRET}{cookie}"}
    secrets = stage.secrets
    address = encode_form(query, {}).decode()
    _refused(target.send(path, headers=sent, secrets=secrets, query_string=address))
    body = encode_form({**stage.hidden, "decision": "approve"}, {})
    _refused(target.send(path, body, headers=sent, secrets=secrets, query_string=address))


@pytest.mark.spec("RFC9700-4.7")
@budget(60)
@given(
    st.sampled_from(["/login", "/login/totp", "/consent", "/logout"]),
    st.sampled_from(
        ["https://evil.example", "http://localhost:8443", "https://localhost", ISSUER + ".evil.example", "x", ""]
    ),
    st.sampled_from([None, "cross-site", "same-site", "SAME-ORIGIN", ""]),
)
def test_a_form_sent_from_elsewhere_is_refused(
    target: Target, stages: dict[str, Stage], path: str, origin: str, site: str | None
) -> None:
    stage = stages[path]
    headers = {"Cookie": stage.cookie_header, "Origin": origin}
    sent = headers if site is None else {**headers, "Sec-Fetch-Site": site}
    body, query = encode_form({**stage.hidden, "decision": "approve"}, {}), encode_form(stage.query, {}).decode()
    _refused(target.send(path, body, headers=sent, secrets=stage.secrets, query_string=query))


@budget(60)
@given(st.sampled_from(["/login", "/login/totp", "/consent", "/logout"]), st.binary(max_size=200), st.booleans())
def test_bodies_that_are_no_forms(
    target: Target,
    stages: dict[str, Stage],
    path: str,
    body: bytes,
    multipart: bool,  # noqa: FBT001 - drawn
) -> None:
    stage, boundary = stages[path], "b"
    kind = f"multipart/form-data; boundary={boundary}" if multipart else FORM
    framed = b'--b\r\nContent-Disposition: form-data; name="' + body + b'"\r\n\r\n' + body if multipart else body
    query = encode_form(stage.query, {}).decode()
    sent = {"Cookie": stage.cookie_header, "Origin": ISSUER}
    _refused(target.send(path, framed, headers=sent, secrets=stage.secrets, query_string=query, content_type=kind))


@pytest.mark.spec("OIDCC-5.5")
@pytest.mark.usefixtures("stages")
def test_claims_with_hostile_names_can_be_shown(target: Target) -> None:
    for name in ('\\"><script>alert(1)</script>', "\\u202e", "\\u0000", "{{7*7}}", "a" * 300, "é"):
        page = target.alice.open(target.app.authorization_url(claims=f'{{"userinfo":{{"{name}":null}}}}'))
        assert (page.request.path, page.status_code) == ("/consent", 200)
        assert "<script>alert" not in page.text
    for name in ("\\ud800", "\\udfff"):
        assert target.app.push(claims=f'{{"userinfo":{{"{name}":null}}}}').status_code == 400
