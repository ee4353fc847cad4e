"""Endpoints and pages meet the outside, stores hold SQL, acts change things; the rest is pure rules on frozen values.

A module is pure unless its folder or its name says otherwise here. A pure module reaches no database, no network, no
file and no Flask: neither by itself nor by anything that it imports.
"""

import ast
from collections.abc import Iterable
from copy import deepcopy

import grimp
import pytest

from tests.support.source import PACKAGE, modules

_OUTSIDE = frozenset({
    "alembic", "asyncio", "click", "fcntl", "flask", "flask_limiter", "granian", "gunicorn", "limits", "psycopg",
    "select", "selectors", "smtplib", "socket", "sqlalchemy", "sqlite3", "ssl", "subprocess", "syslog", "urllib3",
    "werkzeug",
})  # fmt: skip
_FILE_CALLS = frozenset({
    "fdopen", "getaddrinfo", "iterdir", "mkdir", "open", "read_bytes", "read_text", "sleep", "unlink", "write_bytes",
    "write_text",
})  # fmt: skip

# The edges: what these packages hold is the outside itself, or puts the house together. No pure module imports them.
_EDGES = ("app", "cli", "db", "limits", "outbound", "sandbox", "serving", "settings", "web", "wsgi")
_FOLDERS = frozenset(
    {"endpoints", "pages", "store", "grant_types", "operations"}
)  # operations and grant types are acts
# Acts: they hold a connection, call a store, render a page, read a file or ask over the network.
_ACTS = frozenset({
    "accounts.attempts", "accounts.factors.changes", "accounts.factors.passkey.ceremonies",
    "accounts.factors.passkey.ceremony_token", "accounts.factors.password.strength_process",
    "accounts.factors.recovery.codes", "accounts.factors.totp.credential", "accounts.factors.totp.enrolment",
    "accounts.invitations", "accounts.sign_in",
    "authorization.answers.device", "authorization.answers.form_post", "authorization.answers.fragment",
    "authorization.answers.query", "authorization.answers.send", "authorization.dispatch",
    "authorization.request_object", "authorization.respond", "authorization.sign_out",
    "binding.resolve",
    "clients.authenticated_request", "clients.authentication", "clients.browser_apps", "clients.load",
    "clients.registration", "clients.registration_checks", "clients.registry", "clients.signatures",
    "events.journal", "events.readers",
    "grants.revoke",
    "interaction.attempt", "interaction.cloned_passkey", "interaction.consent", "interaction.passkey_offer",
    "interaction.payment_approval", "interaction.pending_approval", "interaction.second_factor", "interaction.step",
    "interaction.step_page",
    "keys.remote",
    "notices.channels", "notices.delivery", "notices.model", "notices.words",
    "resource.asgi", "resource.environ", "resource.flask_protector", "resource.https_client",
    "resource.introspected_tokens", "resource.local_tokens", "resource.machine_request", "resource.refusals",
    "resource.signed_answers", "resource.wsgi",
    "sealing.master_key",
    "selfservice.account_page", "selfservice.confirmation", "selfservice.permissions",
    "sessions.lifecycle",
    "tokens.code_redemption", "tokens.grant_type", "tokens.narrowing", "tokens.subject_claims",
})  # fmt: skip


def _parts(module: str) -> list[str]:
    return module.split(".")[1:]


def _may_be_impure(module: str) -> bool:
    parts = _parts(module)
    return not parts or parts[0] in _EDGES or bool(_FOLDERS.intersection(parts)) or ".".join(parts) in _ACTS


def _touches_files(tree: ast.Module) -> bool:
    """Tell whether a module opens files, looks up hosts or sleeps; `open` as a method may be an envelope's."""
    return any(
        isinstance(node, ast.Call)
        and (
            (isinstance(node.func, ast.Name) and node.func.id in _FILE_CALLS)
            or (isinstance(node.func, ast.Attribute) and node.func.attr in _FILE_CALLS - {"open"})
            or (isinstance(node.func, ast.Attribute) and ast.unparse(node.func) == "os.open")
        )
        for node in ast.walk(tree)
    )


def _reach_outside(graph: grimp.ImportGraph, touching: Iterable[str]) -> set[str]:
    """Return the modules that reach the outside, by themselves or by what they import."""
    edges = {module for module in graph.modules if _parts(module)[:1] and _parts(module)[0] in _EDGES}
    sources = edges | set(touching)
    outside = sources | (_OUTSIDE & graph.modules)
    return sources.union(*(graph.find_downstream_modules(module) for module in outside))


def _impure(graph: grimp.ImportGraph, touching: Iterable[str] = ()) -> set[str]:
    reached = _reach_outside(graph, touching)
    return {module for module in reached if module.startswith("authserver") and not _may_be_impure(module)}


@pytest.fixture(scope="module")
def touching() -> set[str]:
    """Return the modules that open files, look up hosts or sleep."""
    return {
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
        for path, tree in modules()
        if _touches_files(tree)
    }


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(
        "authserver", include_external_packages=True, exclude_type_checking_imports=True, cache_dir=None
    )


def test_every_module_is_pure_but_endpoints_pages_stores_and_acts(graph: grimp.ImportGraph, touching: set[str]) -> None:
    assert not _impure(graph, touching)


def test_what_is_listed_as_an_act_is_none_of_the_pure(graph: grimp.ImportGraph, touching: set[str]) -> None:
    reached = _reach_outside(graph, touching)
    assert not {act for act in _ACTS if f"authserver.{act}" not in reached}, "pure, or gone: take it out of the list"


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("grants.model", "sqlalchemy"),
        ("protocol.scope", "flask"),
        ("authorization.next_step", "authserver.clients.store"),
        ("authorization.answers.parameters", "authserver.web.machine.responses"),
        ("resource.checks", "authserver.db.engine"),
        ("issuance.planted", "socket"),
    ],
)
def test_a_pure_module_that_reaches_outside_is_caught(graph: grimp.ImportGraph, importer: str, imported: str) -> None:
    planted = deepcopy(graph)
    planted.add_module(f"authserver.{importer}")
    planted.add_import(importer=f"authserver.{importer}", imported=imported)
    assert f"authserver.{importer}" in _impure(planted)


@pytest.mark.parametrize("source", ["open('a')", "Path('a').read_text()", "time.sleep(1)", "os.open('a', 0)"])
def test_what_touches_files_is_caught(source: str) -> None:
    assert _touches_files(ast.parse(source))


def test_opening_an_envelope_touches_no_file() -> None:
    assert not _touches_files(ast.parse("envelope.open(sealed, place)"))
