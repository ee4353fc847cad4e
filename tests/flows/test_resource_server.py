"""The resource-server kit at work, in Flask and around a WSGI application: what passes, and each refusal.

Tokens are signed by a real key whose public half is fetched over HTTPS; proofs are forged in every way the strict rules
name (module 38).
"""

import hashlib
import json
import logging
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, jsonify
from werkzeug.test import Client

from authserver.binding.dpop import DpopNonces
from authserver.binding.mtls import certificate_thumbprint
from authserver.keys.jwks import thumbprint
from authserver.keys.remote import RemoteKeys
from authserver.outbound.fetch import SafeFetcher
from authserver.resource.asgi import ACCESS_TOKEN_KEY as ASGI_TOKEN_KEY
from authserver.resource.asgi import AsgiProtector, Receive, Scope, Send
from authserver.resource.checks import Expectation
from authserver.resource.demand import Demand
from authserver.resource.environ import ApiOrigin
from authserver.resource.flask_protector import ApiProtector, current_access_token
from authserver.resource.guard import Guard
from authserver.resource.introspected_tokens import ClientCertificate, introspection_context
from authserver.resource.local_tokens import LocalTokens, fetch_keys_from
from authserver.resource.wsgi import ACCESS_TOKEN_KEY, GuardedApplication
from authserver.serving.tls import TLS_1_2_SUITES
from tests.support.asgi_bridge import as_wsgi, origin_behind_proxy
from tests.support.authority import NOW, common_name, create_authority
from tests.support.guarded_api import (
    CERTIFICATE,
    DPOP_TOKEN,
    ISSUER,
    ORIGIN,
    OTHER_CERTIFICATE,
    PROOF_KEY,
    URL,
    Api,
    bearer,
    dpop,
    local_tokens,
    proof,
    token,
)
from tests.support.introspecting import introspecting
from tests.support.jose import encode, private_key, public_jwk
from tests.support.key_server import key_server


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalTokens]:
    """Local validation, with the issuer's keys behind HTTPS."""
    with local_tokens(tmp_path_factory.mktemp("keys")) as source:
        yield source


def _flask(guard: Guard) -> Callable[..., Any]:
    app = Flask("api")
    protector = ApiProtector(guard, ApiOrigin(ORIGIN))

    @app.get("/accounts")
    @protector.requires("accounts")
    def accounts() -> Any:  # noqa: ANN401 - Flask's
        return jsonify({"sub": current_access_token().subject})

    return app


def _wsgi(guard: Guard) -> Callable[..., Any]:
    def inner(environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps({"sub": environ[ACCESS_TOKEN_KEY].subject}).encode()]

    return GuardedApplication(inner, guard, ApiOrigin(ORIGIN), Demand(("accounts",)))


def _asgi(guard: Guard) -> Callable[..., Any]:
    async def inner(scope: Scope, _receive: Receive, send: Send) -> None:
        body = json.dumps({"sub": scope[ASGI_TOKEN_KEY].subject}).encode()
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    protector = AsgiProtector(guard, origin_behind_proxy(ORIGIN))
    return as_wsgi(protector.guarding(inner, Demand(("accounts",))))


GLUES = {"asgi": _asgi, "flask": _flask, "wsgi": _wsgi}


@pytest.fixture(params=sorted(GLUES))
def api(request: pytest.FixtureRequest, tokens: LocalTokens) -> Api:
    """The API, once under each kind of glue."""
    guard = Guard(tokens, Expectation(ISSUER, URL), lambda: NOW, nonces=DpopNonces(b"k" * 32, required=False))
    return Api(Client(GLUES[request.param](guard)))


@pytest.mark.spec("RFC8705-3-2", "FAPI2-SP-FINAL-5.3.4-1", "FAPI2-SP-FINAL-5.3.4-5")
@pytest.mark.parametrize("scheme", ["Bearer", "bEARER", "bearer"])
def test_a_token_passes_with_its_certificate_whatever_the_case_of_the_scheme(api: Api, scheme: str) -> None:
    answer = api.get([("Authorization", f"{scheme} {token()}")], certificate=CERTIFICATE)
    assert (answer.status_code, answer.get_json()) == (200, {"sub": "alice"})


