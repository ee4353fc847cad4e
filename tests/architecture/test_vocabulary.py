"""The rules of the house that import contracts cannot hold; each is shown to fail on a bad sample first."""

import ast
import inspect
from pathlib import PurePosixPath

import pytest

from authserver.protocol import errors
from tests.architecture import rules
from tests.support.source import PACKAGE, modules

_ALSO_SIZED = ("bench", "conformance", "docs", "migrations")

_REFUSALS = frozenset(
    name
    for name, member in vars(errors).items()
    if isinstance(member, type)
    and issubclass(member, errors.OAuthError)
    and "clause" in inspect.signature(member).parameters
)
_clauses = rules.refusals_carry_their_clause(_REFUSALS)
_LONG = "def f() -> None:\n    '''Do.'''\n" + "    x = 1\n" * 50

# rule, where the sample stands, the sample
_BAD = [
    (rules.profiles_are_asked_for_fields, "tokens/a.py", "if client.profile.name == 'fapi2': pass"),
    (rules.profiles_are_asked_for_fields, "tokens/a.py", "ok = profile.name in {'oidc'}"),
    (rules.profiles_are_asked_for_fields, "tokens/a.py", "match profile.name:\n    case 'oidc': pass"),
    (rules.only_the_clock_reads_the_time, "tokens/a.py", "import time\nnow = int(time.time())"),
    (rules.only_the_clock_reads_the_time, "tokens/a.py", "import time\nclock = time.time"),
    (rules.only_the_clock_reads_the_time, "tokens/a.py", "from time import time"),
    (rules.only_the_clock_reads_the_time, "tokens/a.py", "import datetime\ndatetime.datetime.now(datetime.UTC)"),
    (rules.only_the_clock_reads_the_time, "tokens/a.py", "from datetime import datetime\ndatetime.utcnow()"),
    (rules.only_the_clock_reads_the_time, "db/a.py", "from sqlalchemy import func\nx = func.now()"),
    (rules.only_the_clock_reads_the_time, "db/clock.py", "import time\nnow = int(time.time())"),
    (rules.ages_are_bounded_on_both_sides, "clients/a.py", "ok = now < cached[0]"),
    (rules.ages_are_bounded_on_both_sides, "clients/a.py", "ok = self._clock() >= self._resting_until"),
    (rules.ages_are_bounded_on_both_sides, "clients/a.py", "ok = self.now - factor.at < FRESH_SECONDS"),
    (rules.forms_are_answered_in_one_place, "admin/pages/a.py", "@blueprint.post('/a')\ndef answer(): pass"),
    (rules.forms_are_answered_in_one_place, "admin/pages/a.py", "blueprint.route('/a', methods=['POST'])(answer)"),
    (rules.ages_are_bounded_on_both_sides, "keys/a.py", "ok = now >= entry.fetched_at + 600"),
    (rules.only_settings_reads_the_environment, "app.py", "import os\nos.environ['A']"),
    (rules.only_settings_reads_the_environment, "app.py", "import os\nos.getenv('A')"),
    (rules.only_settings_reads_the_environment, "web/settings.py", "from os import environ"),
    (rules.secrets_are_compared_in_constant_time, "a.py", "row.code_hash == wanted"),
    (rules.secrets_are_compared_in_constant_time, "a.py", "wanted != client_secret"),
    (rules.secrets_are_compared_in_constant_time, "a.py", "ok = form['code_verifier'] == challenge"),
    (rules.only_keys_takes_in_public_keys, "banking/a.py", "key = Ed25519PublicKey.from_public_bytes(octets)"),
    (rules.only_keys_takes_in_public_keys, "clients/a.py", "from joserfc.jwk import import_key"),
    (rules.only_keys_takes_in_public_keys, "accounts/a.py", "helpers.decode_credential_public_key(octets)"),
    (rules.only_keys_takes_in_public_keys, "binding/a.py", "serialization.load_der_public_key(der)"),
    (rules.commands_change_nothing_themselves, "cli/a.py", "with database.transaction() as connection: pass"),
    (rules.commands_change_nothing_themselves, "cli/a.py", "with database.single() as connection: pass"),
    (rules.commands_change_nothing_themselves, "cli/a.py", "migrate.upgrade(database, folder)"),
    (rules.modules_are_named_for_what_they_own, "web/utils.py", ""),
    (rules.modules_are_named_for_what_they_own, "common/forms.py", ""),
    (rules.modules_are_named_for_what_they_own, "db/_base.py", ""),
    (_clauses, "a.py", "raise InvalidGrant('No.')"),
    (_clauses, "a.py", "raise errors.InvalidClient(reason='x')"),
    (_clauses, "a.py", "raise InvalidGrant('No.', clause='')"),
    (_clauses, "a.py", "raise InvalidGrant('No.', clause='section 5')"),
    (rules.the_public_is_described, "a.py", "x = 1"),
    (rules.the_public_is_described, "a.py", "'''A.'''\ndef f(): pass"),
    (rules.the_public_is_described, "a.py", "'''A.'''\nclass C:\n    '''C.'''\n    def f(self): pass"),
    (rules.packages_open_with_words_alone, "web/__init__.py", "'''A.'''\nfrom authserver.web import forms"),
    (rules.nothing_is_too_long, "a.py", _LONG),
    (rules.nothing_is_too_long, "a.py", "def f(a, b, c, d, *, e, g, h): pass"),
]

