"""One person's connection to the bank, and the record of what happened on the way, fit to be shown.

What is shown of codes, tokens and proofs is their beginning and end: enough to recognise them, too little to use them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from authserver.sandbox.places import DemoPlaces
from authserver.sandbox.third_party.client import Flow, OAuthClient
from authserver.sandbox.third_party.http import Answer, HttpsClient
from authserver.sandbox.third_party.proofs import NotGenuine, read_jwt, verify_id_token

SCOPE = "openid profile accounts payments"
_SECRETS = frozenset({"code", "access_token", "refresh_token", "id_token", "client_assertion", "code_verifier"})
_SHOWN = 6
_MOST_STEPS = 40
_SHOWN_HEADERS = ("www-authenticate", "x-fapi-interaction-id", "dpop-nonce")
_ORDER = {"creditorName": "Green Grocer", "instructedAmount": {"amount": "12.50", "currency": "EUR"}}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened: a title, a sentence, and what was sent and received, as labelled texts."""

    title: str
    text: str
    blocks: tuple[tuple[str, str], ...] = ()
    refused: bool = False


class Stopped(Exception):
    """The connection did not come about; the steps say why."""


@dataclass(slots=True)
class Journey:
    """One connection: what the app waits for, what it holds, and the steps so far."""

    client: OAuthClient
    places: DemoPlaces
    flow: Flow
    steps: list[Step] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict, repr=False)
    refresh_token: str = field(default="", repr=False)

    @property
    def bound_to(self) -> str:
        """Return what the tokens are bound to, in a word."""
        return "DPoP key" if self.client.dpop_key is not None else "certificate"

    @property
    def is_connected(self) -> bool:
        """Return whether there is something to use."""
        return bool(self.tokens)

    def add(self, step: Step) -> None:
        """Record a step; the oldest give way."""
        self.steps.append(step)
        del self.steps[:-_MOST_STEPS]


def push(journey: Journey) -> str:
    """Push the request and return the URL for the browser; raises Stopped where the server refuses it."""
    client = journey.client
    answer = client.push(journey.flow)
    url = client.endpoint("pushed_authorization_request_endpoint")
    blocks = ((f"POST {url}", _form(client)), _block_of(answer))
    text = "The app leaves its request at the server, signed as itself. The browser will carry only a reference to it."
    journey.add(Step("Push the request", text, blocks))
    pushed = _accepted(answer)
    target = client.authorization_url({"client_id": client.client_id, "request_uri": str(pushed["request_uri"])})
    text = "The browser goes to the bank's sign-in with that reference: nothing in the URL can be changed or read."
    journey.add(Step("Send the browser", text, (("Redirect", target),)))
    return target


def receive(journey: Journey, url: str, jwks: Mapping[str, Any]) -> None:
    """Take the browser's answer, redeem its code and call both APIs; raises Stopped where any of it fails."""
    try:
        answer = journey.client.read_callback(url, journey.flow)
    except NotGenuine as error:
        journey.add(Step("Refuse the answer", f"This answer is not for this request: {error}.", refused=True))
        raise Stopped from error
    text = "The browser is back. The app checks that state is the one it sent and iss the server it asked."
    journey.add(Step("Receive the answer", text, (_block("Parameters", answer),), refused="error" in answer))
    if "code" not in answer:
        raise Stopped
    _redeem(journey, answer["code"], jwks)
    read_accounts(journey)
    renew(journey, journey.places.payments)
    pay(journey)


def read_accounts(journey: Journey) -> None:
    """Read the person's accounts."""
    text = f"The accounts API verifies the JWT itself, and that the caller holds its {journey.bound_to}."
    _call(journey, ("Read the accounts", text), "GET", journey.places.accounts)


def pay(journey: Journey) -> None:
    """Order a payment and list them all."""
    text = f"The payments API asks the server about the token, and checks that the caller holds its {journey.bound_to}."
    _call(journey, ("Order a payment of € 12.50", text), "POST", journey.places.payments, _ORDER)


