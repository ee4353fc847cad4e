"""The bank's API: accounts behind local validation of JWTs, payments behind introspection with mutual TLS.

A JWT is checked without a call and so outlives its revocation until it expires, which suits reading; a payment asks the
server about each token. The server that runs this adds the `Date` header.
"""

import uuid

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from authserver.clock import Clock
from authserver.db.engine import Database
from authserver.keys.remote import RemoteKeys
from authserver.outbound.fetch import SafeFetcher
from authserver.resource.checks import Expectation
from authserver.resource.environ import ApiOrigin
from authserver.resource.flask_protector import ApiProtector
from authserver.resource.guard import Guard, TokenSource
from authserver.resource.introspected_tokens import ClientCertificate, IntrospectedTokens
from authserver.resource.local_tokens import LocalTokens
from authserver.resource.spent_tokens import TokensSpent
from authserver.resource.store import SpentTokens
from authserver.sandbox.bank.accounts import create_accounts
from authserver.sandbox.bank.answers import problem
from authserver.sandbox.bank.ledger import Ledger
from authserver.sandbox.bank.payments import create_payments
from authserver.sandbox.bank.recurring import create_recurring
from authserver.sandbox.bank.store import MandateTotals
from authserver.sandbox.bank.terms import read_terms
from authserver.sandbox.layout import ADDRESS, BANK_CREDENTIAL, HOST, DemoLayout
from authserver.sandbox.registrations import BANK_PAYMENTS

INTERACTION_HEADER = "x-fapi-interaction-id"
_MAX_BODY = 16 * 1024


def create_bank(places: DemoLayout, clock: Clock) -> Flask:
    """Return the API."""
    app = Flask("authserver.sandbox.bank", static_folder=None, template_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _MAX_BODY
    terms = read_terms(places)
    ledger = Ledger(terms.customers)
    database = Database.connect(f"sqlite:///{places.bank_database}")
    spent = SpentTokens(database)
    accounts = _protector(places, places.accounts, _local_tokens(places, clock), clock, spent)
    payments = _protector(places, places.payments, _introspected_tokens(places), clock, spent)
    app.register_blueprint(create_accounts(ledger, accounts, terms.fresh_seconds))
    app.register_blueprint(create_payments(ledger, payments))
    app.register_blueprint(create_recurring(ledger, MandateTotals(database), payments, clock))
    app.add_url_rule("/healthz", view_func=_healthz)
    app.after_request(_finish)
    app.register_error_handler(HTTPException, _show_error)
    return app


def _healthz() -> Response:
    return jsonify({"status": "ok"})


def _finish(response: Response) -> Response:
    """Mirror the caller's interaction id, or make one; keep people's data out of caches."""
    response.headers[INTERACTION_HEADER] = _interaction_id(request.headers.get(INTERACTION_HEADER, ""))
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _interaction_id(received: str) -> str:
    try:
        parsed = str(uuid.UUID(received))
    except ValueError:
        parsed = ""
    return received if parsed and parsed == received.lower() else str(uuid.uuid4())


def _show_error(error: HTTPException) -> Response | HTTPException:
    """Answer in JSON; a challenge of the guard carries its own answer."""
    return error if error.response is not None else problem(error.code or 500, "invalid_request", error.name)


def _protector(
    places: DemoLayout, audience: str, source: TokenSource, clock: Clock, spent: TokensSpent
) -> ApiProtector:
    guard = Guard(source, Expectation(places.issuer, audience), clock, spent=spent)
    return ApiProtector(guard, ApiOrigin(places.bank))


def _local_tokens(places: DemoLayout, clock: Clock) -> LocalTokens:
    fetcher = SafeFetcher(
        allow=frozenset({f"{HOST}:{places.ports.server}"}),
        ca_file=str(places.authority),
        # `localhost` may mean ::1 first, where nothing of the demo listens.
        resolve=lambda _host, _port: (ADDRESS,),
    )
    return LocalTokens(f"{places.issuer}/jwks", RemoteKeys(fetcher, clock))


def _introspected_tokens(places: DemoLayout) -> IntrospectedTokens:
    credential = ClientCertificate(*places.certificate(BANK_CREDENTIAL))
    return IntrospectedTokens(f"{places.mtls_origin}/introspect", BANK_PAYMENTS, credential, places.authority)
