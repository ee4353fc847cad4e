"""What a route asks of a token: how the person signed in, and the details that were granted."""

from collections.abc import Mapping

import pytest

from authserver.protocol.errors import InsufficientScope, InsufficientUserAuthentication, InvalidToken
from authserver.resource.checks import check_claims
from authserver.resource.demand import Demand, check_authentication, check_detail
from authserver.resource.details import frozen, parse_details
from authserver.resource.model import PresentedToken
from authserver.resource.refusals import challenge
from authserver.values import replace
from tests.unit.resource.test_checks import CLAIMS, EXPECTED, NOW

SCA = "urn:openbanking:psd2:sca"
CA = "urn:openbanking:psd2:ca"
PAYMENT = {"type": "payment_initiation", "instructedAmount": {"currency": "EUR", "amount": "125.40"}}


def refused(claims: Mapping[str, object], demand: Demand) -> InsufficientUserAuthentication | None:
    """Return the refusal of a token with these claims besides the usual, or None where it is enough."""
    token = check_claims({**CLAIMS, **claims}, EXPECTED, NOW)
    try:
        check_authentication(token, PresentedToken("bearer", "abc"), demand, NOW)
    except InsufficientUserAuthentication as error:
        return error
    return None


@pytest.mark.spec("RFC9470-3", "RFC9470-5")
@pytest.mark.parametrize(
    ("acr", "wanted", "enough"),
    [
        (SCA, (SCA,), True),
        ("phr", (SCA,), True),
        (CA, (SCA,), False),
        (SCA, ("phr",), False),
        (SCA, ("phr", SCA), True),
        ("made up", (CA,), False),
        (None, (CA,), False),
        (None, (), True),
    ],
)
def test_one_of_the_values_must_be_reached(acr: str | None, wanted: tuple[str, ...], enough: bool) -> None:  # noqa: FBT001 - a column of the table
    assert (refused({"acr": acr}, Demand(acr_values=wanted)) is None) is enough


@pytest.mark.spec("RFC9470-3", "RFC9470-5")
@pytest.mark.parametrize(
    ("auth_time", "max_age", "enough"),
    [(NOW - 60, 60, True), (NOW - 61, 60, False), (NOW, 0, True), (NOW - 1, 0, False), (None, 10**9, False)],
)
def test_the_sign_in_must_be_as_recent_as_is_asked(auth_time: int | None, max_age: int, enough: bool) -> None:  # noqa: FBT001 - a column of the table
    assert (refused({"auth_time": auth_time}, Demand(max_age=max_age)) is None) is enough


@pytest.mark.spec("RFC9470-3")
@pytest.mark.parametrize("scheme", ["bearer", "dpop"])
def test_the_challenge_names_all_that_is_asked_under_the_scheme_that_was_used(scheme: str) -> None:
    token = check_claims({**CLAIMS, "acr": SCA, "auth_time": NOW - 400}, EXPECTED, NOW)
    demand = Demand(acr_values=(SCA, "phr"), max_age=300)
    with pytest.raises(InsufficientUserAuthentication) as refusal:
        check_authentication(token, PresentedToken(scheme, "abc"), demand, NOW)
    answer = challenge(refusal.value, demand)
    headers = [value for name, value in answer.headers if name == "WWW-Authenticate"]
    assert answer.status == 401
    assert len(headers) == 1
    assert headers[0].lower().startswith(f"{scheme} ")
    for member in (
        'error="insufficient_user_authentication"',
        'error_description="A more recent sign-in is required."',
        f'acr_values="{SCA} phr"',
        'max_age="300"',
    ):
        assert member in headers[0]


@pytest.mark.spec("RFC9470-3")
@pytest.mark.parametrize(
    ("demand", "there", "absent"),
    [(Demand(acr_values=("phr",)), 'acr_values="phr"', "max_age"), (Demand(max_age=0), 'max_age="0"', "acr_values")],
)
def test_the_challenge_names_nothing_that_is_not_asked(demand: Demand, there: str, absent: str) -> None:
    error = refused({"acr": SCA, "auth_time": NOW - 10}, demand)
    assert error is not None
    told = dict(challenge(error, demand).headers)["WWW-Authenticate"]
    assert there in told
    assert absent not in told


@pytest.mark.parametrize("parts", [{"acr_values": ("phr", "typo")}, {"max_age": -1}])
def test_a_demand_that_no_token_could_meet_is_refused_where_it_is_written(parts: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"ladder|younger"):
        Demand(**parts)  # type: ignore[arg-type]  # one part by name


@pytest.mark.spec("RFC9396-9")
def test_a_token_with_a_detail_of_the_type_passes_and_gives_it_frozen() -> None:
    token = check_claims({**CLAIMS, "authorization_details": [PAYMENT, {"type": "other"}]}, EXPECTED, NOW)
    check_detail(token, "payment_initiation")
    check_detail(token, "")
    (detail,) = token.details_of("payment_initiation")
    assert detail == frozen(PAYMENT)
    with pytest.raises(TypeError):
        detail["instructedAmount"]["amount"] = "1.00"  # type: ignore[index]  # that it cannot be done is the case


@pytest.mark.spec("RFC9396-9", "RFC6750-3.1-1")
@pytest.mark.parametrize("details", [None, [], [{"type": "account_information"}], [{"type": "Payment_initiation"}]])
def test_a_token_without_a_detail_of_the_type_does_not_reach_the_route(details: object) -> None:
    token = check_claims({**CLAIMS, "authorization_details": details}, EXPECTED, NOW)
    with pytest.raises(InsufficientScope):
        check_detail(token, "payment_initiation")


@pytest.mark.spec("RFC9396-9", "RFC9470-6.1")
@pytest.mark.parametrize(
    "claims",
    [
        {"authorization_details": {}},
        {"authorization_details": "payment_initiation"},
        {"authorization_details": ["payment_initiation"]},
        {"authorization_details": [{}]},
        {"authorization_details": [{"type": 7}]},
        {"authorization_details": [PAYMENT, None]},
        {"acr": ["phr"]},
        {"acr": 1},
        {"auth_time": "now"},
        {"auth_time": True},
        {"auth_time": NOW + 16},
        {"auth_time": 2**53},
    ],
    ids=repr,
)
def test_a_token_that_tells_these_in_a_way_that_cannot_be_read_is_refused(claims: dict[str, object]) -> None:
    with pytest.raises(InvalidToken):
        check_claims({**CLAIMS, **claims}, EXPECTED, NOW)


def test_frozen_values_are_compared_by_what_they_hold() -> None:
    assert frozen({"a": [1, {"b": "c"}], "d": None}) == frozen({"d": None, "a": [1, {"b": "c"}]})
    assert frozen({"amount": "1.0"}) != frozen({"amount": 1.0})
    assert frozen([1, 2]) != frozen([2, 1])
    assert parse_details(None) == ()


@pytest.mark.spec("RFC9470-6.1", "RFC9470-5")
def test_a_sign_in_to_come_is_good_in_our_own_tokens_and_recent_in_none() -> None:
    ours = replace(EXPECTED, issued_here=True)
    ahead = {**CLAIMS, "auth_time": NOW + 60}
    with pytest.raises(InvalidToken):
        check_claims(ahead, EXPECTED, NOW)
    token = check_claims(ahead, ours, NOW)
    check_authentication(token, PresentedToken("bearer", "abc"), Demand(acr_values=()), NOW)
    with pytest.raises(InsufficientUserAuthentication):
        check_authentication(token, PresentedToken("bearer", "abc"), Demand(max_age=10**9), NOW)
