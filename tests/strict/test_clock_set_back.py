"""A node whose clock was ahead and is set right believes nothing longer than one whose clock ran."""

import json

import pytest

from authserver.clients.store import set_disabled
from tests.support.deployment import BANK, Deployment
from tests.support.relying_party import register

_AN_HOUR = 3600


def _disable(deployment: Deployment, client_id: str) -> None:
    with deployment.database.transaction() as connection:
        assert set_disabled(connection, client_id, deployment.now)


@pytest.mark.spec("RFC9700-2.5")
def test_a_disabled_client_is_out_within_two_seconds(deployment: Deployment) -> None:
    client = register(deployment, scope="accounts")
    deployment.wait(_AN_HOUR)
    assert client.client_credentials(scope="accounts").status_code == 200
    deployment.wait(-_AN_HOUR)
    _disable(deployment, "app")
    deployment.wait(2)
    assert client.client_credentials(scope="accounts").json["error"] == "invalid_client"


def _scopes(deployment: Deployment) -> list[str]:
    answer = deployment.app.test_client().get("/.well-known/openid-configuration")
    scopes: list[str] = json.loads(answer.data)["scopes_supported"]
    return scopes


def test_a_disabled_api_is_out_within_two_seconds(deployment: Deployment) -> None:
    deployment.add_client(
        client_id="bank",
        grant_types=["client_credentials"],
        scope="introspection",
        token_endpoint_auth_method="tls_client_auth",
        tls_client_auth_subject_dn="CN=bank",
        resource=[BANK],
        resource_scopes="accounts",
    )
    deployment.wait(_AN_HOUR)
    assert "accounts" in _scopes(deployment)
    deployment.wait(-_AN_HOUR)
    _disable(deployment, "bank")
    deployment.wait(2)
    assert "accounts" not in _scopes(deployment)
