"""Stories that end otherwise: the person says no, cannot sign in strongly enough, or the app asks wrongly."""

import time
from collections.abc import Iterator

from authserver.sandbox.check.browser import FormBrowser
from authserver.sandbox.check.context import (
    APPROVE,
    CANCEL,
    DENY,
    OFFER,
    CheckContext,
    ask,
    expect,
    expect_answer,
    new_visitor,
    start,
)
from authserver.sandbox.check.people import ALICE, BOB
from authserver.sandbox.third_party.proofs import verify_id_token
from authserver.sandbox.third_party.registered import open_ledger_sync, open_news_club

_NOT_FOUND_OUT = "Authorization error"


def saying_no(scene: CheckContext) -> Iterator[str]:
    """Check that no means no, on the consent page and before."""
    sync = open_ledger_sync(scene.places, scene.metadata, scene.clock)
    flow = sync.begin("openid accounts", prompt="consent")
    scene.alice.decision = DENY
    answer = ask(sync, scene.alice, flow)
    scene.alice.decision = APPROVE
    expect(answer.get("error") == "access_denied" and "code" not in answer, f"access_denied, and not {answer}")
    flow = sync.begin("openid accounts")
    answer = ask(sync, new_visitor(scene, ALICE, CANCEL), flow)
    expect(answer.get("error") == "access_denied", f"access_denied, and not {answer}")
    yield "denying, or cancelling before, goes back to the app as access_denied with state and iss"


def plain_login(scene: CheckContext) -> Iterator[str]:
    """Check a plain login app, for a person without a second factor and for one who allowed it before."""
    club = open_news_club(scene.places, scene.metadata, scene.clock)
    bob = new_visitor(scene, BOB)
    flow = club.begin("openid profile email", prompt="consent")
    code = ask(club, bob, flow, club.authorization_url(flow.parameters))["code"]
    pages = [path for path in bob.seen if path != OFFER]
    expect(pages == ["/login", "/consent"], f"no second factor, and not {bob.seen}")
    tokens = expect_answer(club.redeem(code, flow), 200)
    expected = {"iss": scene.places.issuer, "aud": club.client_id, "nonce": flow.nonce}
    claims = verify_id_token(tokens["id_token"], scene.jwks, expected, scene.clock())
    expect(claims["acr"] == "urn:openbanking:psd2:ca", "one factor in the ID token")
    told = expect_answer(club.use("GET", club.endpoint("userinfo_endpoint"), tokens["access_token"]), 200)
    expect(told["email"] == BOB.claims["email"] and told["sub"] == claims["sub"], "Bob's email address")
    yield "a plain OpenID app signs Bob in with his password alone"
    flow = club.begin("openid profile")
    ask(club, scene.alice, flow, club.authorization_url(flow.parameters))
    expect(scene.alice.seen == [], f"no page at all for Alice, who allowed it before, and not {scene.alice.seen}")
    yield "Alice, signed in and having allowed that app before, sees no page at all"


def too_weak(scene: CheckContext) -> Iterator[str]:
    """Check that the bank's data cannot be reached with a password alone."""
    bob = new_visitor(scene, BOB)
    answer = ask(scene.penny, bob, scene.penny.begin("openid accounts"))
    expect(answer.get("error") == "unmet_authentication_requirements", f"the refusal, and not {answer}")
    expect(
        [path for path in bob.seen if path != OFFER] == ["/login", "/enrol"],
        f"a page on which to add what is missing, and not {bob.seen}",
    )
    yield "Bob, who has no second factor and adds none, gets no app to his accounts: unmet_authentication_requirements"


def bad_requests(scene: CheckContext) -> Iterator[str]:
    """Check what is answered by a page and never by a redirect."""
    penny = scene.penny
    browser = FormBrowser(scene.https, scene.places.issuer)
    _expect_page(browser, penny.authorization_url(penny.begin("openid accounts").parameters), "invalid_request")
    unknown = {"client_id": penny.client_id, "request_uri": "urn:ietf:params:oauth:request_uri:unknown"}
    _expect_page(browser, penny.authorization_url(unknown), "invalid_request_uri")
    flow = penny.begin("openid accounts")
    url = start(penny, flow)
    ask(penny, scene.alice, flow, url)
    _expect_page(browser, url, "invalid_request_uri")
    foreign = start(penny, penny.begin("openid accounts")).replace(penny.client_id, "ledger-sync")
    _expect_page(browser, foreign, "invalid_request_uri")
    yield "a request that was not pushed, or whose reference is unknown, spent or another's, ends on an error page"
    flow = penny.begin("openid accounts")
    flow.parameters[:] = [(name, _elsewhere(name, value)) for name, value in flow.parameters]
    expect_answer(penny.push(flow), 400, "invalid_request")
    club = open_news_club(scene.places, scene.metadata, scene.clock)
    parameters = [(name, _elsewhere(name, value)) for name, value in club.begin("openid").parameters]
    _expect_page(browser, club.authorization_url(parameters), "invalid_request")
    yield "an unknown redirect URI ends on an error page, and is never followed"


def expired_request(scene: CheckContext) -> Iterator[str]:
    """Check that a pushed request which waited too long is refused; the very first one has been waiting until now."""
    url, expires_at = scene.early_request
    while scene.clock() <= expires_at:
        time.sleep(0.2)
    _expect_page(FormBrowser(scene.https, scene.places.issuer), url, "invalid_request_uri")
    yield "a pushed request that waited too long ends on an error page"


def _expect_page(browser: FormBrowser, url: str, code: str) -> None:
    page = browser.open(url)
    expect(not page.left_for, f"an error page, and not a redirect to {page.left_for.partition('?')[0]}")
    expect(400 <= page.status < 500, f"a refusal, and not {page.status}")  # noqa: PLR2004 - the class of refusals
    expect(_NOT_FOUND_OUT in page.text and code in page.text, f"an error page with {code}")


def _elsewhere(name: str, value: str) -> str:
    return "https://elsewhere.example/callback" if name == "redirect_uri" else value
