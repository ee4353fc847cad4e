"""Signing out in a real browser: every app's page is loaded, and the person goes back to the one that asked."""

from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from tests.browser.test_browser_app import _MANAGER, library, run
from tests.support.visitor import Scene, Visitor

pytestmark = [pytest.mark.chromium, pytest.mark.node]

__all__ = ["library"]


def register_told_app(scene: Scene, client_id: str) -> dict[str, str]:
    """Register an app of the browser that is told when the person signs out, and return how it is set up."""
    site = scene.site
    scene.server.add_client(
        client_id=client_id,
        client_name="Evening News",
        profile="oidc",
        token_endpoint_auth_method="none",
        redirect_uris=[site.callback],
        post_logout_redirect_uris=[site.callback],
        frontchannel_logout_uri=site.callback.replace("/callback", "/told"),
        scope="openid",
    )
    return {
        "authority": scene.server.issuer,
        "client_id": client_id,
        "redirect_uri": site.callback,
        "post_logout_redirect_uri": site.callback,
        "scope": "openid",
    }


def test_oidc_client_ts_signs_out_and_each_app_is_told_in_the_browser(
    new_visitor: Callable[..., Visitor], scene: Scene, library: str
) -> None:
    visitor, settings = new_visitor(), register_told_app(scene, "told")
    page, site = visitor.page, scene.site
    page.goto(site.callback)
    run(page, library, _MANAGER, settings, "app => { app.signinRedirect(); }")
    visitor.arrives_at("/login")
    visitor.sign_in()
    visitor.arrives_at("/consent")
    page.click("#approve")
    page.wait_for_url(site.callback + "?code=**")
    sid = run(page, library, _MANAGER, settings, "async app => (await app.signinCallback()).profile.sid")
    run(page, library, _MANAGER, settings, "app => { app.signoutRedirect({state: 'where I was'}); }")
    page.wait_for_url(site.callback + "?state=**")
    told = [given for _, path, given in site.arrivals if path == "/told"]
    assert told == [{"iss": scene.server.issuer, "sid": sid}]
    done = run(page, library, _MANAGER, settings, "async app => (await app.signoutCallback()).userState")
    assert done == "where I was"
    page.goto(f"{scene.server.issuer}/authorize?" + urlencode(ask(settings)))
    assert dict(parse_qsl(urlsplit(page.url).query))["error"] == "login_required"


def test_without_scripts_the_page_leads_back_too(new_visitor: Callable[..., Visitor], scene: Scene) -> None:
    visitor, settings = new_visitor(javascript=False), register_told_app(scene, "told-plainly")
    page, site = visitor.page, scene.site
    page.goto(f"{scene.server.issuer}/authorize?" + urlencode({**ask(settings), "prompt": "login"}))
    visitor.sign_in()
    page.click("#approve")
    page.wait_for_url(site.callback + "?**")
    before = len(site.arrivals)
    back = {"client_id": "told-plainly", "post_logout_redirect_uri": site.callback, "state": "plain"}
    page.goto(f"{scene.server.issuer}/end_session?" + urlencode(back))
    page.click("#submit")
    page.wait_for_url(site.callback + "?state=plain")
    assert [path for _, path, _ in site.arrivals[before:]] == ["/told", "/callback"]


def ask(settings: dict[str, str]) -> dict[str, str]:
    """Return the parameters of a request that shows no page."""
    return {
        "client_id": settings["client_id"],
        "redirect_uri": settings["redirect_uri"],
        "response_type": "code",
        "scope": "openid",
        "prompt": "none",
        "state": "silent",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    }
