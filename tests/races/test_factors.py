"""Of two who take away a person's two strong factors at once, one leaves the other's."""

from functools import partial

import pytest

from authserver.accounts.factors import store as factors
from authserver.accounts.factors.changes import remove_generator, remove_passkey
from authserver.accounts.factors.passkey import store as passkeys
from authserver.accounts.factors.passkey.factor import PASSKEY
from authserver.accounts.factors.passkey.model import Passkey
from authserver.accounts.factors.totp.factor import TOTP
from authserver.accounts.store import people
from tests.support.deployment import Deployment
from tests.support.races import at_once


def _give_passkey(deployment: Deployment) -> str:
    with deployment.database.transaction() as connection:
        account = people.find_by_username(connection, "alice")
        assert account is not None
        passkey = Passkey(
            passkey_id="one",
            account_id=account.account_id,
            credential_id=b"credential",
            public_key=b"key",
            sign_count=0,
            backup_eligible=False,
            backed_up=False,
            aaguid="00000000-0000-0000-0000-000000000000",
            transports=(),
            name="Key",
            created_at=deployment.now,
        )
        assert passkeys.add(connection, passkey)
    return account.account_id


@pytest.mark.spec("ASVS5-6.5.6")
def test_one_strong_factor_always_stays(either: Deployment) -> None:
    account_id = _give_passkey(either)

    def take_generator() -> bool:
        with either.database.transaction() as connection:
            return remove_generator(connection, account_id)

    def take_passkey() -> bool:
        with either.database.transaction() as connection:
            return remove_passkey(connection, account_id, "one") is not None

    taken = at_once([partial(take_generator), partial(take_passkey)])

    with either.database.read() as connection:
        left = factors.find_enrolled(connection, account_id)
    assert sorted(taken) == [False, True]
    assert left.has(TOTP) != left.has(PASSKEY)
