"""Two nodes behind one nginx that sends each request to the next: what one begins the other goes on with.

The nodes share a PostgreSQL, a Valkey and the master key; their folders are their own.
"""

import html
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from urllib.parse import urlsplit

import pytest

from tests.support.authenticator import SoftwareKey
from tests.support.nginx import SERVE
from tests.support.nodes import Cluster, Node, cluster, node_environment
from tests.support.races import at_once
from tests.support.relying_party import answer_of, claims_of
from tests.support.wire import WireApp, WirePerson, WireReply

pytestmark = [pytest.mark.nginx, pytest.mark.valkey]

_OPTIONS = re.compile(r'data-options="([^"]*)"')
_ROUNDS = 4
_FLOW = ("/par", "/authorize", "/authorize/continue", "/login", "/login/totp", "/consent", "/token", "/userinfo")


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two nodes that demand a nonce in DPoP proofs."""
    with cluster(tmp_path_factory.mktemp("nodes"), dpop_nonce="required") as running_nodes:
        yield running_nodes


@pytest.fixture(scope="module")
def bank(nodes: Cluster) -> WireApp:
    """The bank's API."""
    return nodes.add_bank()


def new_person(nodes: Cluster, username: str) -> WirePerson:
    """Return someone with a password and an authenticator app, before a browser that is signed in nowhere."""
    nodes.add_person(username)
    return WirePerson(nodes.wire, username)


def on_each(nodes: Cluster, app: WireApp) -> tuple[WireApp, ...]:
    """Return the app as it asks each node past nginx."""
    return tuple(replace(app, wire=node.wire) for node in nodes.nodes)


def approved_code(person: WirePerson, app: WireApp) -> str:
    """Have a person approve a request of the app; return the code."""
    return answer_of(person.answer(app.authorization_url(), "approve"))["code"]


def answered_by(nodes: Sequence[Node], paths: Sequence[str]) -> list[int]:
    """Return how many requests to these paths each node has answered."""
    return [sum(node.answered(path) for path in paths) for node in nodes]


@pytest.mark.parametrize("binding", ["mtls", "dpop"])
def test_a_flow_may_take_every_step_on_another_node(nodes: Cluster, bank: WireApp, binding: str) -> None:
    before = answered_by(nodes.nodes, _FLOW)
    app = nodes.add_app(binding=binding)
    if binding == "dpop":
        told = app.push()
        assert told.json["error"] == "use_dpop_nonce", told.text
        app.dpop_nonce = told.headers["DPoP-Nonce"]
    person = new_person(nodes, f"flow-{binding}")
    tokens = app.redeem(approved_code(person, app))
    assert tokens.status_code == 200, tokens.text
    for _ in range(3):
        tokens = app.refresh(tokens.json["refresh_token"])
        assert tokens.status_code == 200, tokens.text
    access_token = tokens.json["access_token"]
    for each in (app, *on_each(nodes, app)):
        assert each.userinfo(access_token).json["sub"] == claims_of(access_token)["sub"]
    everyone = (bank, *on_each(nodes, bank))
    assert [each.introspect(access_token).json["active"] for each in everyone] == [True] * 3
    assert app.revoke(tokens.json["refresh_token"]).status_code == 200
    assert [each.introspect(access_token).json for each in everyone] == [{"active": False}] * 3
    shares = [now - then for now, then in zip(answered_by(nodes.nodes, _FLOW), before, strict=True)]
    assert min(shares) >= 6, f"nginx gave the nodes {shares}"


def test_a_nonce_of_one_node_is_good_on_the_other(nodes: Cluster) -> None:
    app = nodes.add_app(binding="dpop")
    first, second = on_each(nodes, app)
    nonces = [each.push().headers["DPoP-Nonce"] for each in (first, second)]
    first.dpop_nonce, second.dpop_nonce = reversed(nonces)
    assert [each.push().status_code for each in (first, second)] == [201, 201]


