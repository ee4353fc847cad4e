"""DPoP where a token is used: the negative list of the conformance suite, at our own protected resource."""

from dataclasses import replace

import pytest

from authserver.db.engine import Database
from tests.support.bad_proofs import BAD_PROOFS, GOOD_PROOFS
from tests.support.deployment import BANK, ISSUER, Deployment, deploy
from tests.support.jose import private_key
from tests.support.person import Person, code_of
from tests.support.refusals import challenge
from tests.support.relying_party import RelyingParty, Reply, challenge_of, claims_of, register

URL = ISSUER + "/userinfo"


@pytest.fixture(scope="module")
def client(shared: Deployment) -> RelyingParty:
    """A client whose tokens are bound to a DPoP key."""
    return register(shared, "dpop-app", dpop_bound_access_tokens=True)


@pytest.fixture(scope="module")
def token(client: RelyingParty, signed_in: Person) -> str:
    """An access token of that client; none of the requests below may harm it."""
    return str(client.redeem(code_of(signed_in.approve(client.authorization_url()))).json["access_token"])


def use(
    client: RelyingParty, token: str, proof: str | None, *, scheme: str = "DPoP", header: str = "DPoP", path: str = ""
) -> Reply:
    """Use a token with a proof, or without one."""
    headers = {"Authorization": f"{scheme} {token}"}
    if proof is not None:
        headers[header] = proof
    return client.send("/userinfo" + path, headers=headers)


@pytest.mark.parametrize("name", GOOD_PROOFS)
@pytest.mark.spec("RFC9449-4.2-2", "RFC9449-4.3-9", "RFC9449-4.3-13", "FAPI2-SP-FINAL-5.3.2.1-13")
def test_a_proof_is_accepted_with(client: RelyingParty, token: str, name: str) -> None:
    reply = use(client, token, GOOD_PROOFS[name](client, "GET", URL, token))
    assert reply.status_code == 200, reply.text


@pytest.mark.parametrize("name", BAD_PROOFS)
@pytest.mark.spec("RFC9449-4.3", "RFC9449-7-1", "RFC9449-7.1-1", "RFC9449-7.1-2", "FAPI2-SP-FINAL-5.3.4-5")
def test_a_proof_is_refused_with(client: RelyingParty, token: str, name: str) -> None:
    expected = "use_dpop_nonce" if "nonce" in name else "invalid_dpop_proof"
    assert challenge(use(client, token, BAD_PROOFS[name](client, "GET", URL, token))) == (401, expected)


@pytest.mark.parametrize("ath", [None, "", "x", challenge_of("another token"), 7, ["x"], "é"])
@pytest.mark.spec("RFC9449-4.3-12", "RFC9449-7-1")
def test_a_proof_without_the_hash_of_the_token_is_refused(client: RelyingParty, token: str, ath: object) -> None:
    proof = client.proof("GET", URL, ath=ath)
    assert challenge(use(client, token, proof)) == (401, "invalid_dpop_proof")


@pytest.mark.spec("RFC9449-4.3-12", "RFC9449-6-1", "RFC9700-4.10.1-1", "FAPI2-SP-FINAL-5.3.4-5")
def test_a_proof_by_another_key_than_the_tokens_is_refused(client: RelyingParty, token: str) -> None:
    thief = private_key("ES256", "thief")
    assert challenge(use(client, token, client.proof("GET", URL, access_token=token, key=thief))) == (
        401,
        "invalid_token",
    )


@pytest.mark.spec("RFC9449-7-1", "RFC9449-7.1-1")
def test_a_bound_token_without_a_proof_is_refused(client: RelyingParty, token: str) -> None:
    assert challenge(use(client, token, None)) == (401, "invalid_dpop_proof")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
@pytest.mark.spec("RFC9449-7.2-1", "RFC9449-6-1")
def test_a_bound_token_as_a_bearer_token_is_refused(client: RelyingParty, token: str, scheme: str) -> None:
    for proof in (None, client.proof("GET", URL, access_token=token)):
        assert challenge(use(client, token, proof, scheme=scheme)) == (401, "invalid_token")


@pytest.mark.parametrize("scheme", ["dPOP", "DPOP", "dpop", "DPoP"])
@pytest.mark.spec("RFC9449-7.1-1", "FAPI2-SP-FINAL-5.3.4-1", "RFC6750-2.1-1")
def test_the_name_of_the_scheme_may_be_in_any_case(client: RelyingParty, token: str, scheme: str) -> None:
    assert use(client, token, client.proof("GET", URL, access_token=token), scheme=scheme).status_code == 200


@pytest.mark.spec("RFC9449-4.1-1")
def test_the_name_of_the_header_may_be_in_any_case(client: RelyingParty, token: str) -> None:
    assert use(client, token, client.proof("GET", URL, access_token=token), header="DPOP").status_code == 200


@pytest.mark.spec("RFC9449-11.1-2")
def test_a_proof_is_good_once(client: RelyingParty, token: str) -> None:
    proof = client.proof("GET", URL, access_token=token)
    assert use(client, token, proof).status_code == 200
    assert challenge(use(client, token, proof)) == (401, "invalid_dpop_proof")


