"""What is shown of what was sent and received.

Of codes, tokens and proofs it is their beginning and end: enough to recognise them, too little to use them.
"""

import json
from collections.abc import Mapping
from typing import Any

from authserver.sandbox.third_party.client import OAuthClient
from authserver.sandbox.third_party.http import HttpResponse
from authserver.sandbox.third_party.proofs import read_jwt

Block = tuple[str, str]

_SECRETS = frozenset({"code", "access_token", "refresh_token", "id_token", "client_assertion", "code_verifier"})
_SHOWN = 6
_SHOWN_HEADERS = ("www-authenticate", "x-fapi-interaction-id", "dpop-nonce")


def mask(value: str) -> str:
    """Return a secret's beginning and end."""
    return value if len(value) <= 4 * _SHOWN else f"{value[:_SHOWN]}…{value[-_SHOWN:]}"


def show_form(client: OAuthClient, endpoint: str) -> Block:
    """Return the last form as it was sent to an endpoint, a parameter on each line."""
    lines = [f"{name} = {mask(value) if name in _SECRETS else value}" for name, value in client.sent]
    return f"POST {client.endpoint(endpoint)}", "\n".join(lines)


def show_answer(answer: HttpResponse) -> Block:
    """Return an answer's status, the headers that matter here, and its body."""
    headers = [f"{name}: {answer.headers[name]}" for name in _SHOWN_HEADERS if name in answer.headers]
    return "Answer", "\n".join((f"HTTP {answer.status}", *headers, "", _pretty(answer.json())))


def show_members(label: str, members: Mapping[str, Any]) -> Block:
    """Return a JSON object's members."""
    return label, _pretty(members)


def show_call(method: str, url: str, authorization: str, document: object = None) -> Block:
    """Return a call of an API with its body."""
    body = f"\n\n{json.dumps(document, indent=2, ensure_ascii=False)}" if document is not None else ""
    return f"{method} {url}", f"Authorization: {authorization}{body}"


def show_claims(answer: HttpResponse) -> tuple[Block, ...]:
    """Return what an access token says where it is a JWT."""
    token = str(answer.json().get("access_token", ""))
    if not token:
        return ()
    parsed = read_jwt(token)
    if parsed is None:
        return (("Access token", "Opaque: it says nothing to anyone but the server, which the API asks."),)
    return (("Access token, decoded", _pretty({"header": parsed[0], "claims": parsed[1]})),)


def _pretty(members: Mapping[str, Any]) -> str:
    shown = {name: mask(str(value)) if name in _SECRETS else value for name, value in members.items()}
    return json.dumps(shown, indent=2, ensure_ascii=False)
