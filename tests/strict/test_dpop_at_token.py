"""DPoP at the token endpoint: the proof, the key it binds to, and nonces."""

import pytest

from authserver.db.engine import Database
from tests.support.bad_proofs import BAD_PROOFS, GOOD_PROOFS
from tests.support.deployment import ISSUER, Deployment, deploy
from tests.support.jose import private_key
from tests.support.machine_calls import MACHINE_ENDPOINTS, honest_form
from tests.support.person import Person, code_of
from tests.support.refusals import refusal
from tests.support.relying_party import REDIRECT_URI, VERIFIER, Form, RelyingParty, Reply, claims_of, register

BAD_PROOF = (400, "invalid_dpop_proof")
TOKEN_URL = ISSUER + "/token"


@pytest.fixture(scope="module")
def client(shared: Deployment) -> RelyingParty:
    """A client whose tokens are bound to a DPoP key."""
    return register(shared, "dpop-app", dpop_bound_access_tokens=True)


def ask(app: RelyingParty, proof: str | None, path: str = "/token", form: Form | None = None) -> Reply:
    """Send an honest request with this proof, or with none."""
    headers = {} if proof is None else {"DPoP": proof}
    return app.send(path, {**(form or honest_form(app, path)), **app.credentials()}, headers=headers)


def redemption(code: str) -> Form:
    """Return the parameters that redeem a code."""
    return {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI, "code_verifier": VERIFIER}


@pytest.mark.parametrize("name", GOOD_PROOFS)
@pytest.mark.spec("RFC9449-4.2-2", "RFC9449-4.3-9", "RFC9449-4.3-13", "FAPI2-SP-FINAL-5.3.2.1-13")
def test_a_proof_is_accepted_with(client: RelyingParty, name: str) -> None:
    reply = ask(client, GOOD_PROOFS[name](client, "POST", TOKEN_URL, None))
    assert reply.status_code == 200, reply.text


@pytest.mark.parametrize("name", [name for name in BAD_PROOFS if "nonce" not in name])
@pytest.mark.spec("RFC9449-4.3", "RFC9449-5-2", "RFC9449-11.1-1", "RFC9449-11.5-1", "RFC9449-11.6-1")
def test_a_proof_is_refused_with(client: RelyingParty, name: str) -> None:
    assert refusal(ask(client, BAD_PROOFS[name](client, "POST", TOKEN_URL, None))) == BAD_PROOF


@pytest.mark.parametrize("algorithm", ["PS256", "Ed25519", "EdDSA"])
@pytest.mark.spec("RFC9449-4.3-5", "RFC9449-11.6-1", "FAPI2-SP-FINAL-5.4.1-1.2")
def test_a_proof_may_be_signed_with_any_published_algorithm(client: RelyingParty, algorithm: str) -> None:
    key = private_key(algorithm, "dpop")
    proof = client.proof("POST", TOKEN_URL, key=key, header={"alg": algorithm})
    assert ask(client, proof).json["token_type"] == "DPoP"


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.1-4", "FAPI2-SP-FINAL-5.3.2.1-5", "RFC9449-5.2-1", "RFC9449-4.1-1")
def test_without_a_proof_there_is_no_token(client: RelyingParty, signed_in: Person) -> None:
    assert refusal(ask(client, None)) == BAD_PROOF
    code = code_of(signed_in.approve(client.authorization_url()))
    assert refusal(ask(client, None, form=redemption(code))) == BAD_PROOF
    moved = client.send("/token", {**redemption(code), **client.credentials(), "DPoP": client.proof("POST", TOKEN_URL)})
    assert refusal(moved) == BAD_PROOF
    assert client.redeem(code).status_code == 200


@pytest.mark.spec("RFC9449-5-1", "RFC9449-6.1-1", "RFC9700-2.2.1-1")
def test_the_token_is_of_type_dpop_and_bound_to_the_key_of_the_proof(client: RelyingParty) -> None:
    reply = ask(client, client.proof("POST", TOKEN_URL))
    assert reply.json["token_type"] == "DPoP"
    assert claims_of(reply.json["access_token"])["cnf"] == {"jkt": client.dpop_key.thumbprint()}


@pytest.mark.spec("RFC9449-11.1-2")
def test_a_proof_is_good_once_as_long_as_it_would_be_good(deployment: Deployment) -> None:
    app = register(deployment, dpop_bound_access_tokens=True)
    proof = app.proof("POST", TOKEN_URL, iat=deployment.now + 15)
    assert ask(app, proof).status_code == 200
    assert refusal(ask(app, proof)) == BAD_PROOF
    deployment.wait(75)
    assert refusal(ask(app, proof)) == BAD_PROOF


@pytest.mark.spec("RFC9449-10-1", "RFC9449-10.1-2", "FAPI2-SP-FINAL-5.3.2.1-12")
def test_a_code_bound_by_dpop_jkt_is_redeemed_with_that_key_alone(client: RelyingParty, signed_in: Person) -> None:
    pushed = client.send("/par", {**client.request(), **client.credentials(), "dpop_jkt": client.dpop_key.thumbprint()})
    check_bound_code(client, signed_in, pushed)


@pytest.mark.spec("RFC9449-10-1", "RFC9449-10.1-1", "RFC9449-10.1-2", "FAPI2-SP-FINAL-5.3.2.1-12")
def test_a_code_bound_by_the_pushed_proof_is_redeemed_with_that_key_alone(
    client: RelyingParty, signed_in: Person
) -> None:
    check_bound_code(client, signed_in, client.push())


