"""Claims in the ID token because the client registered for them: some apps look at nothing else."""

import pytest

from authserver.accounts.model import parse_claims
from authserver.clients.registration import prepare_registration
from authserver.protocol.errors import InvalidClientMetadata
from tests.support.deployment import Deployment
from tests.support.login_app import log_in, plain_url, register_login_app
from tests.support.person import Person, code_of
from tests.support.relying_party import REDIRECT_URI, RelyingParty, claims_of

GROUPS = ["staff", "night shift"]
KNOWN: dict[str, object] = {
    "name": "Dora Example",
    "email": "dora@example.com",
    "email_verified": True,
    "groups": GROUPS,
    "roles": ["auditor"],
}
SCOPE = "openid profile email groups offline_access"
REGISTERED = ["name", "email", "groups"]


@pytest.fixture
def app(deployment: Deployment) -> RelyingParty:
    """An app that shows people what the ID token says of them."""
    return register_login_app(deployment, scope=SCOPE, id_token_claims=REGISTERED)


@pytest.fixture
def dora(deployment: Deployment) -> Person:
    """Someone with groups and roles."""
    deployment.add_person("dora", totp=False, claims=KNOWN)
    return Person(deployment, "dora")


def _told(claims: dict[str, object]) -> dict[str, object]:
    return {name: claims[name] for name in KNOWN if name in claims}


@pytest.mark.spec("OIDCC-2", "OIDCC-5.4")
def test_they_are_in_the_first_id_token_and_in_those_of_a_refresh(app: RelyingParty, dora: Person) -> None:
    url = plain_url(app, scope="openid profile email groups offline_access", prompt="consent")
    tokens = app.redeem(code_of(dora.approve(url))).json
    expected = {name: KNOWN[name] for name in REGISTERED}
    assert _told(claims_of(tokens["id_token"])) == expected
    assert _told(claims_of(app.refresh(tokens["refresh_token"]).json["id_token"])) == expected
    assert _told(app.userinfo(tokens["access_token"]).json) == KNOWN


@pytest.mark.spec("OIDCC-5.4")
def test_no_more_than_the_person_allowed_is_told(app: RelyingParty, dora: Person) -> None:
    assert _told(log_in(app, dora, scope="openid")) == {}
    assert _told(log_in(app, dora, scope="openid email")) == {"email": KNOWN["email"]}


@pytest.mark.spec("OIDCC-5.4")
def test_what_is_taken_out_of_the_registration_is_told_no_more(app: RelyingParty, dora: Person) -> None:
    app.deployment.change_client(app.client_id, id_token_claims=["name"])
    assert _told(log_in(app, dora, scope="openid profile email")) == {"name": KNOWN["name"]}
    app.deployment.change_client(app.client_id, id_token_claims=None)
    assert _told(log_in(app, dora, scope="openid profile email")) == {}


@pytest.mark.spec("OIDCC-5.5")
def test_groups_may_be_asked_for_one_by_one(app: RelyingParty, dora: Person) -> None:
    asked = '{"id_token": {"roles": {"essential": true}}}'
    assert _told(log_in(app, dora, scope="openid", claims=asked)) == {"roles": KNOWN["roles"]}


@pytest.mark.parametrize("claim", ["phone_number", "acr", "sub", "shoe_size", ""])
@pytest.mark.spec("RFC7591-2", "OIDCC-5.4")
def test_a_claim_that_no_scope_of_the_client_covers_is_refused(claim: str) -> None:
    document = {
        "redirect_uris": [REDIRECT_URI],
        "token_endpoint_auth_method": "none",
        "scope": "openid email",
        "id_token_claims": ["email", claim],
    }
    with pytest.raises(InvalidClientMetadata) as refused:
        prepare_registration(document, default_profile="oidc")
    assert refused.value.member == "id_token_claims"


@pytest.mark.parametrize("value", ["staff", [""], ["a", "a"], ["a\nb"], [1], [["a"]], [None], {"a": "b"}])
@pytest.mark.parametrize("name", ["groups", "roles"])
def test_groups_are_a_list_of_names_each_once(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"{name}: must be a list of strings"):
        parse_claims({name: value})
