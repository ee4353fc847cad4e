"""The kit as a distribution of its own: built from the tree, in an environment with what it names and nothing more."""

import hashlib
import json
import os
import subprocess
import sys
import time
import venv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from http.client import HTTPConnection
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from authserver.keys.jwks import thumbprint
from tests.support.guarded_api import PROOF_KEY, URL, proof, token
from tests.support.jose import encode, private_key, public_jwk
from tests.support.servers import ROOT, accepts, free_port, running, wait_until

_APPLICATIONS = Path(__file__).parents[1] / "support" / "kit_applications.py"
_SERVER = "granian"
_NEVER = {"authlib", "flask", "flask-limiter", "pydantic", "sqlalchemy", "urllib3", "webauthn", "werkzeug"}


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment with the kit in it; `needed` are the distributions that came with it."""

    python: Path
    folder: Path
    modules: list[str]
    needed: set[str]


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The wheel, unpacked beside the packages that it requires and the server that the test needs."""
    folder = tmp_path_factory.mktemp("kit")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT / "kit", check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "env", with_pip=False)
    (packages,) = (folder / "env" / "lib").glob("*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
        (metadata,) = (name for name in archive.namelist() if name.endswith("METADATA"))
        required = message_from_bytes(archive.read(metadata)).get_all("Requires-Dist", [])
        modules = sorted(name for name in archive.namelist() if name.endswith(".py"))
    needed = _closure(required)
    for name in needed | _closure([_SERVER]):
        _link(name, packages)
    return Environment(folder / "env" / "bin" / "python", folder, modules, needed)


def _closure(required: list[str]) -> set[str]:
    """Return the names of what is required, and of what that requires, without any extra."""
    found: set[str] = set()
    waiting = [Requirement(text) for text in required]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name in found or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        found.add(name)
        waiting += [Requirement(text) for text in distribution(name).requires or []]
    return found


def _link(name: str, packages: Path) -> None:
    installed = distribution(name)
    for top in {file.parts[0] for file in installed.files or []} - {"..", "__pycache__"}:
        if not (packages / top).exists():
            (packages / top).symlink_to(str(installed.locate_file(top)))


def test_it_brings_what_it_imports_and_nothing_of_the_server_beside(alone: Environment) -> None:
    assert {"cryptography", "joserfc", "msgspec", "orjson"} <= alone.needed
    assert not alone.needed & _NEVER
    assert len(alone.needed) <= 6
    packages = {name.split("/")[1] for name in alone.modules if name.count("/") > 1}
    assert packages == {"binding", "db", "events", "keys", "outbound", "protocol", "resource", "web"}


def test_every_module_but_those_of_an_extra_can_be_imported_there(alone: Environment) -> None:
    of_an_extra = {"authserver.resource.flask_protector", "authserver.resource.store"}
    names = [name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in alone.modules]
    plain = [name for name in names if name not in of_an_extra and not name.startswith("authserver.db")]
    program = f"import importlib\nfor name in {plain!r}: importlib.import_module(name)\nprint('imported')"
    assert _run(alone, program) == "imported\n"


def _run(alone: Environment, program: str) -> str:
    command = [str(alone.python), "-I", "-W", "error", "-c", program]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module", params=["asgi", "wsgi"])
def port(request: pytest.FixtureRequest, alone: Environment) -> Iterator[int]:
    """A small guarded API in that environment."""
    keys = {"keys": [public_jwk(private_key("ES256", "issuer"), kid="issuer", alg="ES256", use="sig")]}
    (alone.folder / "keys.json").write_text(json.dumps(keys))
    (alone.folder / "kit_applications.py").write_bytes(_APPLICATIONS.read_bytes())
    chosen, interface = free_port(), request.param
    served = [f"kit_applications:{interface}_application", "--working-dir", str(alone.folder)]
    command = [str(alone.python), "-m", _SERVER, "--interface", interface, "--port", str(chosen), *served]
    environment = {"PATH": os.environ["PATH"], "KIT_KEYS": str(alone.folder / "keys.json")}
    with running(command, alone.folder / f"{interface}.log", environment):
        wait_until(lambda: accepts(("127.0.0.1", chosen)), "the server")
        yield chosen


def _ask(port: int, *headers: tuple[str, str]) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/accounts", headers=dict(headers))
    response = connection.getresponse()
    answer = response.status, response.read().decode()
    connection.close()
    return answer


@pytest.mark.spec("RFC9068-4-4", "RFC9449-7.1-1", "FAPI2-SP-FINAL-5.3.4-1")
def test_it_guards_a_small_application_over_http(port: int) -> None:
    now = int(time.time())
    good = token(cnf={"jkt": thumbprint(public_jwk(PROOF_KEY))}, iat=now, exp=now + 300)
    shown = proof(iat=now, htu=URL, ath=encode(hashlib.sha256(good.encode()).digest()))
    presented = ("Authorization", f"DPoP {good}")
    assert _ask(port, presented, ("DPoP", shown)) == (200, "alice")
    assert _ask(port, presented, ("DPoP", shown))[0] == 401
    assert _ask(port, presented)[0] == 401
    assert _ask(port, ("Authorization", f"Bearer {good}"))[0] == 401
    assert _ask(port)[0] == 401