@pytest.mark.spec("RFC9449-7-1", "RFC9449-7.1-1", "RFC9449-4.2-2", "RFC9449-4.3-9", "RFC9449-4.3-13")
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"nbf": NOW, "exp": NOW + 60, "private": {"a": 1}},
        {"iat": NOW - 10},
        {"iat": NOW + 8},
        {"htu": f"{URL}?a=b#c"},
        {"htu": "HTTPS://API.example:443/accounts"},
    ],
    ids=["plain", "further claims", "10 s ago", "8 s ahead", "with a query", "in capitals"],
)
@pytest.mark.parametrize("scheme", ["DPoP", "dPOP"])
def test_a_token_passes_with_a_proof_by_its_key(api: Api, changes: dict[str, object], scheme: str) -> None:
    answer = api.get(dpop(proof(**changes), scheme=scheme), url="/accounts?page=2")  # type: ignore[arg-type]  # claims by name
    assert answer.status_code == 200


_RSA = private_key("RS256", "proof")
_BAD_PROOFS: dict[str, Callable[[], list[str]]] = {
    "no proof": list,
    "two headers": lambda: [proof(), proof()],
    "not a JWT": lambda: ["not-a-jwt"],
    "typ missing": lambda: [proof(header={"typ": None})],
    "typ wrong": lambda: [proof(header={"typ": "JWT"})],
    "alg missing": lambda: [proof(header={"alg": None})],
    "alg none": lambda: [proof(header={"alg": "none"})],
    "alg RS256": lambda: [proof(key=_RSA, algorithm="RS256")],
    "jwk missing": lambda: [proof(header={"jwk": None})],
    "jwk private": lambda: [proof(header={"jwk": PROOF_KEY.as_dict(private=True)})],
    "signature bad": lambda: [proof(header={"jwk": public_jwk(private_key("ES256", "other"))})],
    "jti missing": lambda: [proof(jti=None)],
    "htm missing": lambda: [proof(htm=None)],
    "htu missing": lambda: [proof(htu=None)],
    "iat missing": lambda: [proof(iat=None)],
    "ath missing": lambda: [proof(ath=None)],
    "htm wrong": lambda: [proof(htm="POST")],
    "htu wrong": lambda: [proof(htu=f"{ORIGIN}/payments")],
    "htu of another host": lambda: [proof(htu="https://evil.example/accounts")],
    "iat an hour ago": lambda: [proof(iat=NOW - 3600)],
    "iat in an hour": lambda: [proof(iat=NOW + 3600)],
    "ath wrong": lambda: [proof(ath=encode(hashlib.sha256(b"another token").digest()))],
    "another key": lambda: [proof(key=private_key("ES256", "other"))],
}


@pytest.mark.spec(
    "RFC9449-4.3-1",
    "RFC9449-4.3-2",
    "RFC9449-4.3-3",
    "RFC9449-4.3-4",
    "RFC9449-4.3-5",
    "RFC9449-4.3-6",
    "RFC9449-4.3-7",
    "RFC9449-4.3-8",
    "RFC9449-4.3-9",
    "RFC9449-4.3-11",
    "RFC9449-4.3-12",
    "RFC9449-7.1-2",
)
@pytest.mark.parametrize("what", _BAD_PROOFS)
def test_a_dpop_token_is_refused_with_a_bad_proof(api: Api, what: str) -> None:
    answer = api.get(dpop(*_BAD_PROOFS[what]()))
    assert answer.status_code == 401
    challenges = answer.headers.getlist("WWW-Authenticate")
    assert any(text.startswith("DPoP ") and "algs=" in text and "error=" in text for text in challenges)
    assert answer.get_json()["error"] in {"invalid_token", "invalid_dpop_proof"}


@pytest.mark.spec("RFC9449-7.2-1")
def test_a_dpop_token_is_refused_as_a_bearer_token_even_with_its_proof(api: Api) -> None:
    assert api.get(dpop(proof(), scheme="Bearer")).status_code == 401
    assert api.get(bearer(DPOP_TOKEN), certificate=CERTIFICATE).status_code == 401


@pytest.mark.spec("RFC9449-7.1-1")
def test_a_certificate_bound_token_is_refused_under_the_scheme_dpop(api: Api) -> None:
    assert (
        api.get([("Authorization", f"DPoP {token()}"), ("DPoP", proof())], certificate=CERTIFICATE).status_code == 401
    )


@pytest.mark.spec("RFC9449-11.1-2")
def test_a_proof_is_taken_once(api: Api) -> None:
    used = proof()
    assert api.get(dpop(used)).status_code == 200
    assert api.get(dpop(used)).status_code == 401