def test_a_person_changes_their_account_on_whichever_node(nodes: Cluster, bank: WireApp) -> None:
    """Signs in to their own pages, makes a passkey, signs in anew by it, ends another session, stops an app."""
    app, person = nodes.add_app(), new_person(nodes, "self-service")
    tokens = app.redeem(approved_code(person, app))
    key, account = SoftwareKey(origin=nodes.issuer), f"{nodes.issuer}/account"
    page = person.open(f"{account}/passkeys")
    credential = key.register(asked_of(page))
    made = person.open(page.url, {**person.hidden(page), "credential": credential, "name": "Ring", "action": "passkey"})
    assert urlsplit(made.url).path in {"/account/recovery-codes", "/account/methods"}, made.text
    assert "Ring" in person.open(f"{account}/methods").text

    other = WirePerson(nodes.wire, "self-service")
    page = other.open(f"{account}/sessions")
    assert urlsplit(page.url).path == "/login"
    signed = key.sign(asked_of(page))
    page = other.open(
        page.url.replace("/login?", "/login/passkey/sign-in?"), {**other.hidden(page), "credential": signed}
    )
    assert urlsplit(page.url).path == "/account/sessions", page.text

    page = other.open(f"{account}/apps?stop={app.client_id}")
    other.open(f"{account}/apps", {**other.hidden(page), "client": app.client_id})
    assert [each.introspect(tokens.json["access_token"]).json for each in on_each(nodes, bank)] == [
        {"active": False}
    ] * 2
    assert app.refresh(tokens.json["refresh_token"]).json["error"] == "invalid_grant"


def asked_of(page: WireReply) -> str:
    """Return what a page's form asks of the browser's authenticator."""
    found = _OPTIONS.search(page.text)
    assert found is not None, page.text
    return html.unescape(found[1])


def test_of_one_code_on_two_nodes_at_once_one_redemption_has_tokens(nodes: Cluster, bank: WireApp) -> None:
    app, person = nodes.add_app(), new_person(nodes, "code-race")
    for _ in range(_ROUNDS):
        code = approved_code(person, app)
        answers = at_once([partial(each.redeem, code) for each in on_each(nodes, app)])
        assert sorted(answer.status_code for answer in answers) == [200, 400], [answer.text for answer in answers]
        issued = next(answer.json["access_token"] for answer in answers if answer.status_code == 200)
        assert bank.introspect(issued).json == {"active": False}, "two came with it, so nobody knows who stole it"


def test_of_one_refresh_token_on_two_nodes_at_once_there_is_one_successor(nodes: Cluster) -> None:
    app, person = nodes.add_app(), new_person(nodes, "refresh-race")
    token = app.redeem(approved_code(person, app)).json["refresh_token"]
    for _ in range(_ROUNDS):
        answers = at_once([partial(each.refresh, token) for each in on_each(nodes, app)])
        assert [answer.status_code for answer in answers] == [200, 200], [answer.text for answer in answers]
        (token,) = {answer.json["refresh_token"] for answer in answers}


def test_one_assertion_on_two_nodes_at_once_is_taken_once(nodes: Cluster) -> None:
    app = nodes.add_app()
    for _ in range(_ROUNDS):
        once = app.assertion()
        acts = [
            partial(each.client_credentials, client_assertion=once, scope="accounts") for each in on_each(nodes, app)
        ]
        answers = at_once(acts)
        assert sorted(answer.status_code for answer in answers) == [200, 401], [answer.text for answer in answers]


def test_a_node_with_a_master_key_of_its_own_does_not_start(nodes: Cluster) -> None:
    stranger = Node(nodes.folder.parent / "stranger")
    stranger.folder.mkdir()
    theirs = nodes.nodes[1].folder
    settings = (theirs / "authserver.toml").read_text()
    (stranger.folder / "authserver.toml").write_text(
        settings.replace(f'data_dir = "{theirs}"', f'data_dir = "{stranger.folder}"')
    )
    environment = node_environment(nodes, stranger)
    for arguments in (["init", "--issuer", nodes.issuer, "--dir", str(stranger.folder)], ["serve"]):
        ended = subprocess.run(
            [*SERVE[:-1], *arguments], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
    assert ended.returncode == 1
    assert "MASTER_KEY_FILE does not open the signing keys" in ended.stderr
