import pyotp
import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from authserver.accounts.factors.password import factor as password
from authserver.accounts.factors.password.hashing import PasswordPool, hash_password, needs_rehash
from authserver.accounts.factors.store import find_enrolled
from authserver.accounts.factors.totp import credential as second_factor
from authserver.accounts.factors.totp import store as totp
from authserver.accounts.factors.totp.factor import TOTP
from authserver.accounts.model import Account
from authserver.accounts.sign_in import SignIn, find_candidate, sign_in
from authserver.accounts.store import people as store
from authserver.db.engine import Database
from authserver.sealing.envelope import SealBroken
from authserver.sealing.master_key import MasterKeyEnvelope
from authserver.values import replace
from tests.support import databases

NOW = 1_700_000_000
PASSWORD = "correct-horse-battery-staple"
HASH = hash_password(PASSWORD, b"0123456789abcdef")
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
ENVELOPE = MasterKeyEnvelope(b"k" * 32)
CLAIMS = {"name": "Élodie\u3000Durand", "email_verified": True, "address": {"country": "FR"}}


def _create(database: Database, username: str = "alice", password_hash: str | None = HASH) -> Account:
    with database.transaction() as connection:
        account = store.create(connection, username, CLAIMS, password_hash, NOW)
    assert account is not None
    return account


def _sign_in(database: Database, pool: PasswordPool, username: str, password: str) -> SignIn:
    return sign_in(database, pool, find_candidate(database, username), password)


def _enrol(database: Database, account: Account, seed: str = SEED) -> None:
    with database.transaction() as connection:
        second_factor.enrol_totp(connection, ENVELOPE, account.account_id, seed, NOW)


def _check(database: Database, account: Account, code: str, now: int = NOW) -> second_factor.TotpCheck:
    with database.transaction() as connection:
        return second_factor.check_totp(connection, ENVELOPE, account.account_id, code, now)


def test_an_account_is_found_as_it_was_created(database: Database) -> None:
    account = _create(database)
    assert len(account.account_id) == 43
    with database.read() as connection:
        assert store.find(connection, account.account_id) == account
        assert store.find_by_username(connection, "alice") == account
        assert store.find(connection, "nobody") is None
        assert store.find_by_username(connection, "Alice") is None
        credentials = store.find_credentials(connection, "alice")
    assert credentials is not None
    assert (credentials.account, credentials.password_hash) == (account, HASH)
    assert account.claims == CLAIMS


def test_a_username_is_taken_once_and_the_transaction_goes_on(database: Database) -> None:
    account = _create(database)
    with database.transaction() as connection:
        assert store.create(connection, "alice", {}, None, NOW + 1) is None
        assert store.create(connection, "bob", {}, None, NOW + 1) is not None
    with database.read() as connection:
        assert store.find_by_username(connection, "alice") == account


def test_accounts_are_listed_by_username(database: Database) -> None:
    for username in ("carol", "alice", "bob"):
        _create(database, username, None)
    with database.read() as connection:
        assert [account.username for account in store.find_all(connection)] == ["alice", "bob", "carol"]


def test_a_password_is_set_replaced_and_taken_away(database: Database) -> None:
    account = _create(database, password_hash=None)
    with database.transaction() as connection:
        assert not find_enrolled(connection, account.account_id).has(password.PASSWORD)
        assert store.set_password(connection, account.account_id, "first")
        assert find_enrolled(connection, account.account_id).has(password.PASSWORD)
        assert not store.replace_password_hash(connection, account.account_id, "other", "second")
        assert store.replace_password_hash(connection, account.account_id, "first", "second")
        credentials = store.find_credentials(connection, "alice")
        assert credentials is not None
        assert credentials.password_hash == "second"
        assert store.set_password(connection, account.account_id, None)
        assert not find_enrolled(connection, account.account_id).has(password.PASSWORD)
        assert not store.set_password(connection, "nobody", "first")


