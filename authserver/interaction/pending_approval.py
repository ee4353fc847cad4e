"""A payment that waits for its approval: what is shown, sealed into the form, and made again when the answer comes."""

import hmac
import json
import secrets
from collections.abc import Mapping
from typing import Any, Final

from authserver.banking.challenge import NONCE_BYTES, payment_challenge
from authserver.banking.text import PaymentFact, payment_facts, payment_text
from authserver.interaction.step import Step
from authserver.sealing.envelope import Envelope, SealBroken
from authserver.values import Hidden, Value

SECONDS_TO_DECIDE: Final = 300
_MAX_SEALED_LENGTH: Final = 4096


class ApprovalVoid(Exception):
    """The form is not the one that was shown for this payment, or the payment is no longer the one it was shown for.

    Spec: RTS-SCA-5.1
    """


class ApprovalStale(Exception):
    """The form is the right one, and too old."""


class PendingApproval(Value, frozen=True):
    """One showing of one payment: its own nonce, and the language of its text."""

    payment: Mapping[str, Any]
    client_id: str
    language: str
    nonce: Hidden[bytes]

    @property
    def facts(self) -> Mapping[str, PaymentFact]:
        """Return what the person must see, by the facts' names."""
        return {fact.name: fact for fact in payment_facts(self.payment, self.language)}

    @property
    def text(self) -> str:
        """Return the text that these facts make."""
        return payment_text(self.payment, self.language)

    @property
    def challenge(self) -> bytes:
        """Return what stands for all of it."""
        return payment_challenge(self.nonce, self.client_id, self.text, self.payment)


def begin_approval(payment: Mapping[str, Any], client_id: str, language: str) -> PendingApproval:
    """Return a new showing of a payment."""
    return PendingApproval(payment, client_id, language, secrets.token_bytes(NONCE_BYTES))


def seal_approval(envelope: Envelope, step: Step, pending: PendingApproval) -> str:
    """Return what goes into the form: it opens in this interaction, for this person, alone.

    Spec: RTS-SCA-5.1
    """
    members = [pending.nonce.hex(), pending.language, pending.challenge.hex(), step.now + SECONDS_TO_DECIDE]
    return envelope.seal(json.dumps(members).encode(), _place(step)).hex()


def reopen_approval(envelope: Envelope, step: Step, sealed: str, payment: Mapping[str, Any]) -> PendingApproval:
    """Return the showing that a form answers, made anew of the payment as it is now.

    Raises ApprovalVoid, after which the payment must not be approved, and ApprovalStale, after which it may be shown
    again.

    Spec: RTS-SCA-5.1, RTS-SCA-5.2
    """
    if len(sealed) > _MAX_SEALED_LENGTH:
        raise ApprovalVoid("the sealed value is too long")
    try:
        nonce, language, challenge, decide_by = json.loads(envelope.open(bytes.fromhex(sealed), _place(step)))
        pending = PendingApproval(payment, step.client_id, language, bytes.fromhex(nonce))
        is_same = hmac.compare_digest(pending.challenge.hex(), challenge)
    except (SealBroken, ValueError, LookupError, TypeError) as error:
        raise ApprovalVoid("the sealed value was not made for this form") from error
    if not is_same:
        raise ApprovalVoid("the payment or its text is not what was shown")
    if step.now >= decide_by:
        raise ApprovalStale
    return pending


def _place(step: Step) -> str:
    return f"payment approval|{step.interaction.interaction_hash.hex()}|{step.account_id}"