@pytest.mark.spec("RFC9449-11.1-2")
def test_a_refused_request_spends_no_proof(api: Api) -> None:
    unused = proof(jti="kept")
    lacking = token(cnf={"jkt": thumbprint(public_jwk(PROOF_KEY))}, scope="openid")
    lacking_proof = proof(jti="kept", ath=encode(hashlib.sha256(lacking.encode()).digest()))
    assert api.get([("Authorization", f"DPoP {lacking}"), ("DPoP", lacking_proof)]).status_code == 403
    assert api.get(dpop(unused)).status_code == 200


@pytest.mark.spec("RFC9449-9-1", "RFC9449-8-3")
def test_a_proof_with_a_strange_nonce_is_told_ours_and_passes_with_it(api: Api) -> None:
    answer = api.get(dpop(proof(nonce="another server's")))
    assert answer.status_code == 401
    assert answer.get_json()["error"] == "use_dpop_nonce"
    assert api.get(dpop(proof(nonce=answer.headers["DPoP-Nonce"]))).status_code == 200


@pytest.mark.spec("RFC8705-3-2", "FAPI2-SP-FINAL-5.3.4-5")
@pytest.mark.parametrize("certificate", [None, OTHER_CERTIFICATE])
def test_a_stolen_token_is_refused_without_its_certificate(api: Api, certificate: bytes | None) -> None:
    answer = api.get(bearer(token()), certificate=certificate)
    assert answer.status_code == 401
    assert answer.get_json()["error"] == "invalid_token"


_BAD_TOKENS: dict[str, Callable[[], str]] = {
    "typ JWT": lambda: token(header={"typ": "JWT"}),
    "typ missing": lambda: token(header={"typ": ""}),
    "alg none": lambda: token(header={"alg": "none"}),
    "alg HS256": lambda: token(header={"alg": "HS256"}),
    "unknown kid": lambda: token(header={"kid": "another"}),
    "another key": lambda: token(key=private_key("ES256", "impostor")),
    "another issuer": lambda: token(iss="https://evil.example"),
    "another audience": lambda: token(aud=f"{ORIGIN}/payments"),
    "no audience": lambda: token(aud=None),
    "expired": lambda: token(exp=NOW),
    "no expiry": lambda: token(exp=None),
    "unbound": lambda: token(cnf=None),
    "bound otherwise": lambda: token(cnf={"jwk": {}}),
    "opaque": lambda: "abcdefghijklmnopqrstuvwxyz",
    "cut off": lambda: token()[:-10],
}


@pytest.mark.spec(
    "RFC9068-4-1",
    "RFC9068-4-2",
    "RFC9068-4-3",
    "RFC9068-4-4",
    "RFC9068-4-5",
    "RFC9068-4-6",
    "FAPI2-SP-FINAL-5.3.4-3",
    "RFC9700-2.3-2",
)
@pytest.mark.parametrize("what", _BAD_TOKENS)
def test_a_bad_token_is_refused(api: Api, what: str) -> None:
    answer = api.get(bearer(_BAD_TOKENS[what]()), certificate=CERTIFICATE)
    assert answer.status_code == 401
    assert answer.get_json()["error"] == "invalid_token"
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


@pytest.mark.spec("RFC6750-3-1", "RFC6750-3.1-1")
@pytest.mark.parametrize("headers", [[], [("Authorization", "Basic YTpi")], [("Authorization", "Bearer")]])
def test_without_a_token_the_challenge_names_no_error(api: Api, headers: list[tuple[str, str]]) -> None:
    answer = api.get(headers, certificate=CERTIFICATE)
    assert answer.status_code == 401
    challenges = answer.headers.getlist("WWW-Authenticate")
    assert {text.partition(" ")[0] for text in challenges} == {"DPoP", "Bearer"}
    assert not any("error" in text for text in challenges)
    assert answer.get_json() == {}


def test_a_refusal_tells_the_caller_an_id_and_the_operator_the_reason_under_it(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "authserver.resource")
    sent = token(exp=NOW)
    answer = api.get(bearer(sent), url="/accounts?page=secret", certificate=CERTIFICATE)
    correlation_id = answer.headers["X-Correlation-Id"]
    assert answer.get_json()["correlation_id"] == correlation_id
    [record] = caplog.records
    line = record.getMessage()
    for part in (correlation_id, "status='401'", "error='invalid_token'", "'exp is missing or past'", "'RFC9068-4-5'"):
        assert part in line
    assert f"method='GET' url='{ORIGIN}/accounts'" in line
    assert vars(record)["reason"] == "exp is missing or past"
    assert "secret" not in line
    assert not any(part in line for part in sent.split("."))
    assert "exp is missing" not in answer.text


