"""The templates for the OpenID conformance suite say what this server is: its clients, its pages, its endpoints."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from authserver.clients.build import build_client
from authserver.clients.metadata import parse_metadata
from authserver.clients.model import Client
from tests.support.jose import private_key
from tests.support.servers import ROOT

PLANS = ROOT / "conformance" / "plans"
CLIENTS = [f"client-{number}.json" for number in ("one", "two")]
PUBLIC = private_key("ES256").as_dict(private=False)
VALUES = {
    "ISSUER": "https://login.example",
    "MTLS_ORIGIN": "https://mtls.login.example",
    "SUITE": "https://suite.example",
    **{f"{client}_{member.upper()}": PUBLIC[member] for client in ("ONE", "TWO") for member in ("x", "y")},
}
plans = pytest.mark.parametrize(
    "plan", sorted(path for path in PLANS.iterdir() if path.is_dir()), ids=lambda plan: plan.name
)


def filled(path: Path) -> dict[str, Any]:
    """Fill a template in as `envsubst` does; what has no value here stays as it is."""
    text = re.sub(r"\$\{(\w+)\}", lambda found: str(VALUES.get(found[1], found[0])), path.read_text(encoding="utf-8"))
    document: dict[str, Any] = json.loads(text)
    return document


def registered(plan: Path, name: str) -> Client:
    """Return the client that the command line would make of a template."""
    document = filled(plan / name)
    return build_client(parse_metadata(document), client_id=document["client_id"], secret_hash=None)


def test_there_is_a_plan_for_each_way_of_authentication_and_of_binding() -> None:
    names = {path.name for path in PLANS.iterdir() if path.is_dir()}
    assert names == {f"{way}-{binding}" for way in ("private_key_jwt", "mtls") for binding in ("mtls", "dpop")}


@plans
@pytest.mark.parametrize("name", CLIENTS)
def test_the_clients_of_a_plan_can_be_registered_and_are_the_plans(plan: Path, name: str) -> None:
    client, config = registered(plan, name), filled(plan / "config.json")
    told = config["client" if name == CLIENTS[0] else "client2"]
    assert client.client_id == told["client_id"]
    assert client.scope == frozenset(told["scope"].split())
    assert client.redirect_uris[0].partition("?")[0] == f"https://suite.example/test/a/{config['alias']}/callback"
    assert client.dpop_bound_access_tokens == plan.name.endswith("-dpop")
    assert client.certificate_bound_access_tokens == plan.name.endswith("-mtls")
    kids = frozenset(key["kid"] for key in told["jwks"]["keys"])  # the suite wants keys of every client
    assert client.keys.kids() == (frozenset() if plan.name.startswith("mtls-") else kids)


@plans
def test_the_second_client_has_the_query_that_the_suite_adds(plan: Path) -> None:
    assert registered(plan, CLIENTS[1]).redirect_uris[0].endswith("/callback?dummy1=lorem&dummy2=ipsum")


@plans
def test_the_scripted_browser_knows_our_pages(plan: Path) -> None:
    config = filled(plan / "config.json")
    scripts = [config["browser"], *(override["browser"] for override in config["override"].values())]
    tasks = [task for script in scripts for entry in script for task in entry["tasks"]]
    ids = {command[2] for task in tasks for command in task["commands"] if command[1] == "id"}
    pages = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "templates").rglob("*.html"))
    known = set(re.findall(r'id="(\w+)"|_field\("(\w+)"', pages))
    assert ids - {"submission_complete"} <= {name for pair in known for name in pair}
    assert any(command[4:5] == ["Authorization error"] for task in tasks for command in task["commands"])
    assert "Authorization error" in pages
