"""One person's way through the bank, and the record of what happened on it, fit to be shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from authserver.sandbox.layout import DemoLayout
from authserver.sandbox.third_party.client import Flow, OAuthClient
from authserver.sandbox.third_party.http import HttpResponse
from authserver.sandbox.third_party.mandate import ApprovedMandate
from authserver.sandbox.third_party.proofs import NotGenuine, verify_id_token
from authserver.sandbox.third_party.redaction import mask, show_answer, show_call, show_claims, show_form, show_members
from authserver.values import Value

_MOST_STEPS = 40


class JourneyStep(Value, frozen=True):
    """One thing that happened: a title, a sentence, and what was sent and received, as labelled texts."""

    title: str
    text: str
    blocks: tuple[tuple[str, str], ...] = ()
    refused: bool = False


class Call(Value, frozen=True):
    """One call of an API: what it is for, in a title and a sentence, and what is sent; `resource` names the token."""

    title: str
    text: str
    method: str
    url: str
    resource: str
    document: object = None


class Wanted(Value, frozen=True):
    """What a connection asks for: a scope at some APIs, and details beside it or in its place."""

    scope: str
    resources: tuple[str, ...]
    details: tuple[Mapping[str, Any], ...] = ()


class Stopped(Exception):
    """What was wanted did not come about; the steps say why."""


_IDENTITY: Final = Wanted("openid", ())


@dataclass(slots=True)
class Journey:
    """One person's dealings: what the app waits for, what it holds, and the steps so far.

    `about` is what the last request was for; `flow` is the request under way, None where no answer is awaited. `again`
    is a call to repeat once the person has signed in better; `order` a payment to make once the person has approved it,
    `paid` whether it was made; `limits` are those that wait for an approval, `mandate` those that have it.
    """

    client: OAuthClient
    places: DemoLayout
    about: Literal["connection", "payment", "mandate"] = "connection"
    wanted: Wanted = _IDENTITY
    flow: Flow | None = None
    again: Call | None = None
    order: Mapping[str, Any] | None = None
    paid: bool = False
    limits: Mapping[str, Any] = field(default_factory=dict)
    mandate: ApprovedMandate | None = None
    steps: list[JourneyStep] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict, repr=False)
    refresh_token: str = field(default="", repr=False)

    @property
    def bound_to(self) -> str:
        """Return what the tokens are bound to, in a word."""
        return "DPoP key" if self.client.dpop_key is not None else "certificate"

    @property
    def is_connected(self) -> bool:
        """Return whether there is something to use."""
        return bool(self.refresh_token)

    @property
    def is_in_use(self) -> bool:
        """Return whether the browser's next wish belongs to this journey, and not to a new one."""
        return self.is_connected or self.mandate is not None

    def set_out(self, about: Literal["connection", "payment", "mandate"]) -> None:
        """Begin something: what was under way is given up."""
        self.about, self.flow, self.again, self.order, self.paid = about, None, None, None, False

    def add(self, step: JourneyStep) -> None:
        """Record a step; the oldest give way."""
        self.steps.append(step)
        del self.steps[:-_MOST_STEPS]


def push(journey: Journey, flow: Flow) -> str:
    """Push a request and return the URL for the browser; raises Stopped where the server refuses it."""
    client = journey.client
    answer = client.push(flow)
    blocks = (show_form(client, "pushed_authorization_request_endpoint"), show_answer(answer))
    text = "The app leaves its request at the server, signed as itself. The browser will carry only a reference to it."
    journey.add(JourneyStep("Push the request", text, blocks, refused=is_refusal(answer)))
    pushed = accepted(answer)
    target = client.authorization_url({"client_id": client.client_id, "request_uri": str(pushed["request_uri"])})
    text = "The browser goes to the bank's sign-in with that reference: nothing in the URL can be changed or read."
    journey.add(JourneyStep("Send the browser", text, (("Redirect", target),)))
    journey.flow = flow
    return target


def take_answer(journey: Journey, flow: Flow, url: str) -> str:
    """Return the code in the browser's answer; raises Stopped where there is none, or it is no answer to this flow.

    An answer that is none leaves the flow waiting: someone else's link must not end it.
    """
    try:
        answer = journey.client.read_callback(url, flow)
    except NotGenuine as error:
        journey.add(JourneyStep("Refuse the answer", f"This answer is not for this request: {error}.", refused=True))
        raise Stopped from error
    journey.flow = None
    text = "The browser is back. The app checks that state is the one it sent and iss the server it asked."
    blocks = (show_members("Parameters", answer),)
    journey.add(JourneyStep("Receive the answer", text, blocks, refused="error" in answer))
    if "code" not in answer:
        raise Stopped
    return answer["code"]


def redeem(journey: Journey, flow: Flow, code: str, resource: str, jwks: Mapping[str, Any]) -> dict[str, Any]:
    """Exchange a code for tokens and verify who signed in; raises Stopped where either fails."""
    client = journey.client
    answer = client.redeem(code, flow, resource)
    text = f"The app exchanges the code, with its verifier. The tokens are bound to its {journey.bound_to}."
    blocks = (show_form(client, "token_endpoint"), show_answer(answer), *show_claims(answer))
    journey.add(JourneyStep("Exchange the code", text, blocks, refused=is_refusal(answer)))
    tokens = accepted(answer)
    expected = {"iss": journey.places.issuer, "aud": client.client_id, "nonce": flow.nonce}
    try:
        person = verify_id_token(tokens.get("id_token", ""), jwks, expected, client.clock())
    except NotGenuine as error:
        journey.add(JourneyStep("Refuse the ID token", f"{error}.", refused=True))
        raise Stopped from error
    text = "The signature, issuer, audience and nonce hold: this is who signed in, how, and when."
    journey.add(JourneyStep("Verify the ID token", text, (show_members("Claims", person),)))
    return tokens


def call(journey: Journey, wanted: Call) -> HttpResponse:
    """Call an API with the token for its resource."""
    return call_with(journey, wanted, journey.tokens[wanted.resource])


def call_with(journey: Journey, wanted: Call, token: str) -> HttpResponse:
    """Call an API with a token."""
    answer = journey.client.use(wanted.method, wanted.url, token, document=wanted.document)
    scheme = "DPoP" if journey.client.dpop_key is not None else "Bearer"
    sent = show_call(wanted.method, wanted.url, f"{scheme} {mask(token)}", wanted.document)
    journey.add(JourneyStep(wanted.title, wanted.text, (sent, show_answer(answer)), refused=is_refusal(answer)))
    return answer


def accepted(answer: HttpResponse) -> dict[str, Any]:
    """Return an answer's body; raises Stopped for a refusal."""
    if is_refusal(answer):
        raise Stopped
    return answer.json()


def is_refusal(answer: HttpResponse) -> bool:
    """Return whether the answer's status is one of the class of refusals."""
    return answer.status >= 400  # noqa: PLR2004 - the class of refusals
