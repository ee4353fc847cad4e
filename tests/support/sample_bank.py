"""The sample bank with an issuer that says of every token what the test wants it to say."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.test import Client, TestResponse

from authserver.binding.mtls import certificate_thumbprint
from authserver.db.engine import Database
from authserver.resource.checks import Expectation
from authserver.resource.environ import ApiOrigin
from authserver.resource.flask_protector import ApiProtector
from authserver.resource.guard import Guard
from authserver.resource.store import SpentTokens
from authserver.sandbox.bank.accounts import create_accounts
from authserver.sandbox.bank.ledger import Ledger, LedgerAccount
from authserver.sandbox.bank.payments import create_payments
from authserver.sandbox.bank.recurring import create_recurring
from authserver.sandbox.bank.store import MandateTotals
from tests.support.authority import NOW
from tests.support.guarded_api import CERTIFICATE, ISSUER, ORIGIN, Connection
from tests.support.races import THREADS

EVERYDAY = LedgerAccount("everyday", "AT611904300234573201", "Everyday account", 10_000)
SAVINGS = LedgerAccount("savings", "DE89370400440532013000", "Savings account", 500_000)

Ask = Callable[..., Any]


class Said:
    """What the issuer says of every token: the usual, and what the test says; and the moment, as everyone has it."""

    def __init__(self) -> None:
        self.more: dict[str, object] = {}
        self.now = NOW

    def find_claims(self, token: str) -> Mapping[str, object]:
        """Return the claims."""
        usual = {"iss": ISSUER, "aud": ORIGIN, "sub": "alice", "client_id": "planner", "exp": self.now + 60}
        return {**usual, "jti": token, "cnf": {"x5t#S256": certificate_thumbprint(CERTIFICATE)}, **self.more}


def open_bank(said: Said, folder: Path) -> Ask:
    """Return what asks the bank for something with a token."""
    database = Database.connect(f"sqlite:///{folder / 'bank.sqlite'}", threads=THREADS)
    guard = Guard(said, Expectation(ISSUER, ORIGIN), lambda: said.now, spent=SpentTokens(database))
    protector = ApiProtector(guard, ApiOrigin(ORIGIN))
    ledger = Ledger({"alice": (EVERYDAY, SAVINGS)})
    app = Flask("bank")
    app.register_blueprint(create_accounts(ledger, protector, 120))
    app.register_blueprint(create_payments(ledger, protector))
    app.register_blueprint(create_recurring(ledger, MandateTotals(database), protector, lambda: said.now))

    def ask(method: str, path: str, **options: Any) -> TestResponse:  # noqa: ANN401 - whatever werkzeug takes
        headers = [("Authorization", "Bearer one")]
        environ = {"gunicorn.socket": Connection(CERTIFICATE)}
        return Client(app).open(path, method=method, headers=headers, environ_overrides=environ, **options)

    return ask
