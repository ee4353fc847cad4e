"""The import contracts of pyproject.toml hold, and would catch one who breaks them."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]

# where, what is planted there, the contract that must break
_PLANTED = [
    ("protocol/planted.py", "from authserver.profiles import model", "Layers"),
    ("planted.py", "", "Layers"),
    ("protocol/planted_flask.py", "import flask", "Flask lives in"),
    ("grants/planted.py", "import flask", "Flask lives in"),
    ("tokens/endpoints/planted.py", "import werkzeug", "Flask lives in"),
    ("web/machine/planted_flask.py", "import flask", "Flask lives in"),
    ("sealing/planted.py", "from authserver.keys import model", "Layers"),
    ("outbound/planted.py", "from authserver.keys import model", "Layers"),
    ("resource/planted.py", "from authserver.clients import model", "Layers"),
    ("resource/planted_flask.py", "import flask", "Flask lives in"),
    ("tokens/endpoints/userinfo.py", "from authserver.resource import wsgi", "The kit's adapters serve APIs"),
    ("resource/demand.py", "from authserver.resource import guard", "The checks of a presented token"),
    ("grants/planted_sql.py", "import sqlalchemy", "SQL lives in"),
    ("tokens/planted.py", "from joserfc import jws", "JOSE has one owner"),
    ("tokens/planted_authlib.py", "import authlib.oauth2", "JOSE has one owner"),
    ("web/planted.py", "import webauthn", "Authenticators have one owner"),
    ("web/planted_limits.py", "import flask_limiter", "Rate limiting has one owner"),
    ("discovery/planted.py", "from authserver import settings", "Only the composition root reads settings"),
    ("cli/planted.py", "from authserver.accounts.store import people", "The command line changes"),
    ("cli/planted_registration.py", "from authserver.clients import registration", "The command line changes"),
    ("issuance/planted.py", "from authserver.tokens.endpoints import token", "Only the composition root mounts"),
    ("tokens/endpoints/planted_call.py", "from authserver.tokens.endpoints import token", "Endpoints never call"),
    ("tokens/grant_types/planted.py", "from authserver.tokens.grant_types import refresh_token", "Grant types never"),
    (
        "authorization/answers/query.py",
        "from authserver.authorization.answers import form_post",
        "Encodings of an answer never",
    ),
    ("profiles/oidc.py", "from authserver.profiles import fapi2", "Profiles never call one another"),
    ("db/planted.py", "from authserver.db import planted_back", "No cycles between siblings"),
    ("db/planted_back.py", "from authserver.db import planted", "No cycles between siblings"),
]


_PAGES_FOR_ALL = "web/pages"  # what every page shares: imported by many, and mounted by nobody


def test_each_package_with_pages_stands_in_the_contract_that_guards_them() -> None:
    contracts = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    (guarded,) = (
        each["protected_modules"] for each in contracts if each["name"].startswith("Only the composition root mounts")
    )
    folders = {path.relative_to(_ROOT / "authserver").as_posix() for path in (_ROOT / "authserver").glob("**/pages")}
    assert folders - {_PAGES_FOR_ALL} == {
        name.removeprefix("authserver.").replace(".", "/") for name in guarded if name.endswith(".pages")
    }


def _lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    environment = {**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200", "NO_COLOR": "1"}
    return subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True)


def test_every_contract_is_kept() -> None:
    result = _lint_imports(_ROOT)
    assert result.returncode == 0, result.stdout.partition("Broken contracts")[2] or result.stdout + result.stderr


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What lint-imports says of a copy of the tree in which every contract is broken."""
    folder = tmp_path_factory.mktemp("planted")
    shutil.copytree(_ROOT / "authserver", folder / "authserver", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(_ROOT / "pyproject.toml", folder)
    for where, line, _contract in _PLANTED:
        path = folder / "authserver" / where
        path.write_text((path.read_text(encoding="utf-8") if path.exists() else "") + f"\n{line}\n", encoding="utf-8")
    return _lint_imports(folder).stdout


def _complaint(report: str, contract: str) -> str:
    """Return what the report says under a broken contract's heading, a line underlined with dashes."""
    paragraphs = re.split(r"\n(?=[^\n]+\n-{5,}\n)", report.partition("Broken contracts")[2])
    return "".join(paragraph for paragraph in paragraphs if paragraph.startswith(contract))


@pytest.mark.parametrize(("where", "line", "contract"), _PLANTED)
def test_a_planted_violation_breaks_its_contract(broken: str, where: str, line: str, contract: str) -> None:
    module = where.removesuffix(".py").rpartition("/")[2]
    assert re.search(rf"\b{module}\b", _complaint(broken, contract)), f"{line!r} in {where} went unnoticed"
