"""A profile that is switched on later needs a key of its own: it is made, or its lack is told, and nothing fails."""

import json

import pytest

from authserver.cli.serve import check_start
from authserver.keys.store import provision_keys
from authserver.sealing.master_key import MasterKeyEnvelope
from authserver.settings.load import load_settings_from
from authserver.values import replace
from tests.support.command_line import CommandLine
from tests.support.deployment import BANK, Deployment
from tests.support.key_pool import MASTER_KEY
from tests.support.login_app import plain_url, register_login_app
from tests.support.person import Person, code_of
from tests.support.refusals import refusal
from tests.support.relying_party import register

BOTH = "oidc,fapi2"
APP = {
    "client_id": "app",
    "profile": "oidc",
    "redirect_uris": ["https://app.example/callback"],
    "scope": "openid",
    "token_endpoint_auth_method": "client_secret_basic",
    "id_token_signed_response_alg": "RS256",
}


@pytest.fixture
def deployed(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """A prompt with a deployment that was made for fapi2 alone."""
    prompt = CommandLine(tmp_path_factory.mktemp("deployment") / "data")
    prompt.init()
    return prompt


def drop_key(deployment: Deployment, algorithm: str) -> None:
    with deployment.database.transaction() as connection:
        connection.exec_driver_sql(f"DELETE FROM signing_keys WHERE algorithm = '{algorithm}'")  # noqa: S608 - our own
    deployment.wait(3)


@pytest.mark.spec("OIDCC-15.1", "RFC6749-5.2")
@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
def test_without_its_key_an_app_is_told_to_come_again_and_its_code_stays_good(
    deployment: Deployment, alice: Person, algorithm: str
) -> None:
    app = register_login_app(deployment, id_token_signed_response_alg=algorithm)
    drop_key(deployment, algorithm)
    code = code_of(alice.approve(plain_url(app)))

    refused = app.redeem(code)

    assert refusal(refused) == (503, "temporarily_unavailable")
    assert refused.headers["Retry-After"]
    with deployment.database.transaction() as connection:
        provision_keys(connection, MasterKeyEnvelope(MASTER_KEY), (algorithm,), deployment.now)
    deployment.wait(3)
    assert "id_token" in app.redeem(code).json


@pytest.mark.spec("RFC9701-6", "OIDCC-15.1")
def test_a_signed_answer_without_its_key_is_no_failure(app_reader: tuple[Deployment, str]) -> None:
    deployment, token = app_reader
    drop_key(deployment, "PS256")
    reader = register(deployment, "reader", resource=[BANK], scope="", introspection_signed_response_alg="PS256")
    assert reader.introspect(token, accept="application/token-introspection+jwt").status_code == 503


@pytest.fixture
def app_reader(deployment: Deployment) -> tuple[Deployment, str]:
    """A deployment, and a token of it."""
    app = register(deployment)
    return deployment, app.client_credentials().json["access_token"]


@pytest.mark.spec("OIDCC-15.1", "RFC7591-2", "OIDCR-2")
def test_a_registration_is_refused_until_there_is_its_key_and_everyone_says_so(deployed: CommandLine) -> None:
    refused = deployed.refused("client", "add", "-", given=json.dumps(APP), PROFILES=BOTH)
    assert refused == (
        "id_token_signed_response_alg: this deployment has no RS256 key; "
        "make one with: authserver keys rotate [RFC7591-2]"
    )
    found = json.loads(deployed.run("assess", "--json", PROFILES=BOTH).stdout)
    assert [(finding["clause"], finding["finding"]) for finding in found] == [
        ("OIDCC-15.1", "There is no signing key for RS256.")
    ]
    due = [{"action": "make", "algorithm": "RS256", "kid": ""}]
    assert deployed.data("keys", "plan", PROFILES=BOTH) == due
    assert deployed.data("keys", "rotate", PROFILES=BOTH) == due

    assert deployed.data("keys", "plan", PROFILES=BOTH) == []
    assert deployed.data("client", "add", "-", given=json.dumps(APP), PROFILES=BOTH)["client_id"] == "app"
    assert "keeps its profile" in deployed.done("assess", PROFILES=BOTH)
    assert "OIDCC-15.1" not in deployed.run("assess", "app", PROFILES=BOTH).output


@pytest.mark.spec("OIDCC-15.1")
def test_a_start_makes_the_key_that_a_new_profile_needs(deployed: CommandLine) -> None:
    settings = replace(load_settings_from(deployed.config), profiles=("oidc", "fapi2"))
    before = len(deployed.data("keys", "list"))

    check_start(settings)
    check_start(settings)

    algorithms = [key["algorithm"] for key in deployed.data("keys", "list")]
    assert len(algorithms) == before + 1
    assert "RS256" in algorithms


@pytest.mark.spec("OIDCR-2")
def test_an_update_is_refused_as_an_addition_is(deployed: CommandLine) -> None:
    plain = {**APP, "id_token_signed_response_alg": "ES256"}
    deployed.done("client", "add", "-", given=json.dumps(plain), PROFILES=BOTH)
    refused = deployed.refused("client", "update", "app", "-", given=json.dumps(APP), PROFILES=BOTH)
    assert refused.startswith("id_token_signed_response_alg: this deployment has no RS256 key")
