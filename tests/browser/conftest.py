"""A real Chromium, and for it a live server, an app, and visitors whose browsers must have nothing to complain of."""

from collections.abc import Callable, Iterator
from http import HTTPStatus

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.support import interop
from tests.support.app_site import AppSite, app_site
from tests.support.details import PAYMENT, text_of
from tests.support.jose import private_key, public_jwk
from tests.support.live_server import LiveServer, live_server
from tests.support.programs import find_program
from tests.support.servers import wait_until
from tests.support.visitor import Scene, Visitor
from tests.support.wire import PRESENT, Wire, WireApp

APP_NAME = "Tiny Ledger"
LONG_NAME = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A browser; it cannot know the tests' authority, and finds every host of `.example` on this machine."""
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--host-resolver-rules=MAP *.example 127.0.0.1"]
        browser = playwright.chromium.launch(executable_path=find_program("chromium"), args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A live server with an app, whose site runs too."""
    folder = tmp_path_factory.mktemp("browser")
    with (
        live_server(
            folder, site_name="Harbour Bank", help_url="https://help.example/", profiles=["fapi2", "oidc"]
        ) as server,
        app_site(folder, server.authority) as site,
    ):
        apps = (register_app(server, site, "app", APP_NAME), register_app(server, site, "long", LONG_NAME))
        yield Scene(server, site, *apps)


@pytest.fixture(scope="session")
def detailed_app(scene: Scene) -> WireApp:
    """An app that may ask for accounts and payments, and the API they are at, once the server knows of both.

    There is one for all modules: an API that serves the same types, registered by another module with fewer of them,
    would make what is asked for depend on which ran first.
    """
    types = ["account_information", "payment_initiation"]
    scene.server.add_client(
        client_id="bank",
        grant_types=["client_credentials"],
        scope="introspection",
        token_endpoint_auth_method="tls_client_auth",
        tls_client_auth_subject_dn="CN=bank",
        resource=["https://bank.example/"],
        authorization_details_types=types,
    )
    app = register_app(scene.server, scene.site, "detailed", APP_NAME, authorization_details_types=types)
    asked = {"redirect_uri": scene.site.callback, "scope": "openid", "authorization_details": text_of(PAYMENT)}
    wait_until(lambda: app.push(**asked).status_code == HTTPStatus.CREATED, "the server's knowing of the API")
    return app


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], list[tuple[str, list[str]]]]:
    """What runs axe-core on a page: it knows what makes one hard to use for people with disabilities."""
    interop.install()
    script = (interop.FOLDER / "node_modules" / "axe-core" / "axe.min.js").read_text()

    def violations(page: Page) -> list[tuple[str, list[str]]]:
        if not page.evaluate("() => 'axe' in window"):
            page.evaluate(script)
        result = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
        assert len(result["passes"]) > 10, "axe has looked"
        return [(each["id"], [node["html"][:90] for node in each["nodes"]]) for each in result["violations"]]

    return violations


@pytest.fixture
def new_visitor(chromium: Browser, scene: Scene) -> Iterator[Callable[..., Visitor]]:
    """What makes a fresh visitor; in the end no browser may have had anything to complain of."""
    visitors: list[Visitor] = []

    def make(*, javascript: bool = True, totp: bool = True) -> Visitor:
        context = chromium.new_context(ignore_https_errors=True, java_script_enabled=javascript)
        context.set_default_timeout(15_000)
        visitors.append(Visitor(scene, context, scene.add_person(totp=totp)))
        return visitors[-1]

    yield make
    for visitor in visitors:
        visitor.context.close()
    assert [text for visitor in visitors for text in visitor.complaints] == []


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def javascript(request: pytest.FixtureRequest) -> bool:
    """Whether scripts run in the browser."""
    return bool(request.param)


@pytest.fixture
def visitor(new_visitor: Callable[..., Visitor], *, javascript: bool) -> Visitor:
    """A fresh visitor, with JavaScript and without."""
    return new_visitor(javascript=javascript)


def register_app(server: LiveServer, site: AppSite, client_id: str, name: str, **more: object) -> WireApp:
    """Register an app that authenticates by a key, with tokens bound to its certificate."""
    key = private_key("ES256", client_id)
    server.add_client(
        client_id=client_id,
        client_name=name,
        redirect_uris=[site.callback, site.callback_onward],
        grant_types=["authorization_code", "refresh_token"],
        scope="openid profile email accounts",
        token_endpoint_auth_method="private_key_jwt",
        tls_client_certificate_bound_access_tokens=True,
        policy_uri="https://app.example/privacy",
        tos_uri="https://app.example/terms",
        jwks={"keys": [public_jwk(key, kid=key.thumbprint(), use="sig")]},
        **more,
    )
    return WireApp(
        PRESENT,
        client_id,
        key=key,
        wire=Wire(server.authority.pem),
        issuer=server.issuer,
        mtls_origin=f"https://localhost:{server.mtls_port}",
    )
