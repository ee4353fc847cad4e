"""Hostile parameters, from a client that authenticates honestly: each machine endpoint refuses or does its work."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.conftest import Target
from tests.support.deployment import ISSUER
from tests.support.grants import make_code, make_refresh_token
from tests.support.hostile import PARAMETERS, encode_form, hostile_changes, hostile_texts, marked
from tests.support.hypothesis_profiles import budget
from tests.support.relying_party import REDIRECT_URI, VERIFIER, Reply, basic

pytestmark = pytest.mark.spec("RFC6749-10.14-1", "RFC6749-5.2-1", "RFC6749-5.2-2")
_clients = st.sampled_from(["app", "dpop-app", "certificate-app", "shop"])
Changes = Mapping[str, list[str] | None]


def _send(target: Target, name: str, path: str, form: Mapping[str, object], changes: Changes) -> Reply:
    """Send a changed form under a client's honest credentials, unless the changes replace those."""
    party = target.parties()[name] if name != "bank" else target.bank
    credentials = party.credentials()
    headers = {}
    if party.secret is not None:
        headers["Authorization"] = basic(party.client_id, party.secret)
    if party.binding == "dpop" and path in {"/par", "/token"}:
        headers["DPoP"] = party.proof("POST", ISSUER + path)
    if party.certificate is not None:
        headers["Client-Cert"] = certificate_header(party.certificate.der)
    secrets = [str(value) for key, value in credentials.items() if key == "client_assertion"]
    secrets += [party.secret or "no secret", *(str(form[key]) for key in ("code", "refresh_token") if key in form)]
    body = encode_form({**form, **credentials}, changes)
    return target.send(path, body, headers=headers, secrets=(*secrets, *headers.values()))


def certificate_header(der: bytes) -> str:
    """Return a certificate as the trusted proxy writes it."""
    from base64 import b64encode  # noqa: PLC0415 - used here alone

    return f":{b64encode(der).decode()}:"


@budget(60)
@given(_clients, hostile_changes())
def test_pushed_requests(either_target: Target, name: str, changes: Changes) -> None:
    request = either_target.parties()[name].request()
    answer = _send(either_target, name, "/par", {key: value for key, value in request.items() if value}, changes)
    assert answer.status_code in {201, 400, 401}


@budget(60)
@given(_clients, hostile_changes())
def test_codes(either_target: Target, name: str, changes: Changes) -> None:
    code = make_code(either_target.deployment, name, ("openid",))
    either_target.watch.forget()
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI, "code_verifier": VERIFIER}
    assert _send(either_target, name, "/token", form, changes).status_code in {200, 400, 401}


@budget(40)
@given(_clients, hostile_changes())
def test_refresh_tokens(either_target: Target, name: str, changes: Changes) -> None:
    token = make_refresh_token(either_target.deployment, name, ("openid",))
    either_target.watch.forget()
    form = {"grant_type": "refresh_token", "refresh_token": token}
    assert _send(either_target, name, "/token", form, changes).status_code in {200, 400, 401}


@budget(30)
@given(_clients, hostile_changes())
def test_client_credentials(either_target: Target, name: str, changes: Changes) -> None:
    form = {"grant_type": "client_credentials"}
    assert _send(either_target, name, "/token", form, changes).status_code in {200, 400, 401}


@budget(40)
@given(st.sampled_from(["bank", "app", "shop"]), hostile_changes(), hostile_texts)
def test_introspection_and_revocation(target: Target, name: str, changes: Changes, token: str) -> None:
    for path in ("/introspect", "/revoke"):
        form = {"token": marked("token", token).encode("utf-8", "replace").decode()}
        answer = _send(target, name, path, form, changes)
        assert answer.status_code in {200, 400, 401}
        if path == "/introspect" and answer.status_code == 200:
            assert answer.json == {"active": False}


@budget(40)
@given(st.sampled_from(["bank", "app", "shop"]), hostile_changes(), hostile_texts)
def test_which_tokens_have_ended(target: Target, name: str, changes: Changes, hashes: str) -> None:
    form = {"token_hashes": marked("token_hashes", hashes).encode("utf-8", "replace").decode()}
    assert _send(target, name, "/introspect/ended", form, changes).status_code in {200, 400, 401}


@budget(80)
@given(hostile_changes(), st.sampled_from(["app", "shop", "nobody"]), st.booleans())
def test_the_authorization_endpoint(either_target: Target, changes: Changes, name: str, as_form: bool) -> None:  # noqa: FBT001 - drawn
    asked = either_target.shop.request()
    request = {**{key: value for key, value in asked.items() if value}, "client_id": name, "scope": "openid"}
    encoded = encode_form(request, changes)
    sent = None if as_form else encoded.decode()
    answer = either_target.send("/authorize", encoded if as_form else None, query_string=sent)
    assert answer.status_code in {303, 400}
    if answer.status_code == 303:
        location = answer.headers["Location"]
        assert location.startswith(
            (REDIRECT_URI + "?", "/login?interaction=", "/authorize?client_id=shop&request_uri=")
        ), location


@budget(40)
@given(st.sampled_from(PARAMETERS) | hostile_texts, hostile_texts, hostile_texts)
def test_references_and_interactions_nobody_gave_out(target: Target, name: str, value: str, cookie: str) -> None:
    cookies = "__Host-browser=" + cookie.encode("latin-1", "ignore").decode("latin-1").translate(
        dict.fromkeys(range(32))
    )
    for path, honest in (
        ("/authorize", {"client_id": "app", "request_uri": "urn:ietf:params:oauth:request_uri:" + value}),
        ("/authorize/continue", {"interaction": marked("interaction", value)}),
        ("/userinfo", {"access_token": marked("access_token", value)}),
        ("/jwks", {"kid": value}),
        ("/.well-known/openid-configuration", {}),
        ("/.well-known/oauth-authorization-server", {}),
    ):
        query = encode_form(honest, {name: [marked(name, value)]}).decode()
        answer = target.send(path, headers={"Cookie": cookies}, query_string=query)
        assert answer.status_code in ({200} if path.startswith(("/jwks", "/.well-known")) else {400, 401})