def test_an_account_is_locked_once_and_unlocked_once(database: Database) -> None:
    account = _create(database)
    with database.transaction() as connection:
        assert not store.unlock(connection, account.account_id)
        assert store.lock(connection, account.account_id, NOW)
        assert not store.lock(connection, account.account_id, NOW)
        assert store.find(connection, account.account_id) == replace(account, locked=True)
        assert store.unlock(connection, account.account_id)
        assert store.find(connection, account.account_id) == account
        assert not store.lock(connection, "nobody", NOW)


def test_the_right_password_signs_in_under_any_spelling_of_the_name(database: Database) -> None:
    account = _create(database)
    result = _sign_in(database, PasswordPool(), " ALICE ", PASSWORD)
    assert result
    assert result.account == account


@pytest.mark.spec("ASVS5-6.3.8")
@pytest.mark.parametrize(
    ("username", "password", "outcome"),
    [
        ("alice", "mistyped", "wrong_password"),
        ("alice", PASSWORD + "x" * 5000, "wrong_password"),
        ("nobody", PASSWORD, "unknown_user"),
        ("ali\x00ce", PASSWORD, "unknown_user"),
        ("ali\ud800ce", PASSWORD, "unknown_user"),
        ("x" * 5000, PASSWORD, "unknown_user"),
        ("passwordless", PASSWORD, "no_password"),
        ("locked", PASSWORD, "locked"),
        ("locked", "mistyped", "wrong_password"),
    ],
)
def test_every_refusal_costs_one_hash_and_names_its_cause_to_the_operator_alone(
    database: Database, username: str, password: str, outcome: str
) -> None:
    _create(database)
    _create(database, "passwordless", None)
    locked = _create(database, "locked")
    with database.transaction() as connection:
        store.lock(connection, locked.account_id, NOW)
    pool = PasswordPool()
    result = _sign_in(database, pool, username, password)
    assert not result
    assert result.account is None
    assert result.outcome == outcome
    assert pool.hashes_computed == 1
    assert password not in repr(result)


