"""A client assertion is accepted if and only if it is a fresh one by this client, for us."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.clients.assertions import AssertionAudience, check_assertion_claims
from authserver.protocol.errors import InvalidClient
from tests.properties.test_dpop_claims import ABSENT, NOT_TEXT, NOW, Drawn, drawn
from tests.support.hypothesis_profiles import budget

ISSUER = "https://as.example"
TOKEN_URL = "https://as.example/token"
FAPI = AssertionAudience(ISSUER, issuer_only=True, urls=frozenset({TOKEN_URL}))
PLAIN = AssertionAudience(ISSUER, issuer_only=False, urls=frozenset({TOKEN_URL}))

ids = drawn(["app"], ["App", "app ", "", "other", *NOT_TEXT])
NEVER: list[object] = [
    "",
    ISSUER + "/",
    ISSUER.upper(),
    "https://evil.example",
    [[ISSUER]],
    ["https://evil.example"],
    *NOT_TEXT,
]
strict_audiences = drawn([ISSUER], [[ISSUER], TOKEN_URL, [ISSUER, TOKEN_URL], *NEVER])
lax_audiences = drawn([ISSUER, [ISSUER], TOKEN_URL, ["https://evil.example", TOKEN_URL, 1]], NEVER)
NOT_TIMES: list[object] = [str(NOW), True, [], {}]
ends = drawn(
    [NOW + 1, NOW + 600, NOW + 0.5], [NOW, NOW - 1, NOW + 601, NOW + 600.5, 0, 1e308, ABSENT, None, *NOT_TIMES]
)
beginnings = drawn([ABSENT, None, NOW, NOW + 15, 0, -1, NOW - 0.5], [NOW + 16, NOW + 15.5, 1e308, *NOT_TIMES])
jtis = drawn(["a", "j" * 256, "é", "\x00"], ["", "j" * 257, *NOT_TEXT])


def _claims(**drawn_claims: Drawn) -> dict[str, object]:
    return {name: claim.value for name, claim in drawn_claims.items() if claim.value is not ABSENT}


def _is_accepted(claims: dict[str, Any], audience: AssertionAudience) -> bool:
    try:
        found = check_assertion_claims(claims, client_id="app", audience=audience, now=NOW)
    except InvalidClient:
        return False
    assert found.jti == claims["jti"]
    assert NOW < claims["exp"] <= found.expires_at <= NOW + 601
    return True


@pytest.mark.spec("RFC7523-3", "OIDCC-9", "FAPI2-SP-FINAL-5.3.2.1-8")
@pytest.mark.parametrize(("audience", "audiences"), [(FAPI, strict_audiences), (PLAIN, lax_audiences)])
@budget(200)
@given(st.data())
def test_an_assertion_is_accepted_only_if_every_claim_is_honest(
    audience: AssertionAudience, audiences: st.SearchStrategy[Drawn], data: st.DataObject
) -> None:
    iss, sub, aud = data.draw(ids), data.draw(ids), data.draw(audiences)
    exp, jti = data.draw(ends), data.draw(jtis)
    claims = _claims(iss=iss, sub=sub, aud=aud, exp=exp, jti=jti)
    assert _is_accepted(claims, audience) == all(claim.honest for claim in (iss, sub, aud, exp, jti))


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.1-13")
@given(beginnings, beginnings)
def test_a_beginning_may_be_left_out_and_lies_no_more_than_seconds_ahead(iat: Drawn, nbf: Drawn) -> None:
    honest = {"iss": "app", "sub": "app", "aud": ISSUER, "exp": NOW + 60, "jti": "j"}
    assert _is_accepted({**honest, **_claims(iat=iat, nbf=nbf)}, FAPI) == (iat.honest and nbf.honest)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.just("app") | st.just(ISSUER),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.dictionaries(st.sampled_from(["iss", "sub", "aud", "exp", "iat", "nbf", "jti"]), _json, max_size=7),
    st.sampled_from([FAPI, PLAIN]),
)
def test_whatever_the_claims_are_they_are_judged(claims: dict[str, Any], audience: AssertionAudience) -> None:
    _is_accepted({**claims, "iss": "app", "sub": "app"}, audience)
