"""No form of any page is answered without the token with which its page was shown.

Each address of the URL map that takes a form is reached while it has something to answer.
"""

import html
from collections.abc import Callable, Iterator

import pytest
from werkzeug.test import TestResponse

from authserver.db.engine import Database
from tests.support import tour
from tests.support.deployment import ISSUER, Deployment, deploy
from tests.support.person import HIDDEN, Person

_REFUSED = "This form was not sent from our page."
_WALKS = (
    tour.sign_in_pages,
    tour.passkey_pages,
    tour.offer_pages,
    tour.missing_factor_pages,
    tour.payment_pages,
    tour.device_pages,
    tour.account_pages,
    tour.invitation_pages,
)


def _forms(deployment: Deployment) -> set[str]:
    """Return each address that takes a form, as the URL map has it."""
    return {rule.rule for rule in deployment.app.url_map.iter_rules() if "POST" in (rule.methods or ())}


def _tries(page: TestResponse) -> Iterator[dict[str, str]]:
    """Yield the form of a page with its token missing, wrong, and that of another purpose."""
    fields = {name: html.unescape(value) for name, value in HIDDEN.findall(page.text)}
    token = fields.pop("csrf_token")
    stay = html.unescape(page.text.partition('data-csrf="')[2].partition('"')[0])
    for wrong in ("", token[:-1] + ("A" if token[-1] != "A" else "B"), stay or token.swapcase()):
        yield {**fields, **({"csrf_token": wrong} if wrong else {})}


def _person_of(deployment: Deployment, page: TestResponse) -> Person:
    """Return somebody with the cookies of the browser that was shown a page."""
    person = Person(deployment)
    sent, came = page.request.headers.get("Cookie", ""), page.headers.getlist("Set-Cookie")
    for pair in (*filter(None, sent.split("; ")), *(each.partition(";")[0] for each in came)):
        name, _, value = pair.partition("=")
        person.browser.set_cookie(name, value, domain="localhost", secure=True, path="/")
    return person


@pytest.mark.spec("RFC6749-10.12", "RFC9700-4.7")
def test_each_address_that_takes_a_form_refuses_it_without_its_token(
    new_deployment: Callable[..., Deployment],
) -> None:
    left = _forms(new_deployment()) - {"/account/stay"}
    assert len(left) > 15
    for walk in _WALKS:
        deployment = new_deployment()
        for page in walk(deployment, "en"):
            if page.request.path in left and 'name="csrf_token"' in page.text:
                _is_refused(deployment, page)
                left.remove(page.request.path)
    assert left == set()


def _is_refused(deployment: Deployment, page: TestResponse) -> None:
    person = _person_of(deployment, page)
    for fields in _tries(page):
        answer = person.browser.post(page.request.full_path, data=fields, base_url=ISSUER, headers={"Origin": ISSUER})
        assert (answer.status_code, _REFUSED in answer.text) == (400, True), (page.request.path, answer.text)


def test_a_session_is_kept_alive_by_its_own_page_alone(sqlite_database: Database, sqlite_url: str) -> None:
    deployment = deploy(sqlite_database, sqlite_url)
    person = Person(deployment)
    page = person.enter_code(person.sign_in(person.open("/account")))
    stay = html.unescape(page.text.partition('data-csrf="')[2].partition('"')[0])
    for token, status in (("", 400), (stay[:-1], 400), (stay, 204)):
        answer = person.browser.post("/account/stay", data={"csrf_token": token}, base_url=ISSUER)
        assert answer.status_code == status