class _PoolThatUsesTheDatabase(PasswordPool):
    """Hashes as ever, after taking every connection a process with one thread has."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database

    def verify(self, password: str, password_hash: str | None) -> bool:
        with self._database.transaction() as connection:
            store.find_all(connection)
        with self._database.read() as connection:
            store.find_all(connection)
        return super().verify(password, password_hash)


def test_no_connection_is_held_while_a_password_is_hashed(database: Database, database_url: str) -> None:
    _create(database)
    with databases.connected(database_url, threads=1, patience_seconds=0.5) as narrow:
        assert _sign_in(narrow, _PoolThatUsesTheDatabase(narrow), "alice", PASSWORD)


def test_signing_in_renews_a_hash_of_other_parameters(database: Database) -> None:
    old = Argon2id(salt=b"s" * 16, length=32, iterations=1, lanes=1, memory_cost=64).derive_phc_encoded(
        PASSWORD.encode()
    )
    _create(database, password_hash=old)
    assert not _sign_in(database, PasswordPool(), "alice", "wrong")
    with database.read() as connection:
        before = store.find_credentials(connection, "alice")
    assert before is not None
    assert before.password_hash == old
    assert _sign_in(database, PasswordPool(), "alice", PASSWORD)
    with database.read() as connection:
        after = store.find_credentials(connection, "alice")
    assert after is not None
    assert after.password_hash is not None
    assert not needs_rehash(after.password_hash)
    pool = PasswordPool()
    assert _sign_in(database, pool, "alice", PASSWORD)
    assert pool.hashes_computed == 1


def test_a_seed_is_sealed_at_rest_and_opens_in_no_other_row(database: Database) -> None:
    alice, bob = _create(database), _create(database, "bob")
    _enrol(database, alice)
    with database.transaction() as connection:
        credential = totp.find(connection, alice.account_id)
        assert credential is not None
        assert SEED.encode() not in credential.sealed_seed
        totp.save(connection, bob.account_id, credential.sealed_seed, NOW)
    with pytest.raises(SealBroken):
        _check(database, bob, pyotp.TOTP(SEED).at(NOW))


@pytest.mark.spec("RFC6238-5.2", "ASVS5-6.5.1")
def test_a_code_is_accepted_once(database: Database) -> None:
    account = _create(database)
    _enrol(database, account)
    code = pyotp.TOTP(SEED).at(NOW)
    assert _check(database, account, f" {code[:3]} {code[3:]} ")
    for later in (0, 1, 29, 30):
        again = _check(database, account, code, NOW + later)
        assert not again
        assert again.outcome == "already_used"


@pytest.mark.spec("RFC6238-5.2")
def test_a_step_spends_those_before_it_and_not_those_after(database: Database) -> None:
    account = _create(database)
    _enrol(database, account)
    totp = pyotp.TOTP(SEED)
    assert _check(database, account, totp.at(NOW))
    assert _check(database, account, totp.at(NOW - 30)).outcome == "already_used"
    assert _check(database, account, totp.at(NOW + 30))


@pytest.mark.parametrize("typed", ["12345", "1" * 1000, "\uff11" * 6, ""])
def test_what_is_no_code_is_refused_and_spends_nothing(database: Database, typed: str) -> None:
    account = _create(database)
    _enrol(database, account)
    assert _check(database, account, typed).outcome == "malformed"
    assert _check(database, account, pyotp.TOTP(SEED).at(NOW))


def test_full_width_digits_of_the_right_code_are_refused(database: Database) -> None:
    account = _create(database)
    _enrol(database, account)
    code = pyotp.TOTP(SEED).at(NOW)
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in code)
    assert pyotp.TOTP(SEED).verify(wide, for_time=NOW), "the library alone would take them"
    assert _check(database, account, wide).outcome == "malformed"
    assert _check(database, account, code)


def test_a_wrong_code_an_unenrolled_and_a_locked_account_are_refused(database: Database) -> None:
    alice, bob = _create(database), _create(database, "bob")
    _enrol(database, alice)
    code = pyotp.TOTP(SEED).at(NOW)
    assert _check(database, alice, pyotp.TOTP(SEED).at(NOW + 300)).outcome == "wrong_code"
    assert _check(database, bob, code).outcome == "not_enrolled"
    with database.transaction() as connection:
        store.lock(connection, alice.account_id, NOW)
    assert _check(database, alice, code).outcome == "locked"


def test_enrolling_again_replaces_the_seed_and_never_revives_a_spent_code(database: Database) -> None:
    account = _create(database)
    other_seed = pyotp.random_base32()
    _enrol(database, account)
    code = pyotp.TOTP(SEED).at(NOW)
    assert _check(database, account, code)
    _enrol(database, account, other_seed)
    assert _check(database, account, pyotp.TOTP(SEED).at(NOW + 30)).outcome == "wrong_code"
    _enrol(database, account)
    assert _check(database, account, code).outcome == "already_used"
    assert _check(database, account, pyotp.TOTP(SEED).at(NOW + 30))


def test_an_unfit_seed_is_not_enrolled(database: Database) -> None:
    account = _create(database)
    with pytest.raises(ValueError, match="bits"):
        _enrol(database, account, "JBSWY3DPEHPK3PXP")
    with database.read() as connection:
        assert not find_enrolled(connection, account.account_id).has(TOTP)


@pytest.mark.spec("ASVS5-6.5.6")
def test_a_generator_is_taken_away(database: Database) -> None:
    account = _create(database)
    _enrol(database, account)
    with database.transaction() as connection:
        assert find_enrolled(connection, account.account_id).has(TOTP)
        assert totp.remove(connection, account.account_id)
        assert not totp.remove(connection, account.account_id)
        assert not find_enrolled(connection, account.account_id).has(TOTP)
    assert _check(database, account, pyotp.TOTP(SEED).at(NOW)).outcome == "not_enrolled"
