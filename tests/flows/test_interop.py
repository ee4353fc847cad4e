"""openid-client and oauth4webapi, two clients that know nothing of this server, against it as it is really run.

The scripts under `conformance/interop/` do what an app, a resource server and a person do, over TLS alone, and print
which steps passed. The last tests let the server seem to misbehave, so that each check is seen to fail.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.interop import Scenario, Scene, install, open_scene
from tests.support.live_server import live_server

pytestmark = pytest.mark.node

CLIENTS = ("openid-client", "oauth4webapi")
BY_CERTIFICATE = Scenario("key and certificate", "private_key_jwt", "mtls", "PS256", "PS256")
BY_DPOP = Scenario("key and DPoP", "private_key_jwt", "dpop")
WITH_NONCES = Scenario("key and DPoP with nonces", "private_key_jwt", "dpop", nonces=True)
WITH_NONCES_ED25519 = Scenario("the same with Ed25519", "private_key_jwt", "dpop", "Ed25519", "Ed25519", nonces=True)
BY_AUTHORITY = Scenario("certificate of an authority", "tls_client_auth", "mtls")
BY_SELF_SIGNED = Scenario("self-signed certificate", "self_signed_tls_client_auth", "mtls")

STEPS = [
    "discovery",
    "client credentials",
    "accounts: pushed request",
    "accounts: person",
    "accounts: code",
    "accounts: API validates the JWT",
    "accounts: UserInfo",
    "accounts: stolen token",
    "accounts: introspection",
    "accounts: introspection by a stranger",
    "accounts: refresh",
    "accounts: refresh again",
    "accounts: refreshed token",
    "accounts: revocation",
    "accounts: revocation of the refresh token",
    "payments: pushed request",
    "payments: person",
    "payments: code",
    "payments: token is opaque",
    "payments: UserInfo",
    "payments: introspection",
    "payments: refresh",
    "payments: refresh again",
    "payments: refreshed token",
    "payments: revocation",
    "payments: old refresh token ends the grant",
    "denied by the person",
    "DPoP nonces",
]

NOTICED_BY_EACH_CLIENT = {
    "the redirect names another issuer": "accounts: code",
    "the redirect names no issuer": "accounts: code",
    "the redirect brings another state": "accounts: code",
    "the ID token has another nonce": "accounts: code",
    "the ID token has a bad signature": "accounts: code",
    "the access token is of another type": "client credentials",
    "UserInfo tells of someone else": "accounts: UserInfo",
    "signed introspection has a bad signature": "accounts: introspection by a stranger",
}
NOTICED_BY_THE_STORY = {
    "UserInfo takes a stolen token": "accounts: stolen token",
    "introspection hides the binding": "client credentials",
    "refresh tokens do not rotate": "accounts: refresh",
    "revocation does nothing": "accounts: revocation",
}


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A live server with a bank's two resource servers."""
    install()
    with live_server(tmp_path_factory.mktemp("interop")) as server:
        yield open_scene(server)


@pytest.fixture(scope="module")
def demanding_scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """The same with a server that takes no DPoP proof without its nonce."""
    install()
    with live_server(tmp_path_factory.mktemp("interop"), dpop_nonce="required") as server:
        yield open_scene(server)


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.1-1", "FAPI2-SP-FINAL-5.3.2.1-4", "FAPI2-SP-FINAL-5.3.2.1-5")
@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.1-6", "FAPI2-SP-FINAL-5.3.2.1-9", "FAPI2-SP-FINAL-5.3.2.2-2")
@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.2-7", "FAPI2-SP-FINAL-5.3.2.3-1", "RFC8705-2.1-1", "RFC8705-2.2-1")
@pytest.mark.spec("RFC8705-3.1-1", "RFC8705-3.2-1", "RFC8705-5-1", "RFC9068-2.1-2", "RFC9068-2.2-1", "RFC9207-2-1")
@pytest.mark.spec("RFC7009-2.1-2", "RFC7662-2.2-1", "RFC7662-2.2-2", "RFC7662-4-1", "RFC9701-5-1", "RFC9701-5-6")
@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(
    "scenario", [BY_CERTIFICATE, BY_DPOP, BY_AUTHORITY, BY_SELF_SIGNED], ids=lambda each: each.name
)
def test_an_independent_client_gets_from_discovery_to_revocation(
    scene: Scene, client: str, scenario: Scenario, request: pytest.FixtureRequest
) -> None:
    check(scene.run(client, scenario, unique(request)))


@pytest.mark.spec("RFC9449-8-1", "FAPI2-SP-FINAL-5.3.2.1-10")
@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("scenario", [WITH_NONCES, WITH_NONCES_ED25519], ids=lambda each: each.name)
def test_an_independent_client_follows_the_servers_dpop_nonces(
    demanding_scene: Scene, client: str, scenario: Scenario, request: pytest.FixtureRequest
) -> None:
    check(demanding_scene.run(client, scenario, unique(request)))


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("fault", NOTICED_BY_EACH_CLIENT)
def test_each_client_would_notice_a_server_that_misbehaves(
    scene: Scene, client: str, fault: str, request: pytest.FixtureRequest
) -> None:
    report = scene.run(client, BY_CERTIFICATE, unique(request), fault)
    assert failed_step(report) == NOTICED_BY_EACH_CLIENT[fault], report


@pytest.mark.parametrize("fault", NOTICED_BY_THE_STORY)
def test_the_story_would_notice_a_server_that_misbehaves(
    scene: Scene, fault: str, request: pytest.FixtureRequest
) -> None:
    report = scene.run("oauth4webapi", BY_CERTIFICATE, unique(request), fault)
    assert failed_step(report) == NOTICED_BY_THE_STORY[fault], report


def check(report: dict[str, Any]) -> None:
    """Hold that every step was taken and passed."""
    failed = [step for step in report["steps"] if not step["passed"]]
    assert not failed, f"{report['client']} on Node {report['node']}, {report['scenario']}: {failed}"
    assert [step["name"] for step in report["steps"]] == STEPS


def failed_step(report: dict[str, Any]) -> str:
    """Return the name of the step at which the story ended, which is its last."""
    assert not report["passed"]
    return str(report["steps"][-1]["name"])


def unique(request: pytest.FixtureRequest) -> str:
    """Return a name for the person and the app of one test: a one-time code is good once in 30 seconds."""
    return f"interop-{request.session.items.index(request.node)}"
