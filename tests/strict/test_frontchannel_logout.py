"""Front-channel logout: which pages the browser is made to load, and which it may not."""

import html
import re
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from tests.support.deployment import ISSUER, Deployment
from tests.support.login_app import log_in, plain_url, register_login_app
from tests.support.person import Person, code_of
from tests.support.relying_party import REDIRECT_URI, claims_of

FRAME = re.compile(r'<iframe hidden src="([^"]+)" sandbox="allow-scripts allow-same-origin"></iframe>')
OUT = "https://app.example/signed-out"


def frames_of(text: str) -> list[str]:
    return [html.unescape(address) for address in FRAME.findall(text)]


def policy_of(headers: object) -> dict[str, str]:
    policy = headers["Content-Security-Policy"]  # type: ignore[index]  # werkzeug's
    return dict(part.strip().partition(" ")[::2] for part in policy.split(";"))


@pytest.mark.spec("OIDCFCL-2", "OIDCFCL-3")
def test_the_page_frames_each_app_of_the_session_and_nothing_else(deployment: Deployment, alice: Person) -> None:
    first = register_login_app(deployment, "first", frontchannel_logout_uri="https://app.example/out?tenant=1&x=%22")
    register_login_app(deployment, "unused", frontchannel_logout_uri="https://app.example/unused")
    silent = register_login_app(deployment, "silent")
    other = "https://other.example:8443/callback"
    second = register_login_app(
        deployment,
        "second",
        redirect_uris=[REDIRECT_URI, other],
        frontchannel_logout_uri="https://other.example:8443/out",
    )
    sid = log_in(first, alice)["sid"]
    for app in (silent, second, first):
        log_in(app, alice)
    asking = alice.open("/logout")
    assert (frames_of(asking.text), "frame-src" in policy_of(asking.headers)) == ([], False)
    page = alice.submit("/logout", asking)
    told = urlencode({"iss": ISSUER, "sid": sid}).replace("+", "%20")
    assert frames_of(page.text) == [
        f"https://app.example/out?tenant=1&x=%22&{told}", f"https://other.example:8443/out?{told}",
    ]  # fmt: skip
    assert policy_of(page.headers)["frame-src"] == "https://app.example https://other.example:8443"
    assert policy_of(page.headers)["default-src"] == "'none'"
    assert "refresh" not in page.text, "nobody asked to have the person back"

    again = alice.open("/logout")
    assert (frames_of(again.text), "frame-src" in policy_of(again.headers)) == ([], False)


@pytest.mark.spec("OIDCFCL-3", "OIDC-RPINIT-3")
def test_the_page_leads_back_by_itself_once_the_apps_were_told(deployment: Deployment, alice: Person) -> None:
    app = register_login_app(
        deployment,
        client_name="Tiny Ledger",
        post_logout_redirect_uris=[OUT],
        frontchannel_logout_uri="https://app.example/out",
    )
    token = app.redeem(code_of(alice.approve(plain_url(app)))).json["id_token"]
    asked = {"id_token_hint": token, "post_logout_redirect_uri": OUT, "state": "\"'><b>;url=https://evil.example"}
    page = alice.open(f"/end_session?{urlencode(asked)}")
    assert page.status_code == 200
    (frame,) = frames_of(page.text)
    assert dict(parse_qsl(urlsplit(frame).query)) == {"iss": ISSUER, "sid": claims_of(token)["sid"]}
    refresh = re.search(r'<meta http-equiv="refresh" content="4;url=([^"]+)">', page.text)
    link = re.search(r'<a id="continue" class="button primary" href="([^"]+)">Continue to Tiny Ledger</a>', page.text)
    assert refresh is not None
    assert link is not None
    assert html.unescape(refresh[1]) == html.unescape(link[1])
    target = urlsplit(html.unescape(refresh[1]))
    assert (f"{target.scheme}://{target.netloc}{target.path}", dict(parse_qsl(target.query))) == (
        OUT, {"state": asked["state"]},
    )  # fmt: skip
    left = alice.open(f"/end_session?{urlencode(asked)}")
    assert (left.status_code, left.headers["Location"].partition("?")[0]) == (303, OUT)


@pytest.mark.spec("OIDCC-3.1.2.1", "OIDC-RPINIT-2")
def test_nobody_is_signed_in_silently_after_it(deployment: Deployment, alice: Person) -> None:
    app = register_login_app(deployment)
    first = log_in(app, alice)
    alice.submit("/logout", alice.open("/logout"))
    silent = dict(parse_qsl(urlsplit(alice.open(plain_url(app, prompt="none")).headers["Location"]).query))
    assert silent["error"] == "login_required"
    deployment.wait(5)
    again = log_in(app, alice, max_age="3600")
    assert again["sid"] != first["sid"]
    assert again["auth_time"] >= deployment.now - 1
