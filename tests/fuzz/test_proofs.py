"""Hostile DPoP proofs beside honest credentials: refused as proofs, and nothing is issued or spent."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.conftest import Target
from tests.fuzz.test_credentials import compact, headers, values
from tests.support.deployment import ISSUER
from tests.support.grants import make_code
from tests.support.hostile import SECRET, encode_form, header_texts, hostile_texts
from tests.support.hypothesis_profiles import budget
from tests.support.jose import forge, private_key, public_jwk
from tests.support.relying_party import REDIRECT_URI, VERIFIER, Reply

pytestmark = pytest.mark.spec("RFC9449-5-2", "RFC9449-4.3-2", "RFC6749-10.14-1")
_claims = st.dictionaries(
    st.sampled_from(["jti", "htm", "htu", "iat", "ath", "nonce"]) | hostile_texts, values, max_size=4
)
_jwk_names = st.sampled_from(["kty", "crv", "x", "y", "d", "k", "n", "e", "kid", "use", "alg", "key_ops", "oth"])
_jwk_words = st.sampled_from(
    ["EC", "OKP", "RSA", "oct", "P-256", "P-384", "Ed25519", "X25519", "AQAB", "AA", "A" * 43, "A" * 600]
)
jwks = st.dictionaries(_jwk_names, _jwk_words | values, max_size=6)


def _present(target: Target, path: str, proof: str) -> Reply:
    """Send a proof with an honest request of an app that binds by DPoP."""
    app = target.dpop_app
    request = {key: value for key, value in app.request().items() if value}
    if path == "/token":
        request = {"grant_type": "client_credentials"}
    form = encode_form({**request, **app.credentials()}, {})
    return target.send(path, form, headers={"DPoP": proof}, secrets=(proof,))


def _in_header(text: str) -> str:
    return text.encode("latin-1", "ignore").decode("latin-1").translate(dict.fromkeys([0, 10, 13]))


def _is_refused_as_proof(answer: Reply) -> None:
    assert answer.status_code == 400, answer.text
    assert answer.json["error"] in {"invalid_dpop_proof", "use_dpop_nonce"}


@budget(80)
@given(st.sampled_from(["/token", "/par"]), headers, _claims)
def test_signed_proofs_with_hostile_headers_and_claims(
    target: Target, path: str, header: dict[str, Any], changes: dict[str, Any]
) -> None:
    key = target.dpop_app.dpop_key
    honest = {"jti": SECRET, "htm": "POST", "htu": ISSUER + path, "iat": target.deployment.now}
    # Whatever else is drawn, the method is wrong: so nothing of this may pass.
    body = {**honest, **changes, "htm": "PUT"}
    _is_refused_as_proof(
        _present(
            target,
            path,
            forge({"typ": "dpop+jwt", "alg": "ES256", "jwk": public_jwk(key), **header}, body, key, "ES256"),
        )
    )


@budget(60)
@given(jwks, st.sampled_from(["ES256", "PS256", "Ed25519", "EdDSA", "none", "HS256", "RS256"]))
def test_proofs_with_hostile_keys(target: Target, jwk: dict[str, Any], algorithm: str) -> None:
    key, signer = private_key("ES256", "thief"), private_key("ES256", "someone else")
    body = {"jti": SECRET, "htm": "POST", "htu": ISSUER + "/token", "iat": target.deployment.now}
    for offered in (jwk, {**public_jwk(key), "kty": "oct", **jwk}):
        proof = forge({"typ": "dpop+jwt", "alg": algorithm, "jwk": offered}, body, signer, "ES256")
        _is_refused_as_proof(_present(target, "/token", proof))


@budget(60)
@given(st.sampled_from(["/token", "/par"]), compact | header_texts)
def test_proofs_that_are_no_tokens(target: Target, path: str, text: str) -> None:
    _is_refused_as_proof(_present(target, path, _in_header(text)))


@budget(40)
@given(compact | header_texts, st.booleans())
def test_a_bad_proof_spends_neither_code_nor_assertion(target: Target, text: str, twice: bool) -> None:  # noqa: FBT001 - drawn
    app = target.dpop_app
    code = make_code(target.deployment, "dpop-app", ("openid",))
    target.watch.forget()
    grant = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI, "code_verifier": VERIFIER}
    form = encode_form({**grant, **app.credentials()}, {})
    honest = app.proof("POST", ISSUER + "/token")
    bad = f"{honest}, {honest}" if twice else _in_header(text)
    _is_refused_as_proof(target.send("/token", form, headers={"DPoP": bad}, secrets=(code,)))
    assert target.send("/token", form, headers={"DPoP": honest}, secrets=(code, honest)).status_code == 200
