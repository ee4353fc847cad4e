import hashlib

import pytest
from sqlalchemy import select

from authserver.db.engine import Database
from authserver.db.tables.sessions import sessions
from authserver.protocol.names import ACR_TWO_FACTORS
from authserver.sessions import lifecycle
from authserver.sessions.acr import acr_for
from authserver.sessions.model import Browser, ProvedFactor, Session, SessionLimits
from authserver.values import replace
from tests.support.deployment import StatementCounter

NOW = 1_700_000_000
LIMITS = SessionLimits()


def _start(
    database: Database, now: int = NOW, *, replacing: str = "", account_id: str = "alice"
) -> tuple[Session, str]:
    with database.transaction() as connection:
        return lifecycle.start(connection, account_id, "pwd", LIMITS, now, Browser("Firefox on Linux", replacing))


def _elevate(database: Database, cookie: str | None, now: int, method: str = "otp") -> tuple[Session, str] | None:
    with database.transaction() as connection:
        return lifecycle.elevate(connection, cookie, method, LIMITS, now)


def _current(database: Database, cookie: str | None, now: int = NOW) -> Session | None:
    with database.transaction() as connection:
        return lifecycle.current(connection, cookie, LIMITS, now)


def test_a_session_is_found_by_its_cookie_as_it_was_started(database: Database) -> None:
    session, cookie = _start(database)
    assert session.account_id == "alice"
    assert session.factors == (ProvedFactor("pwd", NOW),)
    assert session.browser == "Firefox on Linux"
    assert session.expires_at == NOW + 8 * 3600
    assert _current(database, cookie) == session
    with database.read() as connection:
        assert lifecycle.find_current(connection, cookie, LIMITS, NOW) == session


@pytest.mark.spec("ASVS5-7.2.3")
def test_what_the_browser_holds_is_random_and_not_in_the_database(database: Database) -> None:
    session, cookie = _start(database)
    assert len(cookie) == len(session.session_id) == 43
    assert cookie != session.session_id
    with database.read() as connection:
        (row,) = connection.execute(select(sessions)).all()
    assert row.session_hash == hashlib.sha256(cookie.encode()).digest()
    assert cookie not in str(row)


@pytest.mark.parametrize(
    "cookie", [None, "", "x", "x" * 43, "x" * 44, "é" * 43, "\ud800" * 43, "x" * 42 + "\n", "x" * 9000]
)
def test_a_cookie_that_was_never_issued_finds_nothing(database: Database, cookie: str | None) -> None:
    _start(database)
    assert _current(database, cookie) is None
    assert _elevate(database, cookie, NOW) is None
    with database.transaction() as connection:
        assert not lifecycle.end(connection, cookie, NOW)


def test_the_public_id_of_a_session_is_no_cookie(database: Database) -> None:
    session, _ = _start(database)
    assert _current(database, session.session_id) is None


@pytest.mark.spec("ASVS5-7.2.4")
@pytest.mark.parametrize("account_id", ["alice", "bob"])
def test_signing_in_again_gives_a_new_cookie_and_ends_the_old_session(database: Database, account_id: str) -> None:
    old_session, old_cookie = _start(database)
    session, cookie = _start(database, NOW + 5, replacing=old_cookie, account_id=account_id)
    assert cookie != old_cookie
    # The public id is no secret: apps know the session of the same person by it, who is signed in to them still.
    assert (session.session_id == old_session.session_id) == (account_id == "alice")
    assert _current(database, old_cookie, NOW + 5) is None
    assert _current(database, cookie, NOW + 5) == session


@pytest.mark.spec("ASVS5-7.2.4", "RFC9470-5")
def test_a_second_factor_gives_a_new_cookie_and_keeps_the_public_id_and_the_end(database: Database) -> None:
    started, old_cookie = _start(database)
    raised = _elevate(database, old_cookie, NOW + 20)
    assert raised is not None
    session, cookie = raised
    assert session == replace(
        started,
        factors=(ProvedFactor("pwd", NOW), ProvedFactor("otp", NOW + 20)),
        authenticated_at=NOW + 20,
        last_seen_at=NOW + 20,
    )
    assert acr_for(session.factors) == ACR_TWO_FACTORS
    assert cookie != old_cookie
    assert _current(database, old_cookie, NOW + 20) is None
    assert _current(database, cookie, NOW + 20) == session


