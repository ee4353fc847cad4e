"""Proofs of payments as a bank's customer would leave them: a passkey made of a plain key signs one approval."""

import hashlib
import json
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from authserver.banking.challenge import payment_challenge
from authserver.banking.evidence import Assertion, Evidence, describe_evidence, encode
from authserver.banking.text import LATEST, payment_text
from authserver.values import replace

ORIGIN = "https://login.bank.example"
RP_ID = "login.bank.example"
NONCE = bytes(range(32))
PAYMENT: dict[str, Any] = {
    "type": "payment_initiation",
    "instructedAmount": {"currency": "EUR", "amount": "125.40"},
    "creditorName": "Bäckerei Huber",
    "creditorAccount": {"iban": "DE89370400440532013000"},
    "remittanceInformationUnstructured": "Invoice 42",
    "debtorAccount": {"iban": "AT611904300234573201"},
}

MANDATE: dict[str, Any] = {
    "type": "variable_recurring_payment",
    "maximumIndividualAmount": {"currency": "EUR", "amount": "50.00"},
    "periodicLimit": {"period": "month", "amount": {"currency": "EUR", "amount": "120.00"}},
    "validUntil": "2030-01-31",
    "creditorName": "Power and Light",
    "creditorAccount": {"iban": "DE89370400440532013000"},
    "remittanceInformationUnstructured": "Contract 7",
}


@cache
def customer_key() -> ec.EllipticCurvePrivateKey:
    """Return the one key of these tests."""
    return ec.generate_private_key(ec.SECP256R1())


def cose_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return a P-256 key as COSE writes it: {1: 2, 3: -7, -1: 1, -2: x, -3: y}."""
    numbers = key.public_key().public_numbers()
    x, y = (number.to_bytes(32, "big") for number in (numbers.x, numbers.y))
    return bytes.fromhex("a5010203262001215820") + x + bytes.fromhex("225820") + y


def sign(
    challenge: bytes, /, *, origin: str = ORIGIN, rp_id: str = RP_ID, flags: int = 0x05, **client: object
) -> Assertion:
    """Return what a passkey answers to a challenge; `client` changes the browser's part of it, None leaves out."""
    honest = {"type": "webauthn.get", "challenge": encode(challenge), "origin": origin, "crossOrigin": False}
    members = {name: value for name, value in {**honest, **client}.items() if value is not None}
    client_data = json.dumps(members, separators=(",", ":")).encode()
    data = hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + (7).to_bytes(4, "big")
    signature = customer_key().sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(SHA256()))
    return Assertion(
        rp_id=rp_id,
        origin=origin,
        credential_id=b"credential-of-alice",
        credential_public_key=cose_key(customer_key()),
        client_data_json=client_data,
        authenticator_data=data,
        signature=signature,
        user_verified=bool(flags & 0x04),
    )


def approve(
    payment: dict[str, Any] | None = None,
    *,
    language: str = "en",
    version: int = LATEST,
    **signing: Any,  # noqa: ANN401 - as `sign` takes them
) -> Evidence:
    """Return the evidence of an honest approval, in the format of a version."""
    found = payment or PAYMENT
    text = payment_text(found, language, version)
    evidence = Evidence(
        approval_id="approval-1",
        subject="alice",
        client_id="tiny-ledger",
        payment=found,
        language=language,
        text=text,
        nonce=NONCE,
        method="hwk+uv",
        approved_at=1_800_000_000,
        format=f"authserver-payment-proof/{version}",
    )
    return replace(evidence, assertion=sign(payment_challenge(NONCE, "tiny-ledger", text, found, version), **signing))


def as_bytes(evidence: Evidence, **changes: object) -> bytes:
    """Return a proof's bytes, with members replaced, or left out where they are None."""
    members = {**describe_evidence(evidence), **changes}
    return json.dumps({name: value for name, value in members.items() if value is not None}).encode()
