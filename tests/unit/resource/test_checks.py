"""The checks of an access token at an API, each by itself."""

from collections.abc import Mapping

import pytest

from authserver.binding.dpop import DpopNonces
from authserver.binding.model import Binding
from authserver.binding.mtls import certificate_thumbprint
from authserver.protocol.errors import InsufficientScope, InvalidDpopProof, InvalidRequest, InvalidToken
from authserver.resource.checks import Expectation, check_claims, check_scope, check_sender, read_presented
from authserver.resource.model import PresentedToken, ResourceRequest

NOW = 1_800_000_000
EXPECTED = Expectation("https://as.example", "https://api.example/accounts")
CERTIFICATE = b"a certificate in DER"
CLAIMS: Mapping[str, object] = {
    "iss": "https://as.example",
    "aud": "https://api.example/accounts",
    "sub": "alice",
    "client_id": "planner",
    "scope": "openid accounts",
    "exp": NOW + 1,
    "cnf": {"x5t#S256": certificate_thumbprint(CERTIFICATE)},
}
NONCES = DpopNonces(b"k" * 32, required=False)


def request(authorization: str | None = None, **members: object) -> ResourceRequest:
    return ResourceRequest("GET", ("https://api.example/accounts",), authorization, **members)  # type: ignore[arg-type]  # each test names its own


@pytest.mark.spec("RFC6750-2.1-1", "FAPI2-SP-FINAL-5.3.4-1")
@pytest.mark.parametrize(
    ("header", "scheme"),
    [("Bearer abc", "bearer"), ("bEARER abc", "bearer"), ("dPOP abc", "dpop"), ("DPoP  abc", "dpop")],
)
def test_a_token_is_read_whatever_the_case_of_its_scheme(header: str, scheme: str) -> None:
    presented = read_presented(request(header))
    assert presented == PresentedToken(scheme, "abc")
    assert "abc" not in repr(presented)


@pytest.mark.spec("RFC6750-3-1")
@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic YTpi", "Token abc"])
def test_a_request_without_a_token_of_a_known_scheme_has_none(header: str | None) -> None:
    assert read_presented(request(header)) is None


@pytest.mark.spec("RFC6750-2-1", "RFC6750-2.3-1", "FAPI2-SP-FINAL-5.3.4-2")
@pytest.mark.parametrize("header", [None, "Bearer abc"])
def test_a_token_in_the_query_is_refused_whatever_else_came(header: str | None) -> None:
    with pytest.raises(InvalidRequest):
        read_presented(request(header, token_in_query=True))


@pytest.mark.spec("RFC6750-2-1")
@pytest.mark.parametrize("header", ["Bearer a b", "Bearer a,Bearer b", "Bearer a,b", 'Bearer "a"', "Bearer \u00e9"])
def test_a_header_that_holds_no_single_token_is_refused(header: str) -> None:
    with pytest.raises(InvalidRequest):
        read_presented(request(header))


@pytest.mark.spec("RFC9068-4-2", "RFC9068-4-3", "RFC9068-4-5", "FAPI2-SP-FINAL-5.3.4-3", "RFC9700-2.3-2")
@pytest.mark.parametrize(
    "change",
    [
        {"iss": "https://as.example/"},
        {"iss": None},
        {"aud": "https://api.example/payments"},
        {"aud": ["https://api.example/payments", "https://api.example"]},
        {"aud": None},
        {"exp": NOW},
        {"exp": None},
        {"exp": str(NOW + 60)},
        {"exp": True},
        {"nbf": NOW + 60},
        {"scope": ["accounts"]},
        {"sub": ""},
        {"sub": 7},
        {"client_id": None},
    ],
    ids=repr,
)
def test_claims_that_are_not_those_of_a_good_token_for_us_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(InvalidToken):
        check_claims({**CLAIMS, **change}, EXPECTED, NOW)


@pytest.mark.spec("RFC9068-4-3")
def test_a_good_token_may_name_further_audiences() -> None:
    token = check_claims({**CLAIMS, "aud": ["https://other.example", EXPECTED.audience]}, EXPECTED, NOW)
    assert (token.subject, token.client_id, token.scope) == ("alice", "planner", frozenset({"openid", "accounts"}))
    assert token.speaks_for_person


