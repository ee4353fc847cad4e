"""How old a sign-in is: as old as its oldest factor, in every token, at every API, and where the server asks again."""

import pytest

from authserver.protocol.errors import InsufficientUserAuthentication
from authserver.protocol.names import ACR_TWO_FACTORS
from authserver.resource.checks import Expectation, check_claims
from authserver.resource.demand import Demand, check_authentication
from authserver.resource.model import PresentedToken
from tests.support.deployment import BANK, ISSUER
from tests.support.person import Person, code_of
from tests.support.relying_party import RelyingParty, answer_of, claims_of, register_bank

FRESH = Demand(acr_values=(ACR_TWO_FACTORS,), max_age=120)


def is_enough(app: RelyingParty, access_token: str) -> bool:
    """Return whether an API that wants a sign-in of two minutes takes the token."""
    token = check_claims(claims_of(access_token), Expectation(ISSUER, BANK), app.deployment.now)
    try:
        check_authentication(token, PresentedToken("DPoP", access_token), FRESH, app.deployment.now)
    except InsufficientUserAuthentication:
        return False
    return True


@pytest.mark.spec("OIDCC-2", "RFC9068-2.2.1", "RFC7662-2.2")
@pytest.mark.parametrize("waited", [0, 135])
def test_every_token_tells_the_time_of_the_oldest_factor(app: RelyingParty, alice: Person, waited: int) -> None:
    bank = register_bank(app.deployment)
    signed_in_at = app.deployment.now
    page = alice.sign_in(alice.open(app.authorization_url()))
    app.deployment.wait(waited)
    tokens = app.redeem(code_of(alice.decide(alice.enter_code(page), "approve").headers["Location"])).json

    assert claims_of(tokens["id_token"])["auth_time"] == signed_in_at
    assert claims_of(tokens["access_token"])["auth_time"] == signed_in_at
    assert bank.introspect(tokens["access_token"]).json["auth_time"] == signed_in_at
    refreshed = app.refresh(tokens["refresh_token"]).json
    assert claims_of(refreshed["access_token"])["auth_time"] == signed_in_at


@pytest.mark.spec("RFC9470-5", "RFC9470-4", "OIDCC-3.1.2.1")
def test_an_api_that_wants_a_fresh_sign_in_gets_a_whole_one_and_is_then_content(
    app: RelyingParty, alice: Person
) -> None:
    alice.approve(app.authorization_url(scope="openid"))  # by a password alone
    app.deployment.wait(600)
    strong = app.redeem(code_of(alice.approve(app.authorization_url()))).json  # the code alone was missing
    assert claims_of(strong["access_token"])["acr"] == ACR_TWO_FACTORS
    assert not is_enough(app, strong["access_token"])
    app.deployment.wait(30)  # a code of another time step

    alice.pages.clear()
    fresh = app.redeem(code_of(alice.approve(app.authorization_url(max_age="120")))).json

    assert {"/login", "/login/totp"} <= set(alice.pages)
    assert is_enough(app, fresh["access_token"])
    app.deployment.wait(60)
    alice.pages.clear()
    again = answer_of(alice.open(app.authorization_url(max_age="120")).headers["Location"])
    assert is_enough(app, app.redeem(again["code"]).json["access_token"])
    assert not {"/login", "/login/totp"} & set(alice.pages)  # it ends here: nobody is asked for ever