def test_a_factor_used_again_is_kept_once_with_its_new_time(database: Database) -> None:
    _, cookie = _start(database)
    first = _elevate(database, cookie, NOW + 10)
    assert first is not None
    second = _elevate(database, first[1], NOW + 20)
    assert second is not None
    assert second[0].factors == (ProvedFactor("pwd", NOW), ProvedFactor("otp", NOW + 20))


def test_a_session_that_is_over_is_not_raised(database: Database) -> None:
    _, cookie = _start(database)
    assert _elevate(database, cookie, NOW + LIMITS.idle_seconds) is None
    assert _elevate(database, cookie, NOW + 1) is not None
    assert _elevate(database, cookie, NOW + 2) is None


@pytest.mark.spec("ASVS5-7.3.1")
def test_a_session_left_unused_ends_at_its_idle_limit(database: Database) -> None:
    _, cookie = _start(database)
    assert _current(database, cookie, NOW + 899) is not None
    _, other = _start(database)
    assert _current(database, other, NOW + 900) is None


@pytest.mark.spec("RTS-SCA-4.3", "ASVS5-7.3.1")
def test_two_factors_shorten_the_idle_limit_to_five_minutes(database: Database) -> None:
    _, password_only = _start(database)
    raised = _elevate(database, password_only, NOW)
    assert raised is not None
    with database.read() as connection:
        assert lifecycle.find_current(connection, raised[1], LIMITS, NOW + 299) is not None
        assert lifecycle.find_current(connection, raised[1], LIMITS, NOW + 300) is None


@pytest.mark.spec("ASVS5-7.3.2")
def test_use_does_not_move_the_absolute_end(database: Database) -> None:
    session, cookie = _start(database)
    for now in range(NOW, session.expires_at, 600):
        assert _current(database, cookie, now) is not None
    assert _current(database, cookie, session.expires_at - 1) is not None
    assert _current(database, cookie, session.expires_at) is None


def test_use_is_written_at_most_once_a_minute(database: Database) -> None:
    _, cookie = _start(database)
    with StatementCounter() as counter, database.transaction() as connection:
        seen = [lifecycle.current(connection, cookie, LIMITS, now) for now in range(NOW, NOW + 180, 10)]
    written = [statement.split(maxsplit=1)[0] for statement in counter.statements]
    assert None not in seen
    assert written.count("UPDATE") == 2
    assert written.count("SELECT") == 18
    assert seen[-1] is not None
    assert seen[-1].last_seen_at == NOW + 120


@pytest.mark.spec("ASVS5-7.4.1")
def test_an_ended_session_stays_ended(database: Database) -> None:
    _, cookie = _start(database)
    with database.transaction() as connection:
        assert lifecycle.end(connection, cookie, NOW)
        assert not lifecycle.end(connection, cookie, NOW)
    assert _current(database, cookie) is None


@pytest.mark.spec("ASVS5-7.4.2")
def test_all_sessions_of_an_account_end_together_and_no_one_elses(database: Database) -> None:
    mine = [_start(database)[1] for _ in range(3)]
    _, others = _start(database, account_id="bob")
    with database.transaction() as connection:
        assert lifecycle.end_all(connection, "alice", NOW) == 3
        assert lifecycle.end_all(connection, "alice", NOW) == 0
    assert [_current(database, cookie) for cookie in mine] == [None] * 3
    assert _current(database, others) is not None


def test_a_method_this_version_does_not_know_is_worth_nothing_and_breaks_nothing(database: Database) -> None:
    _, cookie = _start(database)
    raised = _elevate(database, cookie, NOW, "from-a-later-version")
    assert raised is not None
    found = _current(database, raised[1])
    assert found is not None
    assert acr_for(found.factors) == acr_for((ProvedFactor("pwd", NOW),))
