import base64
import hashlib
from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from authserver.protocol.errors import InvalidGrant, InvalidRequest, OAuthError
from authserver.protocol.pkce import check_verifier, make_challenge, parse_challenge

_UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
verifiers = st.text(_UNRESERVED, min_size=43, max_size=128)
challenges = st.binary(min_size=32, max_size=32).map(lambda digest: base64.urlsafe_b64encode(digest).decode()[:43])
texts = st.none() | st.text(max_size=140) | st.text(_UNRESERVED + "=", max_size=140) | verifiers | challenges


def _is_accepted(act: Callable[[], object], refusal: type[OAuthError]) -> bool:
    try:
        act()
    except refusal:
        return False
    return True


@pytest.mark.spec("RFC7636-4.2-1", "RFC7636-4.6-1")
@given(verifiers)
def test_a_verifier_is_good_for_its_own_challenge(verifier: str) -> None:
    digest = hashlib.sha256(verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert make_challenge(verifier) == challenge
    assert parse_challenge(challenge, "S256") == challenge
    check_verifier(challenge, verifier)


@pytest.mark.spec("RFC7636-4.6-1", "RFC9700-2.1.1-1", "RFC9700-2.1.1-2")
@given(st.none() | challenges, texts)
def test_a_verifier_is_accepted_only_where_it_hashes_to_the_challenge(
    challenge: str | None, verifier: str | None
) -> None:
    expected = challenge is None and verifier is None
    if challenge is not None and verifier is not None and 43 <= len(verifier) <= 128:
        expected = set(verifier) <= set(_UNRESERVED) and make_challenge(verifier) == challenge
    assert _is_accepted(lambda: check_verifier(challenge, verifier), InvalidGrant) == expected


@pytest.mark.spec("RFC7636-4.6-1")
@given(verifiers, st.integers(0, 127), st.sampled_from(_UNRESERVED))
def test_a_verifier_with_one_other_character_is_refused(verifier: str, place: int, other: str) -> None:
    cut = place % len(verifier)
    changed = verifier[:cut] + other + verifier[cut + 1 :]
    assume(changed != verifier)
    with pytest.raises(InvalidGrant):
        check_verifier(make_challenge(verifier), changed)


@pytest.mark.spec("RFC7636-4.1-1")
@given(st.text(_UNRESERVED, max_size=42) | st.text(_UNRESERVED, min_size=129, max_size=200))
def test_a_verifier_of_another_length_is_refused_even_with_its_own_challenge(verifier: str) -> None:
    with pytest.raises(InvalidGrant):
        check_verifier(make_challenge(verifier), verifier)


@pytest.mark.spec("RFC7636-4.3-1", "RFC7636-4.4.1-2", "RFC7636-7.2-1")
@given(texts, st.none() | st.sampled_from(["S256", "plain", "s256", "S512", ""]) | st.text(max_size=6))
def test_a_challenge_is_accepted_only_as_s256_of_43_characters(challenge: str | None, method: str | None) -> None:
    if challenge is None:
        expected = method is None
    else:
        expected = method == "S256" and len(challenge) == 43 and set(challenge) <= set(_UNRESERVED) - set(".~")
    assert _is_accepted(lambda: parse_challenge(challenge, method), InvalidRequest) == expected
