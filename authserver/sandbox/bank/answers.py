"""The bank's answers that its routes share."""

from flask import Response, jsonify


def problem(status: int, error: str, text: str) -> Response:
    """Return a refusal in JSON."""
    answer = jsonify({"error": error, "error_description": text})
    answer.status_code = status
    return answer


def created(document: dict[str, object]) -> Response:
    """Return what was made."""
    answer = jsonify(document)
    answer.status_code = 201
    return answer


def not_found() -> Response:
    """Return that there is nothing of that id; someone else's is not found, and not said to be forbidden."""
    return problem(404, "not_found", "There is nothing of that id here.")
