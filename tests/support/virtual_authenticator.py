"""Chromium's virtual authenticator, and keys that a live server has registered, put into it."""

import base64
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from playwright.sync_api import CDPSession, Page

from authserver.accounts.factors.passkey import store as passkeys
from authserver.accounts.factors.passkey.ceremonies import begin_registration, finish_registration
from authserver.accounts.factors.passkey.ceremony_token import Ceremonies, CeremonyPurpose, CeremonyResponse
from authserver.accounts.factors.passkey.model import Passkey, relying_party
from authserver.accounts.store import people
from authserver.app.parts import open_envelope
from authserver.db.engine import Database
from authserver.events.journal import Journal
from authserver.settings.model import Settings
from tests.support.authenticator import SoftwareKey
from tests.support.live_server import LiveServer


@dataclass
class Device:
    """An authenticator in the browser of one page.

    It has a lock and recognises its user, unless told otherwise.
    """

    page: Page
    has_lock: bool = True
    verifies: bool = True
    session: CDPSession = field(init=False)
    name: str = field(init=False)

    def __post_init__(self) -> None:
        self.session = self.page.context.new_cdp_session(self.page)
        self.session.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": self.has_lock,
            "isUserVerified": self.has_lock and self.verifies,
            "automaticPresenceSimulation": True,
        }
        self.name = self.session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]

    def hold(self, key: SoftwareKey, server: LiveServer) -> None:
        """Put a registered key into it."""
        private = key.private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        credential = {
            "credentialId": base64.b64encode(key.credential_id).decode(),
            "isResidentCredential": True,
            "rpId": "localhost",
            "privateKey": base64.b64encode(private).decode(),
            "userHandle": base64.b64encode(key.user_handle or b"").decode(),
            "signCount": key.count,
            "backupEligibility": key.synced,
            "backupState": key.synced,
        }
        assert server.issuer.startswith("https://localhost:")
        self.session.send("WebAuthn.addCredential", {"authenticatorId": self.name, "credential": credential})

    def set_verified(self, verified: bool) -> None:  # noqa: FBT001 - the protocol's own word
        """Let it recognise its user, or not."""
        parameters = {"authenticatorId": self.name, "isUserVerified": verified}
        self.session.send("WebAuthn.setUserVerified", parameters)


@contextmanager
def opened(server: LiveServer) -> Iterator[tuple[Database, Ceremonies]]:
    """Open the database of a live server beside it, and what it holds ceremonies with."""
    url = f"sqlite:///{next(server.folder.rglob('authserver.sqlite'))}"
    settings = Settings(master_key_file=next(server.folder.rglob("master.key")))
    database = Database.connect(url)
    try:
        journal = Journal(lambda _event: None)
        yield database, Ceremonies(relying_party(server.issuer, "Test"), open_envelope(settings), journal)
    finally:
        database.dispose()


def enrol(server: LiveServer, username: str, key: SoftwareKey | None = None) -> SoftwareKey:
    """Register a key for a person of a live server; return it."""
    made = key or SoftwareKey(count=1)
    made.origin, now = server.issuer, int(time.time())
    with opened(server) as (database, ceremonies):
        asked = CeremonyPurpose("registration", "browser", _account_id(database, username))
        with database.transaction() as connection:
            begun = begin_registration(connection, ceremonies, asked, username, now)
            answer = CeremonyResponse(begun.token, made.register(begun.options))
            assert finish_registration(connection, ceremonies, asked, answer, now, name="A key")
    return made


def passkeys_of(server: LiveServer, username: str) -> list[Passkey]:
    """Return what the server knows of a person's passkeys."""
    with opened(server) as (database, _):
        account_id = _account_id(database, username)
        with database.read() as connection:
            return passkeys.find_all(connection, account_id)


def _account_id(database: Database, username: str) -> str:
    with database.read() as connection:
        account = people.find_by_username(connection, username)
    assert account is not None
    return account.account_id
