"""Limits are counted for all nodes together in Valkey; while it is away each process counts alone, and none fails."""

import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.nginx import SOCKET
from tests.support.nodes import Cluster, Node, cluster, served
from tests.support.servers import accepts, wait_until
from tests.support.wire import WireApp, WirePerson

pytestmark = [pytest.mark.nginx, pytest.mark.valkey]

_LONGEST_SECONDS = 2.0
_SECONDS_UNTIL_TRIED_AGAIN = 6.0


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[Cluster]:
    """Two nodes with low limits, and a bank's API."""
    with cluster(
        tmp_path, limit_client_authentication_failure="4/hour", limit_sign_in_address="3/hour"
    ) as running_nodes:
        running_nodes.add_bank()
        yield running_nodes


def statuses(app: WireApp, tries: int) -> list[int]:
    """Ask for tokens so many times."""
    return [app.client_credentials(scope="accounts").status_code for _ in range(tries)]


def on_each(nodes: Cluster, app: WireApp) -> Sequence[WireApp]:
    """Return the app as it asks each node past nginx."""
    return [replace(app, wire=node.wire) for node in nodes.nodes]


@pytest.mark.spec("RFC6585-4")
def test_every_kind_of_limit_is_one_for_all_nodes(nodes: Cluster) -> None:
    app = nodes.add_app(request_limit="5/hour")
    assert statuses(app, 8) == [200] * 5 + [429] * 3
    impostor = replace(app, client_id="nobody")
    assert statuses(impostor, 6) == [401] * 4 + [429] * 2
    person = WirePerson(nodes.wire, "nobody")
    page, seen = person.open(nodes.add_app().authorization_url()), list[int]()
    for _ in range(5):
        seen.append(person.open(page.url, person.fill(page, "approve")).status_code)
    assert seen == [400, 400, 400, 429, 429]


def test_while_valkey_is_gone_each_node_counts_alone_and_afterwards_all_together(nodes: Cluster) -> None:
    app = nodes.add_app(request_limit="3/hour")
    nodes.valkey.stop()
    assert [statuses(each, 5) for each in on_each(nodes, app)] == [[200] * 3 + [429] * 2] * 2
    nodes.add_person("alice")
    assert "code=" in WirePerson(nodes.wire, "alice").answer(nodes.add_app().authorization_url(), "approve")
    for node in nodes.nodes:
        log = (node.folder / "log").read_text()
        assert '"event_name":"limits.storage_failed"' in log
        assert '"status":500' not in log
    third = Node(nodes.folder.parent / "third")
    shutil.copytree(nodes.folder, third.folder, ignore=shutil.ignore_patterns(SOCKET, "log"))
    configuration = third.folder / "authserver.toml"
    configuration.write_text(configuration.read_text().replace(str(nodes.folder), str(third.folder)))
    with served(nodes, third):
        wait_until(lambda: accepts(str(third.folder / SOCKET)), "a node that starts without it")
        assert statuses(replace(app, wire=third.wire), 4) == [200] * 3 + [429]
    nodes.valkey.start()
    time.sleep(_SECONDS_UNTIL_TRIED_AGAIN)
    assert statuses(nodes.add_app(request_limit="4/hour"), 8) == [200] * 4 + [429] * 4


def test_a_valkey_that_does_not_answer_holds_nobody_up(nodes: Cluster) -> None:
    app = nodes.add_app(request_limit="100/hour")  # so low that each request is counted by itself
    assert statuses(app, 4) == [200] * 4
    with nodes.valkey.held_up():
        for each in on_each(nodes, app):
            started = time.monotonic()
            assert statuses(each, 6) == [200] * 6
            assert time.monotonic() - started < _LONGEST_SECONDS
    assert statuses(app, 4) == [200] * 4
