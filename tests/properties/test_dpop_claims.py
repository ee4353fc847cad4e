"""A DPoP proof is accepted if and only if everything in it is what an honest client would have written."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from authserver.binding.dpop import DpopNonces, ProofTarget, token_hash, verify_proof
from authserver.protocol.errors import InvalidDpopProof, OAuthError, UseDpopNonce
from authserver.resource.dpop_replay import ProofMemory, claim_proof
from tests.support.hypothesis_profiles import budget
from tests.support.jose import forge, private_key, public_jwk

NOW = 1_800_000_000
KEY = private_key("ES256")
TOKEN = "an-access-token"
NONCES = DpopNonces(b"n" * 32, required=False)
DEMANDING = DpopNonces(b"n" * 32, required=True)
URIS = ("https://as.example/token", "https://mtls.example:8444/token")


@dataclass(frozen=True)
class Drawn:
    """A value for one claim, and whether an honest client would have sent it."""

    value: object
    honest: bool


def drawn(good: list[object], bad: list[object]) -> st.SearchStrategy[Drawn]:
    """Return a strategy of honest values and others, the honest ones more often so that whole proofs can be honest."""
    honest = st.sampled_from([Drawn(value, honest=True) for value in good])
    return st.one_of(honest, honest, honest, honest, st.sampled_from([Drawn(value, honest=False) for value in bad]))


ABSENT = object()
NOT_TEXT: list[object] = [ABSENT, None, 1, True, [], {}, ["x"]]
jtis = drawn(["a", "j" * 256, "é", "\x00", " "], ["", "j" * 257, *NOT_TEXT])
methods = drawn(["POST"], ["post", "GET", "POST ", "", *NOT_TEXT])
urls = drawn(
    [
        *URIS,
        "https://as.example/token?x=1",
        "https://as.example/token#part",
        "HTTPS://AS.EXAMPLE/token",
        "https://as.example:443/token",
        "https://as.example:/token",
    ],
    [
        "http://as.example/token",
        "http://as.example:443/token",
        "https://as.example:0/token",
        "https://as.example:8443/token",
        "https://mtls.example/token",
        "https://as.example/token/",
        "https://as.example//token",
        "https://as.example/TOKEN",
        "https://as.example/par",
        "https://as.example",
        "https://as.example.evil.example/token",
        "https://evil.example/token",
        "https://evil.example@as.example/token",
        "https://@as.example/token",
        "https://as.example\\@evil.example/token",
        "https://as.exa\tmple/token",
        "\nhttps://as.example/token",
        " https://as.example/token",
        "https://as.example/token\n",
        "//as.example/token",
        "/token",
        "",
        "https://[",
        "https://as.example:99999/token",
        "https://\u212as.example/token",
        *NOT_TEXT,
    ],
)
times = drawn(
    [NOW, NOW - 60, NOW + 15, NOW - 59.5, float(NOW)],
    [
        NOW - 61,
        NOW + 16,
        NOW - 60.5,
        NOW + 15.01,
        0,
        -1,
        2**53 - 1,
        str(NOW),
        *[value for value in NOT_TEXT if value != 1],
    ],
)
hashes = drawn(
    [token_hash(TOKEN)], [token_hash("another"), token_hash(TOKEN) + "=", token_hash(TOKEN)[:-1], "", "é", *NOT_TEXT]
)
nonce_values = drawn(
    [NONCES.current(NOW), NONCES.current(NOW - 120)],
    [
        NONCES.current(NOW - 240),
        NONCES.current(NOW + 120),
        DpopNonces(b"m" * 32, required=True).current(NOW),
        "",
        "é",
        1,
        [],
    ],
)


def make_proof(**claims: object) -> str:
    """Return a signed proof of these claims; ABSENT leaves one out."""
    kept = {name: value for name, value in claims.items() if value is not ABSENT}
    return forge({"typ": "dpop+jwt", "alg": "ES256", "jwk": public_jwk(KEY)}, kept, KEY, "ES256")


def accepted(proof: str, target: ProofTarget, nonces: DpopNonces) -> bool:
    """Say whether the proof is accepted; any refusal but InvalidDpopProof fails the test."""
    try:
        verify_proof((proof,), target, nonces, NOW)
    except InvalidDpopProof:
        return False
    return True


@pytest.mark.spec("RFC9449-4.3-3", "RFC9449-4.3-8", "RFC9449-4.3-9", "RFC9449-4.3-11", "RFC9449-4.3-13")
@budget(400)
@given(jtis, methods, urls, times)
def test_a_proof_is_accepted_only_if_every_claim_is_honest(jti: Drawn, htm: Drawn, htu: Drawn, iat: Drawn) -> None:
    proof = make_proof(jti=jti.value, htm=htm.value, htu=htu.value, iat=iat.value)
    honest = jti.honest and htm.honest and htu.honest and iat.honest
    assert accepted(proof, ProofTarget("POST", URIS), NONCES) == honest


@pytest.mark.spec("RFC9449-4.3-11", "RFC9449-11.1-2")
@budget(400)
@given(
    st.sampled_from([-60, -59.5, 0, 14, 14.5, 15]) | st.floats(-80, 80),
    st.sampled_from([60, 74, 75, 76]) | st.integers(0, 200),
    st.sets(st.integers(0, 200), max_size=5),
)
def test_a_proof_is_remembered_for_as_long_as_it_would_be_taken(dated: float, later: int, others: set[int]) -> None:
    """At the edges too: dated as far ahead as is allowed, and shown again in the last second that it is good."""
    memory, proof = ProofMemory(), make_proof(jti="j", htm="POST", htu=URIS[0], iat=NOW + dated)
    target, taken = ProofTarget("POST", URIS), 0
    for moment in sorted({0, later, *others}):
        now = NOW + moment
        memory.claim(b"%d" % moment, now + 1, now)  # another's request, at which what is over is forgotten
        try:
            claim_proof(memory, verify_proof((proof,), target, NONCES, now), now)
        except InvalidDpopProof:
            continue
        taken += 1
    assert taken <= 1


@pytest.mark.spec("RFC9449-11.1-2")
def test_a_proof_dated_fifteen_seconds_ahead_is_not_taken_again_in_its_last_second() -> None:
    memory, proof = ProofMemory(), make_proof(jti="j", htm="POST", htu=URIS[0], iat=NOW + 15)
    target = ProofTarget("POST", URIS)
    claim_proof(memory, verify_proof((proof,), target, NONCES, NOW), NOW)
    with pytest.raises(InvalidDpopProof):
        claim_proof(memory, verify_proof((proof,), target, NONCES, NOW + 75), NOW + 75)


@pytest.mark.spec("RFC9449-4.3-12")
@given(hashes)
def test_beside_a_token_the_proof_holds_that_tokens_hash(ath: Drawn) -> None:
    proof = make_proof(jti="j", htm="POST", htu=URIS[0], iat=NOW, ath=ath.value)
    assert accepted(proof, ProofTarget("POST", URIS, TOKEN), NONCES) == ath.honest


@pytest.mark.spec("RFC9449-8-1", "RFC9449-8-3", "RFC9449-4.3-10")
@given(nonce_values | st.just(Drawn(ABSENT, honest=False)), st.booleans())
def test_only_the_nonce_is_asked_for_again_where_only_the_nonce_is_amiss(nonce: Drawn, required: bool) -> None:  # noqa: FBT001 - drawn
    nonces = DEMANDING if required else NONCES
    proof = make_proof(jti="j", htm="POST", htu=URIS[0], iat=NOW, nonce=nonce.value)
    if nonce.honest or (nonce.value is ABSENT and not required):
        assert accepted(proof, ProofTarget("POST", URIS), nonces)
        return
    with pytest.raises(UseDpopNonce) as refused:
        accepted(proof, ProofTarget("POST", URIS), nonces)
    assert refused.value.nonce == NONCES.current(NOW)


@pytest.mark.spec("RFC9449-4.3-1")
@given(st.integers(0, 4))
def test_there_is_exactly_one_proof(count: int) -> None:
    assume(count != 1)
    proofs = tuple(make_proof(jti=f"j{number}", htm="POST", htu=URIS[0], iat=NOW) for number in range(count))
    with pytest.raises(InvalidDpopProof):
        verify_proof(proofs, ProofTarget("POST", URIS), NONCES, NOW)


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(1 - 2**53, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_names = st.sampled_from(["jti", "htm", "htu", "iat", "ath", "nonce", "exp", "nbf", "x"])


@given(st.dictionaries(_names, _json, max_size=7), st.booleans())
def test_whatever_the_claims_are_the_answer_is_one_of_the_two_refusals(
    claims: dict[str, Any],
    beside_token: bool,  # noqa: FBT001 - drawn
) -> None:
    target = ProofTarget("POST", URIS, TOKEN if beside_token else None)
    with pytest.raises(OAuthError) as refused:
        verify_proof((make_proof(**claims),), target, NONCES, NOW)
    assert isinstance(refused.value, InvalidDpopProof | UseDpopNonce)


@pytest.mark.spec("RFC9449-4.2-2")
@given(st.dictionaries(st.text(min_size=1, max_size=6), _json, max_size=4))
def test_claims_nobody_knows_change_nothing(extra: dict[str, Any]) -> None:
    known = {"jti", "htm", "htu", "iat", "ath", "nonce"}
    more = {name: value for name, value in extra.items() if name not in known}
    proof = make_proof(**more, jti="j", htm="POST", htu=URIS[0], iat=NOW)
    assert accepted(proof, ProofTarget("POST", URIS), NONCES)