_GOOD = [
    (rules.profiles_are_asked_for_fields, "profiles/a.py", "profile.name == 'fapi2'"),
    (rules.profiles_are_asked_for_fields, "cli.py", "print(client.profile.name)"),
    (rules.only_the_clock_reads_the_time, "clock.py", "import time\ntime.time()"),
    (rules.only_the_clock_reads_the_time, "web/a.py", "import time\ntime.monotonic()"),
    (rules.only_the_clock_reads_the_time, "web/a.py", "self._clock.now()"),
    (rules.forms_are_answered_in_one_place, "web/pages/form_page.py", "blueprint.post(page.path)(answer)"),
    (rules.forms_are_answered_in_one_place, "web/pages/a.py", "@blueprint.get('/a')\ndef ask(): pass"),
    (rules.ages_are_bounded_on_both_sides, "clients/a.py", "ok = is_fresh(cached[0], 2, now)"),
    (rules.ages_are_bounded_on_both_sides, "clients/a.py", "ok = asked_at <= now < asked_at + 2"),
    (rules.ages_are_bounded_on_both_sides, "grants/a.py", "ok = now < code.expires_at"),
    (rules.ages_are_bounded_on_both_sides, "db/a.py", "ok = monotonic() >= self._no_more_until"),
    (rules.only_settings_reads_the_environment, "settings.py", "import os\nos.environ['A']"),
    (rules.only_settings_reads_the_environment, "web/a.py", "request.environ['A']"),
    (rules.secrets_are_compared_in_constant_time, "a.py", "hmac.compare_digest(row.code_hash, wanted)"),
    (rules.secrets_are_compared_in_constant_time, "a.py", "codes.c.code_hash == bindparam('code_hash')"),
    (rules.secrets_are_compared_in_constant_time, "a.py", "row.secret_hash is None"),
    (rules.only_keys_takes_in_public_keys, "keys/a.py", "ECKey.import_key(jwk)"),
    (rules.only_keys_takes_in_public_keys, "sandbox/a.py", "ECKey.import_key(jwk)"),
    (rules.commands_change_nothing_themselves, "cli/a.py", "with database.read() as connection: pass"),
    (rules.commands_change_nothing_themselves, "cli/db.py", "migrate.upgrade(database, folder)"),
    (rules.commands_change_nothing_themselves, "operations/a.py", "with task.transaction() as connection: pass"),
    (rules.modules_are_named_for_what_they_own, "web/machine/forms.py", ""),
    (_clauses, "a.py", "raise InvalidGrant('No.', clause='RFC6749-5.2')"),
    (_clauses, "a.py", "raise InvalidGrant('No.', clause='FAPI2-SP-FINAL-5.3.2.1-8')"),
    (_clauses, "a.py", "raise InvalidGrant('No.', clause=profile.clause('pkce_required'))"),
    (_clauses, "a.py", "raise UseDpopNonce(nonce)"),
    (rules.the_public_is_described, "a.py", "'''A.'''\ndef _f(): pass\nclass _C:\n    def f(self): pass"),
    (rules.packages_open_with_words_alone, "web/__init__.py", "'''A.'''"),
    (rules.packages_open_with_words_alone, "web/machine/forms.py", "'''A.'''\nimport re"),
    (rules.nothing_is_too_long, "a.py", "def f(self, a, b, c, d, *, e, g): pass"),
]
_RULES = list(dict.fromkeys(rule for rule, _, _ in _BAD))


def _label(value: object) -> str:
    return getattr(value, "__name__", str(value)) if callable(value) else str(value)


def _modules() -> list[tuple[PurePosixPath, ast.Module]]:
    return [(PurePosixPath(path.relative_to(PACKAGE).as_posix()), tree) for path, tree in modules()]


@pytest.mark.parametrize(("rule", "path", "source"), _BAD, ids=_label)
def test_a_bad_sample_is_caught(rule: rules.Rule, path: str, source: str) -> None:
    assert list(rule(PurePosixPath(path), ast.parse(source)))


@pytest.mark.parametrize(("rule", "path", "source"), _GOOD, ids=_label)
def test_a_good_sample_is_left_alone(rule: rules.Rule, path: str, source: str) -> None:
    assert not list(rule(PurePosixPath(path), ast.parse(source)))


@pytest.mark.parametrize("rule", _RULES, ids=_label)
def test_the_tree_keeps_the_rule(rule: rules.Rule) -> None:
    found = [line for path, tree in _modules() for line in rule(path, tree)]
    assert not found, "\n".join(found)


def test_a_file_over_300_lines_is_caught() -> None:
    assert list(rules.files_stop_at_300_lines(PurePosixPath("a.py"), "x = 1\n" * 301))
    assert not list(rules.files_stop_at_300_lines(PurePosixPath("a.py"), "x = 1\n" * 300))


def test_no_file_is_over_300_lines() -> None:
    folders = [PACKAGE, *(PACKAGE.parent / name for name in _ALSO_SIZED)]
    paths = [path for folder in folders for path in folder.rglob("*.py") if "node_modules" not in path.parts]
    found = [
        line
        for path in sorted(paths)
        for line in rules.files_stop_at_300_lines(
            PurePosixPath(path.relative_to(PACKAGE.parent).as_posix()), path.read_text(encoding="utf-8")
        )
    ]
    assert not found, "\n".join(found)
