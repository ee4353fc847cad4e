"""What a person can have the app do: connect, read, sign in better where the bank wants it, disconnect, be a thief."""

import json
from collections.abc import Mapping
from typing import Any

from authserver.sandbox.third_party.challenge import read_step_up
from authserver.sandbox.third_party.http import HttpsClient
from authserver.sandbox.third_party.journey import (
    Call,
    Journey,
    JourneyStep,
    Stopped,
    Wanted,
    accepted,
    call,
    is_refusal,
    push,
    redeem,
    take_answer,
)
from authserver.sandbox.third_party.paying import pay
from authserver.sandbox.third_party.recurring import take_mandate
from authserver.sandbox.third_party.redaction import mask, show_answer, show_call, show_claims, show_form
from authserver.sandbox.third_party.sharing import confirm_funds, describe_sharing, wanted_of

SCOPE = "openid profile accounts payments"
_ASKED_AMOUNT = "99.00"


def connect(journey: Journey) -> str:
    """Ask for the bank's accounts and payments, and return the URL for the browser."""
    journey.wanted = Wanted(SCOPE, (journey.places.accounts, journey.places.payments))
    return _ask(journey, prompt="consent")


def share(journey: Journey, iban: str) -> str:
    """Ask for accounts of the person's choice, and whether one covers an amount; return the URL for the browser."""
    journey.wanted = wanted_of(journey, describe_sharing(iban))
    return _ask(journey, prompt="consent")


def receive(journey: Journey, url: str, jwks: Mapping[str, Any]) -> None:
    """Take the browser's answer once and do what it was asked for; raises Stopped where that fails."""
    flow = journey.flow
    if flow is None:
        return
    code = take_answer(journey, flow, url)
    if journey.about != "connection":
        settle = pay if journey.about == "payment" else take_mandate
        settle(journey, flow, code, jwks)
        return
    tokens = redeem(journey, flow, code, journey.places.accounts, jwks)
    journey.tokens[journey.places.accounts] = tokens["access_token"]
    journey.refresh_token = tokens["refresh_token"]
    again, journey.again = journey.again, None
    if again is not None:
        call(journey, again)
        return
    read_accounts(journey)
    if journey.wanted.details:
        confirm_funds(journey, _ASKED_AMOUNT)
        return
    renew(journey, journey.places.payments)
    list_payments(journey)


def read_accounts(journey: Journey) -> None:
    """Read the person's accounts."""
    accounts = journey.places.accounts
    text = f"The accounts API verifies the JWT itself, and that the caller holds its {journey.bound_to}."
    call(journey, Call("Read the accounts", text, "GET", accounts, accounts))


def list_payments(journey: Journey) -> None:
    """List the person's payments."""
    payments = journey.places.payments
    text = f"The payments API asks the server about the token, and checks that the caller holds its {journey.bound_to}."
    call(journey, Call("List the payments", text, "GET", payments, payments))


def read_transactions(journey: Journey) -> str | None:
    """Read what moved on the first account, which the bank shows only after a recent sign-in."""
    text = "The bank shows what moved on an account only to someone who signed in a moment ago."
    return _step_up(journey, "Read the transactions", text, "transactions")


def read_card(journey: Journey) -> str | None:
    """Read the number of the card, which the bank shows only after a sign-in with a passkey."""
    text = "The bank shows the whole card number only to someone who signed in with a passkey."
    return _step_up(journey, "Read the card number", text, "card")


def renew(journey: Journey, resource: str) -> None:
    """Get a token for one API with the refresh token; raises Stopped where the server refuses."""
    answer = journey.client.refresh(journey.refresh_token, resource)
    text = "The refresh token gets a token for one API alone, and is itself replaced."
    title = f"Get a token for {resource.rpartition('/')[2]}"
    blocks = (show_form(journey.client, "token_endpoint"), show_answer(answer), *show_claims(answer))
    journey.add(JourneyStep(title, text, blocks, refused=is_refusal(answer)))
    tokens = accepted(answer)
    journey.tokens[resource] = tokens["access_token"]
    journey.refresh_token = tokens.get("refresh_token", journey.refresh_token)


def refresh(journey: Journey) -> None:
    """Get a new token for the accounts and read them again."""
    renew(journey, journey.places.accounts)
    read_accounts(journey)


def steal(journey: Journey) -> None:
    """Use every token as a thief would, who has the tokens and nothing else."""
    thief = HttpsClient(journey.places.authority)
    for resource, token in journey.tokens.items():
        answer = thief.send("GET", resource, headers={"Authorization": f"Bearer {token}"})
        text = f"Someone else has the token, but not the {journey.bound_to}. The API refuses."
        title = f"Use the stolen token at {resource.rpartition('/')[2]}"
        shown = show_call("GET", resource, f"Bearer {mask(token)}")
        journey.add(JourneyStep(title, text, (shown, show_answer(answer)), refused=True))


def disconnect(journey: Journey) -> None:
    """Give the refresh token back, then show that the payments API refuses what came of it."""
    answer = journey.client.revoke(journey.refresh_token)
    text = "The app gives its refresh token back, and with it everything that came of it."
    journey.add(JourneyStep("Disconnect", text, (("Answer", f"HTTP {answer.status}"),)))
    payments = journey.places.payments
    if payments in journey.tokens:
        text = "The payments API asks about each token, so it refuses at once."
        call(journey, Call("Try again", text, "GET", payments, payments))
    journey.tokens.clear()
    journey.refresh_token = ""


def _ask(journey: Journey, **extra: str) -> str:
    journey.set_out("connection")
    wanted = journey.wanted
    details = {"authorization_details": json.dumps(wanted.details)} if wanted.details else {}
    return push(journey, journey.client.begin(wanted.scope, resources=wanted.resources, **details, **extra))


def _step_up(journey: Journey, title: str, text: str, what: str) -> str | None:
    """Call a route that may want a better sign-in; where it does, return the URL at which the person gives it.

    The app sends what the challenge names, and repeats the call once the person is back.
    """
    accounts = journey.places.accounts
    listed = journey.client.use("GET", accounts, journey.tokens[accounts]).json().get("accounts") or []
    if not listed:
        journey.add(JourneyStep(title, "There is no account to look at.", refused=True))
        raise Stopped
    wanted = Call(title, text, "GET", f"{accounts}/{listed[0]['accountId']}/{what}", accounts)
    better = read_step_up(call(journey, wanted))
    if not better:
        return None
    text = "The bank wants the person to sign in better. The app asks again, with what the bank's answer names."
    journey.add(JourneyStep("Ask the person to sign in again", text, (("Added to the request", _lines(better)),)))
    target = _ask(journey, **better)
    journey.again = wanted
    return target


def _lines(members: Mapping[str, str]) -> str:
    return "\n".join(f"{name} = {value}" for name, value in members.items())
