import pytest

from authserver.protocol.assurance import satisfies
from authserver.protocol.names import ACR_ONE_FACTOR, ACR_PHISHING_RESISTANT, ACR_TWO_FACTORS
from authserver.sessions.acr import acr_for, amr_for
from authserver.sessions.model import ProvedFactor, SessionLimits

CASES = [
    ((), None, ()),
    (("pwd",), ACR_ONE_FACTOR, ("pwd",)),
    (("otp",), ACR_ONE_FACTOR, ("otp",)),
    (("pwd", "otp"), ACR_TWO_FACTORS, ("pwd", "otp", "mfa")),
    (("otp", "pwd"), ACR_TWO_FACTORS, ("otp", "pwd", "mfa")),
    (("pwd", "hwk"), ACR_TWO_FACTORS, ("pwd", "hwk", "user", "mfa")),
    (("pwd", "swk"), ACR_TWO_FACTORS, ("pwd", "swk", "user", "mfa")),
    (("pwd", "recovery"), ACR_TWO_FACTORS, ("pwd", "otp", "mfa")),
    (("otp", "hwk"), ACR_ONE_FACTOR, ("otp", "hwk", "user")),
    (("otp", "recovery"), ACR_ONE_FACTOR, ("otp",)),
    (("hwk", "swk"), ACR_ONE_FACTOR, ("hwk", "user", "swk")),
    (("hwk+uv",), ACR_PHISHING_RESISTANT, ("hwk", "user", "mfa")),
    (("swk+uv",), ACR_PHISHING_RESISTANT, ("swk", "user", "mfa")),
    (("otp", "hwk+uv"), ACR_PHISHING_RESISTANT, ("otp", "hwk", "user", "mfa")),
    (("pwd", "swk+uv"), ACR_PHISHING_RESISTANT, ("pwd", "swk", "user", "mfa")),
    (("pwd", "pwd"), ACR_ONE_FACTOR, ("pwd",)),
    (("otp", "otp"), ACR_ONE_FACTOR, ("otp",)),
    (("carrier-pigeon",), None, ()),
    (("pwd", "carrier-pigeon"), ACR_ONE_FACTOR, ("pwd",)),
]


@pytest.mark.spec("RTS-SCA-4.1", "RTS-SCA-9.1", "RFC8176-2")
@pytest.mark.parametrize(("methods", "acr", "amr"), CASES)
def test_factors_are_worth_their_distinct_categories(
    methods: tuple[str, ...], acr: str | None, amr: tuple[str, ...]
) -> None:
    factors = [ProvedFactor(method, 100 + place) for place, method in enumerate(methods)]
    assert acr_for(factors) == acr
    assert amr_for(factors) == amr


@pytest.mark.spec("RFC9470-4")
@pytest.mark.parametrize(
    ("acr", "wanted", "is_met"),
    [
        (ACR_ONE_FACTOR, ACR_ONE_FACTOR, True),
        (ACR_ONE_FACTOR, ACR_TWO_FACTORS, False),
        (ACR_TWO_FACTORS, ACR_ONE_FACTOR, True),
        (ACR_TWO_FACTORS, ACR_PHISHING_RESISTANT, False),
        (ACR_PHISHING_RESISTANT, ACR_TWO_FACTORS, True),
        (None, ACR_ONE_FACTOR, False),
        (ACR_PHISHING_RESISTANT, "urn:unknown", False),
        ("urn:unknown", "urn:unknown", False),
    ],
)
def test_an_assurance_meets_those_at_or_below_it(acr: str | None, wanted: str, is_met: bool) -> None:  # noqa: FBT001 - a table's column
    assert satisfies(acr, wanted) is is_met


@pytest.mark.parametrize("figures", [(0, 1, 1), (1, 0, 1), (1, 1, 0)])
def test_limits_that_end_a_session_before_it_starts_are_refused(figures: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="at least one second"):
        SessionLimits(*figures)