def check_bound_code(client: RelyingParty, person: Person, pushed: Reply) -> None:
    """Check that the code of a pushed request is refused with another key, then taken with its own."""
    uri = f"/authorize?client_id={client.client_id}&request_uri={pushed.json['request_uri']}"
    form = redemption(code_of(person.approve(uri)))
    foreign = client.proof("POST", TOKEN_URL, key=private_key("ES256", "foreign"))
    assert refusal(ask(client, foreign, form=form)) == (400, "invalid_grant")
    reply = ask(client, client.proof("POST", TOKEN_URL), form=form)
    assert claims_of(reply.json["access_token"])["cnf"] == {"jkt": client.dpop_key.thumbprint()}


@pytest.mark.spec("RFC9449-5-1")
def test_an_unbound_code_is_bound_by_whatever_key_redeems_it(client: RelyingParty, signed_in: Person) -> None:
    pushed = client.send("/par", {**client.request(), **client.credentials()})
    uri = f"/authorize?client_id={client.client_id}&request_uri={pushed.json['request_uri']}"
    code = code_of(signed_in.approve(uri))
    other = private_key("ES256", "other")
    reply = ask(client, client.proof("POST", TOKEN_URL, key=other), form=redemption(code))
    assert claims_of(reply.json["access_token"])["cnf"] == {"jkt": other.thumbprint()}


@pytest.mark.parametrize("path", MACHINE_ENDPOINTS)
@pytest.mark.spec("RFC9449-5-2", "RFC9449-4.3-8")
def test_a_bad_proof_is_refused_wherever_it_is_sent(client: RelyingParty, path: str) -> None:
    bad = client.proof("GET", ISSUER + path)
    assert refusal(ask(client, bad, path)) == BAD_PROOF


@pytest.fixture
def demanding(sqlite_database: Database, sqlite_url: str) -> RelyingParty:
    """A client at a server that demands nonces."""
    return register(deploy(sqlite_database, sqlite_url, dpop_nonce="required"), dpop_bound_access_tokens=True)


@pytest.mark.parametrize("path", MACHINE_ENDPOINTS)
@pytest.mark.spec("RFC9449-8-1", "RFC9449-8-2", "RFC9449-8.1-1", "RFC9449-11.3-1", "FAPI2-SP-FINAL-5.3.2.1-10")
def test_where_nonces_are_demanded_the_refusal_supplies_one(demanding: RelyingParty, path: str) -> None:
    credentials = demanding.credentials()
    form = {**honest_form(demanding, path), **credentials}
    asked = demanding.send(path, form, headers={"DPoP": demanding.proof("POST", ISSUER + path)})

    assert refusal(asked) == (400, "use_dpop_nonce")
    nonces = asked.headers.getlist("DPoP-Nonce")
    assert len(nonces) == 1
    assert all("\x21" <= character <= "\x7e" and character not in '"\\' for character in nonces[0])
    assert len(nonces[0]) >= 22
    # The same assertion once more: the challenge must not have spent it.
    proof = demanding.proof("POST", ISSUER + path, nonce=nonces[0])
    assert demanding.send(path, form, headers={"DPoP": proof}).status_code in {200, 201}


@pytest.mark.spec("RFC9449-8-3", "RFC9449-8.2-1", "RFC9449-4.3-10")
def test_a_nonce_is_renewed_in_ordinary_answers_and_an_old_one_is_refused(demanding: RelyingParty) -> None:
    first = ask(demanding, demanding.proof("POST", TOKEN_URL)).headers["DPoP-Nonce"]
    demanding.deployment.wait(120)
    answered = ask(demanding, demanding.proof("POST", TOKEN_URL, nonce=first))
    assert answered.status_code == 200
    renewed = answered.headers["DPoP-Nonce"]
    assert renewed != first
    assert "no-store" in answered.headers["Cache-Control"]
    demanding.deployment.wait(120)
    assert refusal(ask(demanding, demanding.proof("POST", TOKEN_URL, nonce=first))) == (400, "use_dpop_nonce")
    assert ask(demanding, demanding.proof("POST", TOKEN_URL, nonce=renewed)).status_code == 200


@pytest.mark.spec("RFC9449-11.3-1")
def test_a_server_that_demands_no_nonce_supplies_none_in_ordinary_answers(client: RelyingParty) -> None:
    answered = ask(client, client.proof("POST", TOKEN_URL))
    assert answered.status_code == 200
    assert "DPoP-Nonce" not in answered.headers
    assert refusal(ask(client, client.proof("POST", TOKEN_URL, nonce="of-nobody"))) == (400, "use_dpop_nonce")


@pytest.mark.spec("RFC9449-11.2-1", "RFC6750-5.3-1")
def test_a_bound_token_lives_for_minutes(client: RelyingParty) -> None:
    assert ask(client, client.proof("POST", TOKEN_URL)).json["expires_in"] == 300


@pytest.mark.spec("RFC9449-5.1-1")
def test_the_metadata_names_the_algorithms_of_proofs(client: RelyingParty) -> None:
    metadata = client.send("/.well-known/openid-configuration").json
    assert set(metadata["dpop_signing_alg_values_supported"]) == {"ES256", "PS256", "Ed25519", "EdDSA"}
