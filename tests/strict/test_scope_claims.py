"""UserInfo holds every standard claim of the scopes that were allowed, in its standard type, and no other."""

import pytest

from tests.support.deployment import Deployment
from tests.support.login_app import log_in, plain_url, register_login_app
from tests.support.person import Person, code_of
from tests.support.relying_party import RelyingParty, claims_of

PROFILE: dict[str, object] = {
    "name": "Carol Example",
    "family_name": "Example",
    "given_name": "Carol",
    "middle_name": "Q",
    "nickname": "caz",
    "preferred_username": "carol",
    "profile": "https://carol.example/",
    "picture": "https://carol.example/me.png",
    "website": "https://carol.example/",
    "gender": "female",
    "birthdate": "1990-01-31",
    "zoneinfo": "Europe/Lisbon",
    "locale": "pt-PT",
    "updated_at": 1_700_000_000,
}
EMAIL: dict[str, object] = {"email": "carol@example.com", "email_verified": True}
ADDRESS: dict[str, object] = {"address": {"street_address": "Rua 1", "locality": "Lisbon", "country": "PT"}}
PHONE: dict[str, object] = {"phone_number": "+351 555 0101", "phone_number_verified": False}
EVERY = {**PROFILE, **EMAIL, **ADDRESS, **PHONE}


@pytest.fixture
def login_app(deployment: Deployment) -> RelyingParty:
    """An app that sends its requests in the clear."""
    return register_login_app(deployment)


@pytest.fixture
def carol(deployment: Deployment) -> Person:
    """Someone of whom everything is known."""
    deployment.add_person("carol", totp=False, claims={**EVERY, "shoe_size": 39})
    return Person(deployment, "carol")


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("openid", {}),
        ("openid profile", PROFILE),
        ("openid email", EMAIL),
        ("openid address", ADDRESS),
        ("openid phone", PHONE),
        ("openid profile email address phone", EVERY),
    ],
)
@pytest.mark.spec("OIDCC-5.4", "OIDCC-5.3.2", "OIDCC-5.1")
def test_userinfo_holds_the_claims_of_the_scope_and_no_other(
    login_app: RelyingParty, carol: Person, scope: str, expected: dict[str, object]
) -> None:
    tokens = login_app.redeem(code_of(carol.approve(plain_url(login_app, scope=scope)))).json

    userinfo = login_app.userinfo(tokens["access_token"])

    assert userinfo.headers["Content-Type"] == "application/json"
    assert userinfo.json == {**expected, "sub": claims_of(tokens["id_token"])["sub"]}


@pytest.mark.spec("OIDCC-5.4")
def test_claims_of_scopes_stay_out_of_the_id_token(login_app: RelyingParty, carol: Person) -> None:
    claims = log_in(login_app, carol, scope="openid profile email address phone")
    assert set(EVERY) & set(claims) == set()


@pytest.mark.spec("OIDCC-11", "RFC6749-6-1")
def test_offline_access_with_consent_brings_a_refresh_token(login_app: RelyingParty, carol: Person) -> None:
    url = plain_url(login_app, scope="openid offline_access", prompt="consent")
    tokens = login_app.redeem(code_of(carol.approve(url))).json
    assert login_app.refresh(tokens["refresh_token"]).status_code == 200
