"""The bank's API: accounts behind local validation of JWTs, payments behind introspection with mutual TLS.

A JWT is checked without a call and so outlives its revocation until it expires, which suits reading; a payment asks the
server about each token. The server that runs this adds the `Date` header.
"""

import uuid

from flask import Blueprint, Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from authserver.clock import Clock
from authserver.keys.fetch import SafeFetcher
from authserver.keys.remote import RemoteKeys
from authserver.resource.checks import Expectation
from authserver.resource.environ import ApiOrigin
from authserver.resource.flask_protector import ApiProtector, current_access_token
from authserver.resource.guard import Guard, TokenSource
from authserver.resource.introspected_tokens import ClientCertificate, IntrospectedTokens
from authserver.resource.local_tokens import LocalTokens
from authserver.sandbox.bank.ledger import Account, Ledger, LedgerFull, parse_payment
from authserver.sandbox.places import ADDRESS, BANK_CREDENTIAL, HOST, DemoPlaces
from authserver.sandbox.registrations import BANK_PAYMENTS

INTERACTION_HEADER = "x-fapi-interaction-id"
_MAX_BODY = 16 * 1024


def create_bank(places: DemoPlaces, clock: Clock) -> Flask:
    """Return the API."""
    app = Flask("authserver.sandbox.bank", static_folder=None, template_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _MAX_BODY
    ledger = Ledger()
    accounts = _protector(places, places.accounts, _local_tokens(places, clock), clock)
    payments = _protector(places, places.payments, _introspected_tokens(places), clock)
    app.register_blueprint(_accounts(ledger, accounts))
    app.register_blueprint(_payments(ledger, payments))
    app.add_url_rule("/healthz", view_func=_healthz)
    app.after_request(_finish)
    app.register_error_handler(HTTPException, _show_error)
    return app


def _accounts(ledger: Ledger, protector: ApiProtector) -> Blueprint:
    blueprint = Blueprint("accounts", __name__)

    @blueprint.get("/accounts")
    @protector.requires("accounts")
    def list_accounts() -> Response:
        return jsonify({"accounts": [account.describe() for account in _own_accounts(ledger)]})

    @blueprint.get("/accounts/<account_id>")
    @protector.requires("accounts")
    def show_account(account_id: str) -> Response:
        return _only([account.describe() for account in _own_accounts(ledger) if account.account_id == account_id])

    return blueprint


def _payments(ledger: Ledger, protector: ApiProtector) -> Blueprint:
    blueprint = Blueprint("payments", __name__)

    @blueprint.get("/payments")
    @protector.requires("payments")
    def list_payments() -> Response:
        own = ledger.payments_of(current_access_token().subject)
        return jsonify({"payments": [payment.describe() for payment in own]})

    @blueprint.get("/payments/<payment_id>")
    @protector.requires("payments")
    def show_payment(payment_id: str) -> Response:
        own = ledger.payments_of(current_access_token().subject)
        return _only([payment.describe() for payment in own if payment.payment_id == payment_id])

    @blueprint.post("/payments")
    @protector.requires("payments")
    def order_payment() -> Response:
        return _order(ledger, current_access_token().subject)

    return blueprint


def _own_accounts(ledger: Ledger) -> tuple[Account, ...]:
    """Return the accounts of the person behind the token; a client by itself has none."""
    token = current_access_token()
    return ledger.accounts_of(token.subject) if token.speaks_for_person else ()


def _order(ledger: Ledger, subject: str) -> Response:
    try:
        creditor, cents = parse_payment(request.get_json(silent=True))
        payment = ledger.order(subject, creditor, cents)
    except ValueError as error:
        return _problem(400, str(error))
    except LedgerFull:
        return _problem(507, "the demo's bank keeps no more payments")
    answer = jsonify(payment.describe())
    answer.status_code = 201
    return answer


def _only(found: list[dict[str, object]]) -> Response:
    """Answer the one thing found; someone else's is not found, and not said to be forbidden."""
    return jsonify(found[0]) if found else _problem(404, "there is nothing of that id here")


def _problem(status: int, text: str) -> Response:
    answer = jsonify({"error": text})
    answer.status_code = status
    return answer


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
    return error if error.response is not None else _problem(error.code or 500, error.name)


def _protector(places: DemoPlaces, audience: str, source: TokenSource, clock: Clock) -> ApiProtector:
    guard = Guard(source, Expectation(places.issuer, audience), clock)
    return ApiProtector(guard, ApiOrigin(places.bank))


def _local_tokens(places: DemoPlaces, clock: Clock) -> LocalTokens:
    fetcher = SafeFetcher(
        allow=frozenset({f"{HOST}:{places.ports.server}"}),
        ca_file=str(places.authority),
        # `localhost` may mean ::1 first, where nothing of the demo listens.
        resolve=lambda _host, _port: (ADDRESS,),
    )
    return LocalTokens(f"{places.issuer}/jwks", RemoteKeys(fetcher, clock))


def _introspected_tokens(places: DemoPlaces) -> IntrospectedTokens:
    credential = ClientCertificate(*places.certificate(BANK_CREDENTIAL))
    return IntrospectedTokens(f"{places.mtls_origin}/introspect", BANK_PAYMENTS, credential, places.authority)
