"""The proof of one approval as a document: everything it takes to check it, and an honest word where it proves less."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any, Final

from authserver.values import Value

FORMATS: Final[Mapping[str, int]] = {"authserver-payment-proof/1": 1, "authserver-payment-proof/2": 2}
"""The formats that can be checked, each with the version of its text and of its challenge."""

FORMAT: Final = "authserver-payment-proof/2"
"""The format of the proofs that are made now."""


class Assertion(Value, frozen=True):
    """What a passkey signed, as the browser sent it, with the key that signed and where it was to be used.

    Spec: WEBAUTHN-7.2
    """

    rp_id: str
    origin: str
    credential_id: bytes
    credential_public_key: bytes
    client_data_json: bytes
    authenticator_data: bytes
    signature: bytes
    user_verified: bool


class Evidence(Value, frozen=True):
    """One approval: who approved which payment for which app, what they saw, and what they signed.

    `assertion` is None where a one-time code stood in for it: such a code belongs to a moment, not to a payment, and
    the document says that it is not linked.
    """

    approval_id: str
    subject: str
    client_id: str
    payment: Mapping[str, Any]
    language: str
    text: str
    nonce: bytes
    method: str
    approved_at: int
    assertion: Assertion | None = None
    format: str = FORMAT

    @property
    def version(self) -> int:
        """Return the version of the text that was shown and of the challenge that was signed."""
        return FORMATS[self.format]

    @property
    def linked(self) -> bool:
        """Return whether what the person did is bound to this amount and this payee.

        Spec: RTS-SCA-5.1
        """
        return self.assertion is not None


def dump_evidence(evidence: Evidence) -> str:
    """Return the proof as JSON text, members in a fixed order."""
    return json.dumps(describe_evidence(evidence), ensure_ascii=False, indent=2) + "\n"


def describe_evidence(evidence: Evidence) -> dict[str, object]:
    """Return the members of a proof; bytes are base64url without padding."""
    document: dict[str, object] = {
        "format": evidence.format,
        "linked": evidence.linked,
        "approval_id": evidence.approval_id,
        "subject": evidence.subject,
        "client_id": evidence.client_id,
        "payment": evidence.payment,
        "language": evidence.language,
        "text": evidence.text,
        "nonce": encode(evidence.nonce),
        "method": evidence.method,
        "approved_at": evidence.approved_at,
    }
    return document if evidence.assertion is None else {**document, **_describe_assertion(evidence.assertion)}


def encode(data: bytes) -> str:
    """Return bytes as base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _describe_assertion(assertion: Assertion) -> dict[str, object]:
    return {
        "rp_id": assertion.rp_id,
        "origin": assertion.origin,
        "credential_id": encode(assertion.credential_id),
        "credential_public_key": encode(assertion.credential_public_key),
        "clientDataJSON": encode(assertion.client_data_json),
        "authenticatorData": encode(assertion.authenticator_data),
        "signature": encode(assertion.signature),
        "user_verified": assertion.user_verified,
    }