@pytest.mark.spec("RFC9449-4.3-8", "OIDCC-5.3.1")
def test_a_post_needs_a_proof_for_post(client: RelyingParty, token: str) -> None:
    headers = {"Authorization": f"DPoP {token}", "DPoP": client.proof("POST", URL, access_token=token)}
    assert client.send("/userinfo", headers=headers, method="POST").status_code == 200
    headers["DPoP"] = client.proof("GET", URL, access_token=token)
    assert challenge(client.send("/userinfo", headers=headers, method="POST")) == (401, "invalid_dpop_proof")


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.4-2", "RFC6750-2.3-1", "RFC6750-2-1")
def test_a_token_in_the_query_is_not_seen(client: RelyingParty, token: str) -> None:
    proof = {"DPoP": client.proof("GET", URL, access_token=token)}
    assert challenge(client.send(f"/userinfo?access_token={token}", headers=proof)) == (401, "")


@pytest.mark.parametrize("authorization", ["", "DPoP", "DPoP ", "Basic eDp4", "Bearer", "Digest x"])
@pytest.mark.spec("RFC6750-3-1", "RFC6750-3.1-1", "FAPI2-SP-FINAL-5.3.4-1", "RFC9449-7.1-2")
def test_without_a_token_the_challenge_names_no_error(client: RelyingParty, authorization: str) -> None:
    assert challenge(client.send("/userinfo", headers={"Authorization": authorization})) == (401, "")


@pytest.mark.parametrize("presented", ["x", "é", "\xff", "a b", "x" * 9000, "DPoP"])
@pytest.mark.spec("RFC6750-3.1-1", "FAPI2-SP-FINAL-5.3.4-3")
def test_what_is_no_token_of_ours_is_an_invalid_token(client: RelyingParty, token: str, presented: str) -> None:
    latin = presented.encode("latin-1", "ignore").decode("latin-1")
    assert challenge(use(client, latin, client.proof("GET", URL, access_token=token))) == (401, "invalid_token")


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.4-3", "RFC9068-2.1-1")
def test_an_altered_token_is_an_invalid_token(client: RelyingParty, token: str) -> None:
    for altered in (token[:-2], token + "A", token.replace(".", "..", 1), token.rpartition(".")[0] + "."):
        proof = client.proof("GET", URL, access_token=altered)
        assert challenge(use(client, altered, proof)) == (401, "invalid_token")


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.4-4", "RFC6750-3.1-1")
def test_a_token_without_the_scope_is_told_so(shared: Deployment) -> None:
    client = register(shared, "own-scope", dpop_bound_access_tokens=True, scope="own")
    token = client.client_credentials().json["access_token"]
    proof = client.proof("GET", URL, access_token=token)
    assert challenge(use(client, token, proof)) == (403, "insufficient_scope")


@pytest.mark.spec("RFC9700-2.3-2", "RFC9700-4.10.2-1", "RFC9068-4-3")
def test_a_token_for_another_resource_is_refused(client: RelyingParty, signed_in: Person) -> None:
    url = client.authorization_url(resource=BANK)
    token = client.redeem(code_of(signed_in.approve(url))).json["access_token"]
    assert claims_of(token)["aud"] == BANK
    proof = client.proof("GET", URL, access_token=token)
    assert challenge(use(client, token, proof)) == (401, "invalid_token")


@pytest.mark.spec("RFC9449-9-1", "RFC9449-8-1", "RFC9449-11.3-1")
def test_where_nonces_are_demanded_the_challenge_supplies_one(sqlite_database: Database, sqlite_url: str) -> None:
    strict = deploy(sqlite_database, sqlite_url, dpop_nonce="required")
    client = register(strict, dpop_bound_access_tokens=True)
    client = replace(client, dpop_nonce=client.push().headers["DPoP-Nonce"])
    token = client.redeem(code_of(Person(strict).approve(client.authorization_url(scope="openid")))).json[
        "access_token"
    ]

    asked = use(client, token, replace(client, dpop_nonce=None).proof("GET", URL, access_token=token))

    assert challenge(asked) == (401, "use_dpop_nonce")
    (nonce,) = asked.headers.getlist("DPoP-Nonce")
    assert use(client, token, client.proof("GET", URL, access_token=token, nonce=nonce)).status_code == 200


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.4-1")
def test_the_resource_takes_the_headers_of_the_conformance_suite(client: RelyingParty, token: str) -> None:
    headers = {
        "Authorization": f"DPoP {token}",
        "DPoP": client.proof("GET", URL, access_token=token),
        "Accept": "application/json;charset=UTF-8",
        "Accept-Charset": "UTF-8",
        "x-fapi-auth-date": "Tue, 11 Sep 2026 19:43:31 GMT",
        "x-fapi-customer-ip-address": "2001:db8::1893:25c8:1946",
        "x-fapi-interaction-id": "c770aef3-6784-41f7-8e0e-ff5f97bddb3a",
    }
    reply = client.send("/userinfo", headers=headers)
    assert (reply.status_code, reply.headers["Content-Type"]) == (200, "application/json")
