"""A plain log-in app for tests, which sends its request in the URL, and what it takes to walk a browser through it."""

import html
import math
import re
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from werkzeug.test import TestResponse

from tests.support.deployment import Deployment
from tests.support.person import Person, code_of
from tests.support.relying_party import Form, RelyingParty, Reply, claims_of, register

ERROR_TEXT = "Authorization error"
OPENID_SCOPES = "openid profile email address phone offline_access"
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


def register_login_app(deployment: Deployment, client_id: str = "login-app", **changes: object) -> RelyingParty:
    """Register an app of the plain OpenID profile, with a secret and nothing that binds its tokens."""
    metadata: dict[str, object] = {
        "profile": "oidc",
        "token_endpoint_auth_method": "client_secret_basic",
        "scope": OPENID_SCOPES,
        "tls_client_certificate_bound_access_tokens": False,
        "id_token_signed_response_alg": "RS256",
        **changes,
    }
    app = register(deployment, client_id, **metadata)
    app.certificate = None
    return app


def plain_request(app: RelyingParty, **changes: object) -> Form:
    """Return an honest request in the clear; a change replaces a parameter, and None leaves it out."""
    honest = {**app.request(), "client_id": app.client_id, "scope": "openid email"}
    return {name: value for name, value in {**honest, **changes}.items() if value is not None}


def plain_url(app: RelyingParty, **changes: object) -> str:
    """Return the URL of an honest request in the clear."""
    return "/authorize?" + urlencode(plain_request(app, **changes))


def log_in(app: RelyingParty, person: Person, **changes: object) -> dict[str, Any]:
    """Let a person allow a plain request, and return the claims of the ID token."""
    return claims_of(app.redeem(code_of(person.approve(plain_url(app, **changes)))).json["id_token"])


def finish(person: Person, page: TestResponse, decision: str = "approve") -> TestResponse:
    """Fill in whatever pages come, and return the answer behind them, a page of it or a redirect."""
    steps: dict[str, Callable[[TestResponse], TestResponse]] = {
        "/login": person.sign_in,
        "/login/totp": person.enter_code,
        "/consent": lambda asked: person.decide(asked, decision),
    }
    while _asks(page) and (step := steps.get(page.request.path)) is not None:
        page = step(page)
    return page


def _asks(page: TestResponse) -> bool:
    """Return whether a page has a form of the server's own, and is not an answer."""
    return page.status_code == 200 and 'name="csrf_token"' in page.text


def is_posted_answer(page: TestResponse) -> bool:
    """Return whether a page's form leads to the app by itself."""
    return ".submit()" in page.text


def posted_form(page: TestResponse) -> dict[str, str]:
    """Return the parameters that a page's form posts by itself."""
    return {name: html.unescape(value) for name, value in _HIDDEN.findall(page.text)}


def is_error_page(response: TestResponse, code: str) -> bool:
    """Return whether a response is a page that names the error, and leads nowhere."""
    is_html = response.headers["Content-Type"] == "text/html; charset=utf-8"
    says_so = ERROR_TEXT in response.text and code in response.text
    return response.status_code == 400 and is_html and says_so and "Location" not in response.headers


def page_of(response: TestResponse) -> str:
    """Return the path of the page a browser is on, or nothing where it was sent elsewhere or refused."""
    return urlsplit(response.request.path).path if response.status_code == 200 else ""


def refusal(response: Reply) -> tuple[int, str]:
    """Return the status and the error code of a refusal in JSON."""
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Cache-Control"] == "no-store"
    return response.status_code, response.json["error"]


def entropy_bits(text: str) -> float:
    """Return the Shannon entropy of a text by its own characters, as conformance testers estimate it."""
    return -sum(count * math.log2(count / len(text)) for count in Counter(text).values())