def test_two_refusals_have_two_ids_and_a_request_without_a_token_has_one_too(api: Api) -> None:
    ids = {api.get().headers["X-Correlation-Id"] for _ in range(2)}
    assert len(ids) == 2
    assert all(len(each) == 32 for each in ids)


@pytest.mark.spec("RFC6750-3.1-1", "FAPI2-SP-FINAL-5.3.4-4")
def test_too_little_scope_is_told_with_the_scope_that_is_needed(api: Api) -> None:
    answer = api.get(bearer(token(scope="openid payments")), certificate=CERTIFICATE)
    assert answer.status_code == 403
    challenge = answer.headers["WWW-Authenticate"]
    assert 'error="insufficient_scope"' in challenge
    assert 'scope="accounts"' in challenge


@pytest.mark.spec("RFC6750-2.3-1", "FAPI2-SP-FINAL-5.3.4-2")
def test_a_token_in_the_query_never_passes(api: Api) -> None:
    assert api.get(url=f"/accounts?access_token={token()}", certificate=CERTIFICATE).status_code == 400
    both = api.get(bearer(token()), url=f"/accounts?access_token={token()}", certificate=CERTIFICATE)
    assert both.status_code == 400


@pytest.mark.spec("RFC6750-2-1")
def test_a_token_in_the_body_is_not_looked_at(api: Api) -> None:
    assert api.get(data={"access_token": token()}, certificate=CERTIFICATE).status_code == 401


def test_keys_that_cannot_be_had_refuse_for_now_and_let_nothing_pass(tmp_path: Path) -> None:
    with key_server(tmp_path) as server:
        server.serve(b"no JSON")
        fetcher = SafeFetcher(
            allow=frozenset({server.authority}), ca_file=server.ca_file, resolve=lambda _host, _port: ["127.0.0.1"]
        )
        guard = Guard(LocalTokens(server.url, RemoteKeys(fetcher, lambda: NOW)), Expectation(ISSUER, URL), lambda: NOW)
        answer = Api(Client(_flask(guard))).get(bearer(token()), certificate=CERTIFICATE)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_an_issuer_on_a_private_address_is_not_asked_unless_it_is_named(caplog: pytest.LogCaptureFixture) -> None:
    source = LocalTokens("https://127.0.0.1/jwks", fetch_keys_from(lambda: NOW))
    api = Api(Client(_wsgi(Guard(source, Expectation(ISSUER, URL), lambda: NOW))))
    assert api.get(bearer(token()), certificate=CERTIFICATE).status_code == 503
    why, refused = (record.getMessage() for record in caplog.records)
    assert why == "jwks.fetch_failed 127.0.0.1 is not on the public network"
    assert "no keys of the issuer" in refused


def test_a_rotated_key_is_fetched_when_a_token_names_it(tmp_path: Path) -> None:
    old, new = private_key("ES256", "old"), private_key("ES256", "issuer")
    now = [NOW]
    with key_server(tmp_path) as server:
        server.serve(json.dumps({"keys": [public_jwk(old, kid="old", alg="ES256", use="sig")]}).encode())
        fetcher = SafeFetcher(
            allow=frozenset({server.authority}), ca_file=server.ca_file, resolve=lambda _host, _port: ["127.0.0.1"]
        )
        source = LocalTokens(server.url, RemoteKeys(fetcher, lambda: now[0]))
        api = Api(Client(_flask(Guard(source, Expectation(ISSUER, URL), lambda: NOW))))
        assert api.get(bearer(token()), certificate=CERTIFICATE).status_code == 401
        server.serve(json.dumps({"keys": [public_jwk(new, kid="issuer", alg="ES256", use="sig")]}).encode())
        now[0] += 61
        assert api.get(bearer(token()), certificate=CERTIFICATE).status_code == 200


def test_authlib_is_kept_from_printing_tokens_whatever_the_application_logs(tokens: LocalTokens) -> None:
    logging.getLogger("authlib").setLevel(logging.NOTSET)
    ApiProtector(Guard(tokens, Expectation(ISSUER, URL), lambda: NOW), ApiOrigin(ORIGIN))
    assert not logging.getLogger("authlib.oauth2.rfc6749.grants").isEnabledFor(logging.DEBUG)


