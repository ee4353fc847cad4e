"""What an operator changes is in force in every worker of one server within two seconds, whichever way it serves."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.support.authority import NOW, common_name
from tests.support.live_server import LiveServer, live_server
from tests.support.nodes import cluster, seconds_until_settled
from tests.support.races import at_once
from tests.support.wire import PRESENT, Wire, WireApp

_WITHIN_SECONDS = 2.0
_WORKERS = 2
_AT_ONCE = 16  # so many that one worker does not take them all
_UNLIMITED = {"limit_client_authentication_failure": ""}  # a disabled client is asked for again and again


@contextmanager
def with_own_tls(folder: Path) -> Iterator[tuple[LiveServer, Wire, str]]:
    """Serve with our own TLS."""
    with live_server(folder, workers=str(_WORKERS), **_UNLIMITED) as server:
        yield server, Wire(server.authority.pem), f"https://localhost:{server.mtls_port}"


@contextmanager
def behind_a_proxy(folder: Path) -> Iterator[tuple[LiveServer, Wire, str]]:
    """Serve behind nginx, and ask past it: it would ask on connections that it keeps, all of them one worker's."""
    with cluster(folder, 1, workers=str(_WORKERS), **_UNLIMITED) as server:
        yield server, server.nodes[0].wire, server.mtls_origin


@pytest.mark.parametrize(
    "serving",
    [
        pytest.param(with_own_tls, id="own TLS"),
        pytest.param(behind_a_proxy, id="behind nginx", marks=[pytest.mark.nginx, pytest.mark.valkey]),
    ],
)
def test_a_disabled_client_and_a_new_key_are_noticed_by_all_workers(
    serving: Callable[[Path], AbstractContextManager[tuple[LiveServer, Wire, str]]], tmp_path: Path
) -> None:
    with serving(tmp_path) as (server, wire, mtls_origin):
        app = registered(server, wire, mtls_origin)
        before = processor_ticks(tmp_path)
        old = published(app)
        acts = {"published": partial(all_of, lambda: published(app) > old)}
        kid = next(kid for kid, algorithm in old if algorithm == "ES256")
        told = dict(seconds_until_settled(partial(server.command, "keys", "retire", kid), acts))
        acts = {"disabled": partial(all_of, lambda: app.client_credentials(scope="accounts").status_code == 401)}
        assert app.client_credentials(scope="accounts").status_code == 200
        told |= seconds_until_settled(partial(server.command, "client", "disable", app.client_id), acts)
        assert max(told.values()) <= _WITHIN_SECONDS, told
        worked = {pid: ticks - before.get(pid, 0) for pid, ticks in processor_ticks(tmp_path).items()}
        assert sum(ticks > 0 for ticks in worked.values()) >= _WORKERS, worked
        assert all(is_in_force() for is_in_force in acts.values())


def registered(server: LiveServer, wire: Wire, mtls_origin: str) -> WireApp:
    """Register an API and an app known by their certificates."""
    api: Mapping[str, object] = {"resource": ["https://bank.example/"], "resource_scopes": "accounts"}
    for name, members in (("bank", api), ("app", {"tls_client_certificate_bound_access_tokens": True})):
        server.add_client(
            client_id=name,
            grant_types=["client_credentials"],
            scope="accounts",
            token_endpoint_auth_method="tls_client_auth",
            tls_client_auth_subject_dn=f"CN={name}",
            **members,
        )
    certificate = server.authority.issue_client(common_name("app"), NOW)
    ways: dict[str, Any] = {"wire": wire, "issuer": server.issuer, "mtls_origin": mtls_origin}
    return WireApp(PRESENT, "app", "tls_client_auth", certificate=certificate, **ways)


def all_of(is_in_force: Callable[[], bool]) -> bool:
    """Ask so many times at the same moment that no worker answers them all, and tell whether each said yes."""
    return all(at_once([is_in_force] * _AT_ONCE))


def published(app: WireApp) -> frozenset[tuple[str, str]]:
    """Return ids and algorithms of the published keys."""
    return frozenset((key["kid"], key["alg"]) for key in app.send("/jwks").json["keys"])


def processor_ticks(folder: Path) -> Mapping[int, int]:
    """Return the processor time so far of each process of the server whose configuration is in this folder."""
    ticks: dict[int, int] = {}
    for process in Path("/proc").iterdir():
        if not process.name.isdigit() or int(process.name) == os.getpid():
            continue
        try:
            if os.fsencode(f"AUTHSERVER_CONFIG={folder}/") not in (process / "environ").read_bytes():
                continue
            fields = (process / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks[int(process.name)] = int(fields[11]) + int(fields[12])
    return ticks
