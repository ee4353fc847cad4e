"""DPoP with pushed requests: the key named or proven there is the one that redeems the code."""

import pytest

from tests.support.deployment import ISSUER, Deployment
from tests.support.jose import private_key
from tests.support.login_app import refusal
from tests.support.person import Person, code_of
from tests.support.relying_party import RelyingParty, Reply, register

PAR = f"{ISSUER}/par"


@pytest.fixture
def dpop_app(deployment: Deployment) -> RelyingParty:
    """An app whose tokens are bound by DPoP."""
    return register(deployment, "dpop-app", dpop_bound_access_tokens=True, scope="openid")


def _push(app: RelyingParty, proof: str | None, **changes: object) -> Reply:
    form = {**app.request(), "scope": "openid", **app.credentials(), **changes}
    return app.send("/par", form, headers={"DPoP": proof} if proof is not None else {})


def _code(app: RelyingParty, person: Person, pushed: Reply) -> str:
    assert pushed.status_code == 201, pushed.text
    return code_of(person.approve(f"/authorize?client_id={app.client_id}&request_uri={pushed.json['request_uri']}"))


@pytest.mark.spec("RFC9449-10.1-3")
def test_a_proof_by_another_key_than_dpop_jkt_names_is_refused(dpop_app: RelyingParty) -> None:
    other = private_key("ES256", "another").thumbprint()
    assert refusal(dpop_app.push(scope="openid", dpop_jkt=other)) == (400, "invalid_request")


@pytest.mark.spec("RFC9449-10-1", "RFC9449-10.1-2")
def test_dpop_jkt_without_a_proof_binds_the_code(dpop_app: RelyingParty, alice: Person) -> None:
    code = _code(dpop_app, alice, _push(dpop_app, None, dpop_jkt=dpop_app.dpop_key.thumbprint()))
    own, dpop_app.dpop_key = dpop_app.dpop_key, private_key("ES256", "another")

    assert refusal(dpop_app.redeem(code)) == (400, "invalid_grant")
    dpop_app.dpop_key = own
    assert dpop_app.redeem(code).json["token_type"] == "DPoP"


@pytest.mark.spec("RFC9449-10.1-1", "FAPI2-SP-FINAL-5.3.2.1-12")
def test_a_proof_without_dpop_jkt_binds_the_code(dpop_app: RelyingParty, alice: Person) -> None:
    code = _code(dpop_app, alice, _push(dpop_app, dpop_app.proof("POST", PAR)))
    dpop_app.dpop_key = private_key("ES256", "another")

    assert refusal(dpop_app.redeem(code)) == (400, "invalid_grant")


@pytest.mark.spec("RFC9449-10.1-2")
def test_dpop_jkt_and_the_proof_of_that_key_go_together(dpop_app: RelyingParty, alice: Person) -> None:
    pushed = dpop_app.push(scope="openid", dpop_jkt=dpop_app.dpop_key.thumbprint())
    assert dpop_app.redeem(_code(dpop_app, alice, pushed)).status_code == 200


@pytest.mark.spec("RFC9449-10.1-2")
def test_a_request_with_neither_leaves_the_key_to_the_token_request(dpop_app: RelyingParty, alice: Person) -> None:
    assert dpop_app.redeem(_code(dpop_app, alice, _push(dpop_app, None))).status_code == 200


@pytest.mark.parametrize("shift", [-10, 8, 10])
@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.1-13", "RFC9449-4.3-11")
def test_a_proof_from_a_clock_a_few_seconds_off_is_accepted(dpop_app: RelyingParty, shift: int) -> None:
    proof = dpop_app.proof("POST", PAR, iat=dpop_app.deployment.now + shift)
    assert _push(dpop_app, proof).status_code == 201


@pytest.mark.parametrize("shift", [-3600, 62, 3600])
@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.1-13", "RFC9449-11.1-1")
def test_a_proof_from_a_clock_far_off_is_refused(dpop_app: RelyingParty, shift: int) -> None:
    proof = dpop_app.proof("POST", PAR, iat=dpop_app.deployment.now + shift)
    assert refusal(_push(dpop_app, proof)) == (400, "invalid_dpop_proof")


@pytest.mark.spec("RFC9449-4.2-2")
def test_a_proof_with_nbf_exp_and_a_claim_of_its_own_is_accepted(dpop_app: RelyingParty) -> None:
    now = dpop_app.deployment.now
    assert _push(dpop_app, dpop_app.proof("POST", PAR, nbf=now, exp=now + 60, extra="foobar")).status_code == 201


@pytest.mark.parametrize("proof", ["a.b.c", "nonsense", ""])
@pytest.mark.spec("RFC9449-10.1-1", "RFC9449-5-2")
def test_a_broken_proof_is_refused_and_not_passed_over(dpop_app: RelyingParty, proof: str) -> None:
    assert refusal(_push(dpop_app, proof)) == (400, "invalid_dpop_proof")


@pytest.mark.spec("RFC9449-4.3-9", "RFC9449-10.1-1")
def test_a_proof_for_another_endpoint_is_refused(dpop_app: RelyingParty) -> None:
    proof = dpop_app.proof("POST", f"{ISSUER}/token")
    assert refusal(_push(dpop_app, proof)) == (400, "invalid_dpop_proof")


@pytest.mark.spec("RFC9449-11.1-2")
def test_a_proof_is_accepted_once(dpop_app: RelyingParty) -> None:
    proof = dpop_app.proof("POST", PAR)
    assert _push(dpop_app, proof).status_code == 201
    assert refusal(_push(dpop_app, proof)) == (400, "invalid_dpop_proof")