def test_authlibs_own_ways_of_guarding_ask_the_same_guard(tokens: LocalTokens) -> None:
    app = Flask("api")
    protector = ApiProtector(Guard(tokens, Expectation(ISSUER, URL), lambda: NOW), ApiOrigin(ORIGIN))

    @app.get("/accounts")
    def accounts() -> Any:  # noqa: ANN401 - Flask's
        with protector.acquire("accounts") as found:
            return jsonify({"sub": found.subject})

    @app.get("/optional")
    @protector("accounts", optional=True)  # type: ignore[untyped-decorator]  # Authlib has no types
    def optional() -> Any:  # noqa: ANN401 - Flask's
        return jsonify({})

    api = Api(Client(app))
    assert api.get(bearer(token()), certificate=CERTIFICATE).get_json() == {"sub": "alice"}
    assert api.get(bearer(token(scope="openid")), certificate=CERTIFICATE).status_code == 403
    assert api.get().status_code == 401
    assert api.get(url="/optional").status_code == 200
    assert api.get(bearer(token(exp=NOW)), url="/optional", certificate=CERTIFICATE).status_code == 401


@pytest.mark.spec("RFC7662-2.1-1", "RFC7662-2.2-1", "FAPI2-SP-FINAL-5.2.1-5")
@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, b'{"active": false}', 401),
        (200, b'{"active": "true"}', 401),
        (200, b"{}", 401),
        (200, b"[]", 503),
        (200, b"no JSON", 503),
        (200, b'{"active": true}', 401),
        (401, b'{"error": "invalid_client"}', 503),
        (500, b'{"active": true}', 503),
        (303, b'{"active": true}', 503),
    ],
)
def test_nothing_passes_on_an_answer_that_does_not_say_so(
    tmp_path: Path, status: int, body: bytes, expected: int
) -> None:
    seen: list[bytes] = []
    with introspecting(tmp_path, status, body, seen) as source:
        api = Api(Client(_flask(Guard(source, Expectation(ISSUER, URL), lambda: NOW))))
        assert api.get(bearer("opaque"), certificate=CERTIFICATE).status_code == expected
    assert seen == [b"token=opaque&token_type_hint=access_token&client_id=bank"]


@pytest.mark.spec("FAPI2-SP-FINAL-5.2.2-2")
def test_the_kit_offers_four_suites_and_no_other_under_tls_1_2(tmp_path: Path) -> None:
    authority = create_authority("test authority", NOW)
    (tmp_path / "authority.pem").write_bytes(authority.pem)
    files = authority.issue_client(common_name("bank"), NOW).save(tmp_path, "client")
    context = introspection_context(ClientCertificate(*files), tmp_path / "authority.pem")
    offered = {str(suite["name"]) for suite in context.get_ciphers()}
    assert {name for name in offered if not name.startswith("TLS_")} == set(TLS_1_2_SUITES)
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


@pytest.mark.spec("RFC7662-4-1", "RFC8705-3.2-1")
def test_an_active_token_is_checked_like_any_other(tmp_path: Path) -> None:
    claims = {
        "active": True,
        "iss": ISSUER,
        "aud": URL,
        "sub": "alice",
        "client_id": "planner",
        "scope": "accounts",
        "exp": NOW + 1,
        "cnf": {"x5t#S256": certificate_thumbprint(CERTIFICATE)},
    }
    with introspecting(tmp_path, 200, json.dumps(claims).encode(), []) as source:
        api = Api(Client(_flask(Guard(source, Expectation(ISSUER, URL), lambda: NOW))))
        assert api.get(bearer("opaque"), certificate=CERTIFICATE).status_code == 200
        assert api.get(bearer("opaque"), certificate=OTHER_CERTIFICATE).status_code == 401
        elsewhere = Api(Client(_flask(Guard(source, Expectation(ISSUER, f"{ORIGIN}/payments"), lambda: NOW))))
        assert elsewhere.get(bearer("opaque"), certificate=CERTIFICATE).status_code == 401


def test_an_issuer_that_does_not_answer_refuses_for_now(tmp_path: Path) -> None:
    with introspecting(tmp_path, 200, b"{}", []) as source:
        pass
    api = Api(Client(_flask(Guard(source, Expectation(ISSUER, URL), lambda: NOW))))
    assert api.get(bearer("opaque"), certificate=CERTIFICATE).status_code == 503
