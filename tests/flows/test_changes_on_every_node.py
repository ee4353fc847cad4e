"""What an operator changes is in force on every node, and in every worker of a node, within two seconds.

Nothing is told to a node: each looks again at what it keeps of clients, limits and keys, and keeps nothing of people
and grants.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial

import pytest

from tests.support.authenticator import decode
from tests.support.jose import public_jwk
from tests.support.nodes import Cluster, app_metadata, cluster, seconds_until_settled
from tests.support.relying_party import answer_of
from tests.support.wire import WireApp, WirePerson

pytestmark = [pytest.mark.nginx, pytest.mark.valkey]

_WITHIN_SECONDS = 2.0


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two nodes."""
    # A disabled client is asked for again and again.
    with cluster(tmp_path_factory.mktemp("nodes"), limit_client_authentication_failure="") as running_nodes:
        yield running_nodes


@pytest.fixture(scope="module")
def bank(nodes: Cluster) -> WireApp:
    """The bank's API."""
    return nodes.add_bank()


def on_each(nodes: Cluster, app: WireApp) -> Mapping[str, WireApp]:
    """Return the app as it asks each node past nginx, by the node's name."""
    return {node.folder.name: replace(app, wire=node.wire) for node in nodes.nodes}


def assert_in_force_everywhere(change: Callable[[], object], acts: Mapping[str, Callable[[], bool]]) -> None:
    """Hold that a change is in force nowhere before, and everywhere two seconds after."""
    assert not any(is_in_force() for _ in range(2) for is_in_force in acts.values())
    seconds = seconds_until_settled(change, acts)
    assert max(seconds.values()) <= _WITHIN_SECONDS, seconds
    assert all(is_in_force() for is_in_force in acts.values())


def is_unknown(app: WireApp) -> bool:
    """Tell whether the app is no client here."""
    return app.client_credentials(scope="accounts").status_code == 401


def is_over_its_limit(app: WireApp) -> bool:
    """Tell whether the app has asked too often."""
    return app.client_credentials(scope="accounts").status_code == 429


def is_worthless(bank: WireApp, token: str) -> bool:
    """Tell whether the bank is told that a token is over."""
    return bool(bank.introspect(token).json == {"active": False})


def approved_tokens(nodes: Cluster, app: WireApp, username: str) -> Mapping[str, str]:
    """Have a new person approve what the app asks for; return its tokens."""
    nodes.add_person(username)
    answer = answer_of(WirePerson(nodes.wire, username).answer(app.authorization_url(), "approve"))
    tokens: Mapping[str, str] = app.redeem(answer["code"]).json
    return tokens


@pytest.mark.usefixtures("bank")
def test_a_disabled_client_is_out(nodes: Cluster) -> None:
    app = nodes.add_app()
    acts = {name: partial(is_unknown, each) for name, each in on_each(nodes, app).items()}
    assert_in_force_everywhere(partial(nodes.command, "client", "disable", app.client_id), acts)


@pytest.mark.usefixtures("bank")
def test_a_changed_limit_counts(nodes: Cluster) -> None:
    app = nodes.add_app()
    acts = {name: partial(is_over_its_limit, each) for name, each in on_each(nodes, app).items()}
    change = partial(replace_limit, nodes, app, "1/hour")
    assert_in_force_everywhere(change, acts)


def replace_limit(server: Cluster, app: WireApp, limit: str) -> None:
    """Give the app a limit of its own."""
    jwks = {"keys": [public_jwk(app.key, kid=app.key.thumbprint())]}
    document = {**app_metadata(app.client_id, app.binding), "jwks": jwks, "request_limit": limit}
    server.command("client", "update", app.client_id, "-", given=json.dumps(document))


def test_a_revoked_grant_is_over(nodes: Cluster, bank: WireApp) -> None:
    app = nodes.add_app()
    tokens = approved_tokens(nodes, app, "revoking")
    acts = {name: partial(is_worthless, each, tokens["access_token"]) for name, each in on_each(nodes, bank).items()}
    assert_in_force_everywhere(partial(app.revoke, tokens["refresh_token"]), acts)


def test_a_locked_user_is_out_with_every_token(nodes: Cluster, bank: WireApp) -> None:
    app = nodes.add_app()
    tokens = approved_tokens(nodes, app, "locked")
    acts = {name: partial(is_worthless, each, tokens["access_token"]) for name, each in on_each(nodes, bank).items()}
    assert_in_force_everywhere(partial(nodes.command, "user", "lock", "locked"), acts)
    assert app.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"


@pytest.mark.usefixtures("bank")
def test_a_new_signing_key_signs_and_is_published(nodes: Cluster) -> None:
    app = nodes.add_app()
    old = kid_of(app.client_credentials(scope="accounts").json["access_token"])
    acts: dict[str, Callable[[], bool]] = {}
    for name, each in on_each(nodes, app).items():
        acts[f"signs on {name}"] = partial(signs_with_another, each, old)
        acts[f"published on {name}"] = partial(publishes_more_than, each, len(published(each)))
    assert_in_force_everywhere(partial(nodes.command, "keys", "retire", old), acts)
    keys = {name: published(each) for name, each in on_each(nodes, app).items()}
    assert keys["node-0"] == keys["node-1"]
    assert old in keys["node-0"], "what it signed is believed until it is removed"


def kid_of(token: str) -> str:
    """Return the id of the key that signed a JWT."""
    header: dict[str, str] = json.loads(decode(token.partition(".")[0]))
    return header["kid"]


def signs_with_another(app: WireApp, kid: str) -> bool:
    """Tell whether a new token is signed by another key."""
    return kid_of(app.client_credentials(scope="accounts").json["access_token"]) != kid


def published(app: WireApp) -> frozenset[str]:
    """Return the ids of the published keys."""
    return frozenset(key["kid"] for key in app.send("/jwks").json["keys"])


def publishes_more_than(app: WireApp, count: int) -> bool:
    """Tell whether more keys are published."""
    return len(published(app)) > count
