"""An app that is all in the browser, by the library that such apps use (oidc-client-ts), on a site of its own."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.support import interop
from tests.support.visitor import Scene, Visitor

pytestmark = [pytest.mark.chromium, pytest.mark.node]

_MANAGER = """settings => new oidc.UserManager(
  {...settings, userStore: new oidc.WebStorageStateStore({store: sessionStorage})}
)"""
_DPOP = """async settings => {
  const store = new oidc.IndexedDbDPoPStore();
  return new oidc.UserManager({...settings, dpop: {store}});
}"""


_ASK_WHO = """async app => {
  const user = await app.getUser(), url = await app.metadataService.getUserInfoEndpoint();
  const proof = user.token_type === 'DPoP' ? {DPoP: await app.dpopProof(url, user, 'GET')} : {};
  const answer = await fetch(url, {headers: {Authorization: `${user.token_type} ${user.access_token}`, ...proof}});
  return [answer.status, (await answer.json()).sub || answer.headers.get('WWW-Authenticate')];
}"""


@pytest.fixture(scope="module")
def library() -> str:
    """The library as a page would load it."""
    interop.install()
    return (interop.FOLDER / "node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js").read_text()


@pytest.fixture(scope="module")
def app_id(scene: Scene) -> str:
    """An app without a credential; its origin is that of its redirect URI."""
    scene.server.add_client(
        client_id="spa",
        client_name="Evening News",
        profile="oidc",
        token_endpoint_auth_method="none",
        redirect_uris=[scene.site.callback],
        grant_types=["authorization_code", "refresh_token"],
        scope="openid profile email offline_access",
    )
    return "spa"


def run(page: Page, library: str, maker: str, settings: dict[str, str], act: str) -> Any:  # noqa: ANN401 - whatever the script says
    """Load the app anew on the page it is on, and let it do something with its user manager."""
    page.add_script_tag(content=library)
    return page.evaluate(
        f"async settings => {{ const app = await ({maker})(settings); return await ({act})(app); }}", settings
    )


@pytest.mark.parametrize("maker", [_MANAGER, _DPOP], ids=["bearer", "DPoP"])
def test_a_browser_app_signs_in_reads_claims_renews_and_gives_its_tokens_back(
    new_visitor: Callable[..., Visitor], scene: Scene, library: str, app_id: str, maker: str
) -> None:
    visitor = new_visitor()
    page, site = visitor.page, scene.site
    settings = {
        "authority": scene.server.issuer,
        "client_id": app_id,
        "redirect_uri": site.callback,
        "scope": "openid profile email offline_access",
    }
    page.goto(site.callback)
    run(page, library, maker, settings, "app => { app.signinRedirect(); }")
    visitor.arrives_at("/login")
    visitor.sign_in()
    visitor.arrives_at("/consent")
    page.click("#approve")
    page.wait_for_url(site.callback + "?code=**")
    user = run(
        page, library, maker, settings, "async app => JSON.parse((await app.signinCallback()).toStorageString())"
    )
    assert user["profile"]["sub"]
    assert user["token_type"] == ("Bearer" if maker == _MANAGER else "DPoP")
    assert run(page, library, maker, settings, _ASK_WHO) == [200, user["profile"]["sub"]]
    renewed = run(page, library, maker, settings, "async app => (await app.signinSilent()).access_token")
    assert renewed != user["access_token"]
    run(page, library, maker, settings, "app => app.revokeTokens()")
    status, challenge = run(page, library, maker, settings, _ASK_WHO)
    assert (status, "invalid_token" in challenge) == (401, True), "a script reads why it is refused"
    visitor.complaints.clear()  # of that 401


def test_a_script_of_another_site_reads_nothing(new_visitor: Callable[..., Visitor], scene: Scene, app_id: str) -> None:
    visitor = new_visitor()
    ask = f"""url => fetch(url, {{method: 'POST', body: new URLSearchParams({{client_id: '{app_id}'}})}})
        .then(answer => answer.status, () => 'unreadable')"""
    visitor.page.goto(scene.site.callback)
    assert visitor.page.evaluate(ask, f"{scene.server.issuer}/token") == 400
    visitor.page.goto(scene.site.third_page)
    assert visitor.page.evaluate(ask, f"{scene.server.issuer}/token") == "unreadable"
    keys = visitor.page.evaluate("url => fetch(url).then(answer => answer.json())", f"{scene.server.issuer}/jwks")
    assert keys["keys"]
    visitor.complaints.clear()  # the browser says of what it kept from the script
