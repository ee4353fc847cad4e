"""Every form has a limit, and pages under one setting share its one count."""

import pytest

from authserver.db.engine import Database
from authserver.settings.model import FIELDS
from tests.flows.test_account import add_generator, visit
from tests.support.deployment import ISSUER, Deployment, deploy
from tests.support.person import Person

SIGN_IN = ("/login", "/login/passkey/sign-in", "/invitation")
SECOND_FACTOR = ("/login/totp", "/login/passkey", "/login/recovery", "/enrol")
LIMITS = sorted(name for name in FIELDS if name.startswith("limit_"))


@pytest.fixture
def scarce(sqlite_database: Database, sqlite_url: str) -> Deployment:
    """A deployment in which everything may be done twice a minute."""
    return deploy(sqlite_database, sqlite_url, **dict.fromkeys(LIMITS, "2/minute"))


def paths_of_forms(deployment: Deployment) -> list[str]:
    """Return the path of every page that takes a form."""
    return sorted(rule.rule for rule in deployment.app.url_map.iter_rules() if "POST" in (rule.methods or ()))


def send(deployment: Deployment, path: str) -> int:
    """Send an empty form as a stranger and return the status of the answer."""
    return deployment.app.test_client().post(path, data={}, base_url=ISSUER).status_code


def test_every_form_has_a_limit(sqlite_database: Database, sqlite_url: str) -> None:
    paths = paths_of_forms(deploy(sqlite_database, sqlite_url))
    assert len(paths) > 15
    for path in paths:
        with sqlite_database.transaction() as connection:
            connection.exec_driver_sql("DELETE FROM accounts")
        deployment = deploy(sqlite_database, sqlite_url, **dict.fromkeys(LIMITS, "2/minute"))
        statuses = [send(deployment, path) for _ in range(3)]
        assert statuses[2] == 429, (path, statuses)
        assert 429 not in statuses[:2], (path, statuses)


@pytest.mark.parametrize("pages", [SIGN_IN, SECOND_FACTOR], ids=["sign-in", "second factor"])
@pytest.mark.spec("ASVS5-6.3.1")
def test_pages_under_one_limit_share_its_count(scarce: Deployment, pages: tuple[str, ...]) -> None:
    assert set(pages) <= set(paths_of_forms(scarce))
    statuses = [send(scarce, path) for path in pages]
    assert [status == 429 for status in statuses] == [False, False, *[True] * (len(pages) - 2)]


def test_a_person_sends_so_many_forms_and_no_more(sqlite_database: Database, sqlite_url: str) -> None:
    deployment = deploy(sqlite_database, sqlite_url, limit_account_person="5/minute")
    bob = Person(deployment, "bob")
    add_generator(bob)  # the first form
    page = visit(bob, "/account/recovery-codes")
    statuses = [bob.send(page).status_code for _ in range(6)]
    assert statuses == [200, 200, 200, 200, 429, 429]
    elsewhere = Person(deployment, "alice")
    deployment.wait(30)
    page = visit(elsewhere, "/account/recovery-codes")
    assert elsewhere.send(page).status_code == 200
