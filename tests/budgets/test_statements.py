"""How many SQL statements each endpoint and page may cost, with clients and keys in their caches.

BEGIN and COMMIT are not among them. The figures are what each costs today: whoever needs another statement raises
one here, and says why.
"""

from functools import partial

import pyotp
import pytest
from werkzeug.test import TestResponse

from tests.support.deployment import ISSUER, PASSWORD, SEED, Deployment
from tests.support.grants import make_code
from tests.support.ledger import Ledger
from tests.support.passkeys import enrol_passkey, options_on
from tests.support.person import Person
from tests.support.relying_party import register, register_bank

CLIENTS: dict[str, dict[str, object]] = {
    "private_key_jwt": {"tls_client_certificate_bound_access_tokens": True},
    "private_key_jwt and dpop": {"dpop_bound_access_tokens": True},
    "tls_client_auth": {"token_endpoint_auth_method": "tls_client_auth"},
}


@pytest.mark.parametrize("kind", CLIENTS)
def test_machine_endpoints(either: Deployment, kind: str) -> None:
    register_bank(either)
    client = register(either, "app", **CLIENTS[kind])
    warm = client.client_credentials().json["access_token"]
    assert client.push().status_code == 201
    assert client.introspect(warm).status_code == 200
    code, dearer = make_code(either, "app"), make_code(either, "app", id_token_claims=("email",))
    ledger = Ledger()

    ledger.note("pushed request", client.push, status=201)
    tokens = ledger.note("code", lambda: client.redeem(code)).json
    ledger.note("code with claims in the ID token", lambda: client.redeem(dearer))
    ledger.note("userinfo", lambda: client.userinfo(tokens["access_token"]))
    ledger.note("refresh", lambda: client.refresh(tokens["refresh_token"]))
    ledger.note("refresh repeated", lambda: client.refresh(tokens["refresh_token"]))
    ledger.note("client credentials", client.client_credentials)
    ledger.note("introspection", lambda: client.introspect(warm))
    ledger.note("signed introspection", lambda: client.introspect(warm, accept="application/token-introspection+jwt"))
    ledger.note("ended tokens", lambda: client.find_ended(warm, tokens["access_token"]))
    ledger.note("revocation", lambda: client.revoke(warm))
    ledger.note("no credentials", lambda: client.send("/token", {"grant_type": "refresh_token"}), status=401)

    # An assertion and a proof are claimed together; a certificate leaves nothing to claim. What a request writes is one
    # statement on PostgreSQL, where each is a round trip; on SQLite each part of it is one.
    claims = 0 if kind == "tls_client_auth" else 1
    apart = claims if either.database.dialect == "sqlite" else 0
    moved = 2 if either.database.dialect == "sqlite" else 0  # the code or generation moved on, and the second token
    ledger.check(
        {
            "pushed request": 1 + apart,
            "code": 2 + apart + moved,
            "code with claims in the ID token": 3 + apart + moved,
            "userinfo": 1 + (client.binding == "dpop"),
            "refresh": 2 + apart + moved,
            "refresh repeated": 3 + apart,
            "client credentials": 1 + apart,
            "introspection": 1 + claims,
            "signed introspection": 1 + claims,
            "ended tokens": 1 + claims,
            "revocation": 2 + claims,
            "no credentials": 0,
        }
    )


def test_public_documents_cost_nothing_once_their_caches_are_warm(either: Deployment) -> None:
    app, ledger = register(either), Ledger()
    paths = ("/jwks", "/.well-known/openid-configuration", "/healthz")
    for path in paths:
        app.send(path)
        ledger.note(path, partial(app.send, path))
    ledger.check(dict.fromkeys(paths, 0))


class Visit:
    """One browser that goes from page to page and follows nothing by itself."""

    def __init__(self, deployment: Deployment) -> None:
        self.person = Person(deployment)

    def get(self, url: str) -> TestResponse:
        """Open one URL."""
        return self.person.browser.get(url, base_url=ISSUER)

    def post(self, page: TestResponse, **fields: str) -> TestResponse:
        """Send the form of a page."""
        return self.person.send(page, **fields)


def test_each_step_of_a_sign_in(either: Deployment) -> None:
    register_bank(either)
    app, visit, ledger = register(either), Visit(either), Ledger()
    visit.get(app.authorization_url())
    url = app.authorization_url()

    first = ledger.note("first visit", lambda: visit.get(url), status=303)
    login = ledger.note("sign-in page", lambda: visit.get(first.headers["Location"]))
    signed_in = ledger.note("sign-in", lambda: visit.post(login, username="alice", password=PASSWORD), status=303)
    after_login = ledger.note("after sign-in", lambda: visit.get(signed_in.headers["Location"]), status=303)
    totp = ledger.note("code page", lambda: visit.get(after_login.headers["Location"]))
    entered = ledger.note("code", lambda: visit.post(totp, totp=pyotp.TOTP(SEED).at(either.now)), status=303)
    after_code = ledger.note("after code", lambda: visit.get(entered.headers["Location"]), status=303)
    consent = ledger.note("consent page", lambda: visit.get(after_code.headers["Location"]))
    ledger.note("consent, and the answer", lambda: visit.post(consent, decision="approve"), status=303)
    silent = app.authorization_url()
    ledger.note("visit without a page", lambda: visit.get(silent), status=303)
    logout = ledger.note("sign-out page", lambda: visit.get("/logout"))
    ledger.note("sign-out", lambda: visit.post(logout))

    # A try at a factor is counted before it is verified and given back after; a full sign-in makes its device known;
    # what is told to the person under "activity" is noted where it happens; each decision reads what the person has,
    # with the interaction and the session in one statement. What a step writes at once is one too on PostgreSQL.
    # Whoever ends a session queues, before that, which apps are to be told; the page asks which of them it frames.
    apart = 1 if either.database.dialect == "sqlite" else 0
    ledger.check(
        {
            "first visit": 2,
            "sign-in page": 1,
            "sign-in": 8,
            "after sign-in": 2,
            "code page": 1,
            "code": 12,
            "after code": 2,
            "consent page": 1,
            "consent, and the answer": 2 + 5 * apart,
            "visit without a page": 4 + 3 * apart,
            "sign-out page": 2,
            "sign-out": 6,
        }
    )


def test_each_page_of_a_passkey(either: Deployment) -> None:
    register_bank(either)
    app, key, ledger = register(either), enrol_passkey(either, "alice"), Ledger()
    alone = Visit(either)
    login = alone.get(alone.get(app.authorization_url()).headers["Location"])
    offer = login.request.full_path.replace("/login?", "/login/passkey/sign-in?")
    page = ledger.note("passkey sign-in page", lambda: alone.get(offer))
    answer = key.sign(options_on(page))
    ledger.note("passkey sign-in", lambda: alone.post(page, credential=answer), status=303)

    beside = Visit(either)
    login = beside.get(beside.get(app.authorization_url()).headers["Location"])
    signed_in = beside.post(login, username="alice", password=PASSWORD)
    url = beside.get(signed_in.headers["Location"]).headers["Location"]
    page = ledger.note("passkey page", lambda: beside.get(url))
    answer = key.sign(options_on(page))
    ledger.note("passkey", lambda: beside.post(page, credential=answer), status=303)

    ledger.check({"passkey sign-in page": 1, "passkey sign-in": 11, "passkey page": 3, "passkey": 13})