def renew(journey: Journey, resource: str) -> None:
    """Get a token for one API with the refresh token; raises Stopped where the server refuses."""
    answer = journey.client.refresh(journey.refresh_token, resource)
    text = "The refresh token gets a token for one API alone, and is itself replaced."
    title = f"Get a token for {resource.rpartition('/')[2]}"
    sent = (f"POST {journey.client.endpoint('token_endpoint')}", _form(journey.client))
    journey.add(Step(title, text, (sent, _block_of(answer), *_claims(answer)), refused=answer.status != 200))  # noqa: PLR2004 - the status itself
    tokens = _accepted(answer)
    journey.tokens[resource] = tokens["access_token"]
    journey.refresh_token = tokens.get("refresh_token", journey.refresh_token)


def steal(journey: Journey) -> None:
    """Use both tokens as a thief would, who has the tokens and nothing else."""
    thief = HttpsClient(journey.places.authority)
    for resource, token in journey.tokens.items():
        answer = thief.send("GET", resource, headers={"Authorization": f"Bearer {token}"})
        text = f"Someone else has the token, but not the {journey.bound_to}. The API refuses."
        shown = (f"GET {resource}", f"Authorization: Bearer {mask(token)}")
        title = f"Use the stolen token at {resource.rpartition('/')[2]}"
        journey.add(Step(title, text, (shown, _block_of(answer)), refused=True))


def disconnect(journey: Journey) -> None:
    """Give the refresh token back, then show that the payments API refuses what came of it."""
    answer = journey.client.revoke(journey.refresh_token)
    text = "The app gives its refresh token back, and with it everything that came of it."
    journey.add(Step("Disconnect", text, (("Answer", f"HTTP {answer.status}"),)))
    text = "The payments API asks about each token, so it refuses at once."
    _call(journey, ("Try again", text), "GET", journey.places.payments)
    journey.tokens.clear()


def mask(value: str) -> str:
    """Return a secret's beginning and end."""
    return value if len(value) <= 4 * _SHOWN else f"{value[:_SHOWN]}…{value[-_SHOWN:]}"


def _redeem(journey: Journey, code: str, jwks: Mapping[str, Any]) -> None:
    client = journey.client
    answer = client.redeem(code, journey.flow, journey.places.accounts)
    text = f"The app exchanges the code, with its verifier. The tokens are bound to its {journey.bound_to}."
    sent = (f"POST {client.endpoint('token_endpoint')}", _form(client))
    blocks = (sent, _block_of(answer), *_claims(answer))
    journey.add(Step("Exchange the code", text, blocks, refused=answer.status != 200))  # noqa: PLR2004 - the status itself
    tokens = _accepted(answer)
    expected = {"iss": journey.places.issuer, "aud": client.client_id, "nonce": journey.flow.nonce}
    try:
        person = verify_id_token(tokens.get("id_token", ""), jwks, expected, client.clock())
    except NotGenuine as error:
        journey.add(Step("Refuse the ID token", f"{error}.", refused=True))
        raise Stopped from error
    text = "The signature, issuer, audience and nonce hold: this is who signed in, how, and when."
    journey.add(Step("Verify the ID token", text, (_block("Claims", person),)))
    journey.tokens[journey.places.accounts] = tokens["access_token"]
    journey.refresh_token = tokens["refresh_token"]


def _call(journey: Journey, told: tuple[str, str], method: str, url: str, document: object = None) -> None:
    answer = journey.client.use(method, url, journey.tokens[url], document=document)
    scheme = "DPoP" if journey.client.dpop_key is not None else "Bearer"
    sent = (f"{method} {url}", f"Authorization: {scheme} {mask(journey.tokens[url])}")
    journey.add(Step(*told, (sent, _block_of(answer)), refused=answer.status >= 400))  # noqa: PLR2004 - the class of refusals


def _accepted(answer: Answer) -> dict[str, Any]:
    if answer.status >= 400:  # noqa: PLR2004 - the class of refusals
        raise Stopped
    return answer.json()


def _form(client: OAuthClient) -> str:
    """Return the last form as it was sent, a parameter on each line."""
    return "\n".join(f"{name} = {mask(value) if name in _SECRETS else value}" for name, value in client.sent)


def _block_of(answer: Answer) -> tuple[str, str]:
    headers = [f"{name}: {answer.headers[name]}" for name in _SHOWN_HEADERS if name in answer.headers]
    return "Answer", "\n".join((f"HTTP {answer.status}", *headers, "", _pretty(answer.json())))


def _block(label: str, members: Mapping[str, Any]) -> tuple[str, str]:
    return label, _pretty(members)


def _claims(answer: Answer) -> tuple[tuple[str, str], ...]:
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