@pytest.mark.spec("RFC9396-2.2")
@pytest.mark.parametrize(
    ("locations", "is_here"),
    [(None, True), (["https://elsewhere.example", EXPECTED.audience], True), (["https://elsewhere.example"], False),
     ([], False), (EXPECTED.audience, False), ({EXPECTED.audience: 1}, False)],
)  # fmt: skip
def test_a_detail_that_names_other_places_is_not_good_here(locations: object, is_here: bool) -> None:  # noqa: FBT001 - a column of the table
    detail = {"type": "account_information"} | ({} if locations is None else {"locations": locations})
    token = check_claims({**CLAIMS, "authorization_details": [detail]}, EXPECTED, NOW)
    assert bool(token.details_of("account_information")) is is_here
    assert token.scope == ({"openid", "accounts"} if is_here else {"openid"})


@pytest.mark.spec("RFC9068-5-1")
def test_a_client_that_acts_for_itself_is_no_person() -> None:
    assert not check_claims({**CLAIMS, "sub": "planner"}, EXPECTED, NOW).speaks_for_person


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.4-5", "RFC9449-6-1")
@pytest.mark.parametrize(
    "confirmation",
    [None, {}, [], "x5t", {"jwk": {}}, {"jkt": 7}, {"x5t#S256": "a", "kid": "b"}, {"jkt": "a", "x5t#S256": "b"}],
    ids=repr,
)
def test_a_token_bound_to_nothing_or_in_a_way_we_cannot_check_is_refused(confirmation: object) -> None:
    with pytest.raises(InvalidToken):
        check_claims({**CLAIMS, "cnf": confirmation}, EXPECTED, NOW)


def test_an_unbound_token_passes_only_where_that_is_allowed_and_a_strange_binding_never() -> None:
    allowing = Expectation(EXPECTED.issuer, EXPECTED.audience, unbound_allowed=True)
    assert check_claims({**CLAIMS, "cnf": None}, allowing, NOW).binding == Binding()
    with pytest.raises(InvalidToken):
        check_claims({**CLAIMS, "cnf": {}}, allowing, NOW)
    with pytest.raises(InvalidToken):
        check_claims({**CLAIMS, "cnf": {"jwk": {}}}, allowing, NOW)


@pytest.mark.spec("RFC8705-3-2", "FAPI2-SP-FINAL-5.3.4-5")
@pytest.mark.parametrize("certificate", [None, b"", b"another certificate"])
def test_a_certificate_bound_token_is_refused_without_its_certificate(certificate: bytes | None) -> None:
    binding = Binding(x5t_s256=certificate_thumbprint(CERTIFICATE))
    presented = PresentedToken("bearer", "abc")
    assert check_sender(request("Bearer abc", certificate=CERTIFICATE), presented, binding, NONCES, NOW) is None
    with pytest.raises(InvalidToken):
        check_sender(request("Bearer abc", certificate=certificate), presented, binding, NONCES, NOW)


@pytest.mark.spec("RFC9449-7.2-1")
@pytest.mark.parametrize(
    ("scheme", "binding"),
    [
        ("bearer", Binding(jkt="thumbprint")),
        ("dpop", Binding(x5t_s256=certificate_thumbprint(CERTIFICATE))),
        ("dpop", Binding()),
    ],
)
def test_a_scheme_that_does_not_fit_the_binding_is_refused(scheme: str, binding: Binding) -> None:
    with pytest.raises(InvalidToken):
        check_sender(request(certificate=CERTIFICATE), PresentedToken(scheme, "abc"), binding, NONCES, NOW)


@pytest.mark.spec("RFC9449-7-1", "RFC9449-4.3-1")
@pytest.mark.parametrize("proofs", [(), ("a", "b"), ("not a JWT",)])
def test_a_dpop_token_needs_exactly_one_good_proof(proofs: tuple[str, ...]) -> None:
    with pytest.raises(InvalidDpopProof):
        check_sender(request(dpop_proofs=proofs), PresentedToken("dpop", "abc"), Binding(jkt="thumbprint"), NONCES, NOW)


@pytest.mark.spec("RFC6750-3.1-1", "FAPI2-SP-FINAL-5.3.4-4")
@pytest.mark.parametrize(
    ("any_of", "enough"),
    [
        ((), True),
        (("accounts",), True),
        (("payments",), False),
        (("payments", "accounts"), True),
        (("accounts openid",), True),
        (("accounts payments",), False),
        (("account",), False),
    ],
)
def test_one_alternative_of_scopes_must_be_granted_whole(any_of: tuple[str, ...], enough: bool) -> None:  # noqa: FBT001 - a column of the table
    granted = frozenset({"openid", "accounts"})
    if enough:
        check_scope(granted, any_of)
        return
    with pytest.raises(InsufficientScope):
        check_scope(granted, any_of)
