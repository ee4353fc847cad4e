"""The bank's answers that its routes share."""

from flask import Response, jsonify

from authserver.sandbox.bank.ledger import LedgerFull


def problem(status: int, error: str, text: str) -> Response:
    """Return a refusal in JSON."""
    answer = jsonify({"error": error, "error_description": text})
    answer.status_code = status
    return answer


def too_deep(_: RecursionError) -> Response:
    """Return the refusal of JSON with brackets within brackets without end."""
    return problem(400, "invalid_request", "The body is nested too deeply.")


def no_room(_: LedgerFull) -> Response:
    """Return the refusal of what the demo's bank has no place for."""
    return problem(507, "ledger_full", "The demo's bank keeps no more payments.")


def created(document: dict[str, object]) -> Response:
    """Return what was made."""
    answer = jsonify(document)
    answer.status_code = 201
    return answer


def not_found() -> Response:
    """Return that there is nothing of that id; someone else's is not found, and not said to be forbidden."""
    return problem(404, "not_found", "There is nothing of that id here.")
