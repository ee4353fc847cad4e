"""A proof holds by itself, and any change to it is found and named."""

import json
from collections.abc import Callable
from typing import Any, cast

import pytest

from authserver.banking.challenge import payment_challenge
from authserver.banking.evidence import dump_evidence, encode
from authserver.banking.verify import Expected, verify_proof
from authserver.values import replace
from tests.support.payment_proofs import (
    MANDATE,
    NONCE,
    ORIGIN,
    PAYMENT,
    approve,
    as_bytes,
    cose_key,
    customer_key,
    sign,
)

_HONEST = approve()
_SIGNED = _HONEST.assertion or sign(b"")
_ALL_OF_IT = {"type", "challenge", "origin", "cross_origin", "signature"}


def _paying(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - members of a payment
    return {**PAYMENT, **changes}


def _cent(amount: str) -> dict[str, Any]:
    return _paying(instructedAmount={"currency": "EUR", "amount": amount})


def _flipped(data: bytes, place: int = -1) -> str:
    changed = bytearray(data)
    changed[place] ^= 1
    return encode(bytes(changed))


def test_an_honest_proof_holds_in_every_check() -> None:
    verdict = verify_proof(dump_evidence(_HONEST).encode())
    assert verdict, verdict.failed()
    assert verdict.evidence == _HONEST
    assert [check.name for check in verdict.checks] == [
        "format", "payment", "text", "linked", "type", "challenge", "origin", "cross_origin", "rp_id", "user_present",
        "user_verified", "key", "signature",
    ]  # fmt: skip


@pytest.mark.parametrize("language", ["en", "de", "fr"])
@pytest.mark.parametrize("payment", [PAYMENT, MANDATE], ids=["one payment", "payments to come"])
def test_a_proof_holds_in_each_language(language: str, payment: dict[str, Any]) -> None:
    assert verify_proof(as_bytes(approve(payment, language=language)))


@pytest.mark.spec("RTS-SCA-5.1", "RTS-SCA-5.2")
@pytest.mark.parametrize(
    "change",
    [
        {"maximumIndividualAmount": {"currency": "EUR", "amount": "50.01"}},
        {"periodicLimit": {"period": "month", "amount": {"currency": "EUR", "amount": "120.01"}}},
        {"periodicLimit": {"period": "week", "amount": {"currency": "EUR", "amount": "120.00"}}},
        {"validUntil": "2031-01-31"},
        {"creditorName": "Power and Fight"},
        {"creditorAccount": {"iban": "DE02120300000000202051"}},
    ],
    ids=str,
)
def test_no_limit_of_payments_to_come_can_be_changed(change: dict[str, object]) -> None:
    verdict = verify_proof(as_bytes(approve(MANDATE), payment={**MANDATE, **change}))
    assert set(verdict.failed()) == {"text", "challenge"}


def test_a_day_that_is_none_fails_without_an_accident() -> None:
    for day in ("2031-02-30", "soon", ""):
        verdict = verify_proof(as_bytes(approve(MANDATE), payment={**MANDATE, "validUntil": day}))
        assert set(verdict.failed()) == {"payment", "text", "challenge"}


_TAMPERED: list[tuple[str, dict[str, object], set[str]]] = [
    ("a cent", {"payment": _cent("125.41")}, {"text", "challenge"}),
    ("a cent in both", {"payment": _cent("125.41"), "text": _HONEST.text.replace("40", "41")}, {"challenge"}),
    ("the payee", {"payment": _paying(creditorName="Bäckerei Hubar")}, {"text", "challenge"}),
    ("the account", {"payment": _paying(creditorAccount={"iban": "DE02120300000000202051"})}, {"text", "challenge"}),
    ("a letter of the text", {"text": _HONEST.text.replace("Invoice", "Invoiçe")}, {"text", "challenge"}),
    ("one more line", {"text": _HONEST.text + "\nFee: none"}, {"text", "challenge"}),
    ("the language", {"language": "de"}, {"text"}),
    ("no such language", {"language": "xx"}, {"text"}),
    ("a member of the payment", {"payment": _paying(actions=["initiate"])}, {"challenge"}),
    ("another kind of detail", {"payment": _paying(type="account_information")}, {"payment", "text", "challenge"}),
    ("a payment made of limits", {"payment": MANDATE}, {"text", "challenge"}),
    ("the app", {"client_id": "other-app"}, {"challenge"}),
    ("the nonce", {"nonce": encode(bytes(32))}, {"challenge"}),
    ("a short nonce", {"nonce": encode(bytes(31))}, {"challenge"}),
    ("the signature", {"signature": _flipped(_SIGNED.signature)}, {"signature"}),
    ("no signature", {"signature": ""}, {"signature"}),
    ("the origin", {"origin": "https://login.bank.exemple"}, {"origin", "rp_id"}),
    ("an origin beside it", {"origin": "https://evil.example"}, {"origin", "rp_id"}),
    ("the relying party", {"rp_id": "bank.example"}, {"rp_id"}),
    ("no relying party", {"rp_id": ""}, {"rp_id"}),
    ("the key", {"credential_public_key": _flipped(cose_key(customer_key()))}, {"key", "signature"}),
    ("no key", {"credential_public_key": ""}, {"key", "signature"}),
    ("the flags", {"authenticatorData": _flipped(_SIGNED.authenticator_data, 32)}, {"user_present", "signature"}),
    ("the authenticator's data", {"authenticatorData": "AA"}, {"rp_id", "user_present", "user_verified", "signature"}),
    ("the word about verification", {"user_verified": False}, {"user_verified"}),
    ("the browser's part", {"clientDataJSON": encode(b"{}")}, _ALL_OF_IT),
    ("no browser's part", {"clientDataJSON": ""}, _ALL_OF_IT),
]  # fmt: skip


@pytest.mark.spec("RTS-SCA-5.1", "RTS-SCA-5.2")
@pytest.mark.parametrize(("changes", "failed"), [each[1:] for each in _TAMPERED], ids=[each[0] for each in _TAMPERED])
def test_a_tampered_copy_fails_by_name(changes: dict[str, object], failed: set[str]) -> None:
    verdict = verify_proof(as_bytes(_HONEST, **changes))
    assert not verdict
    assert set(verdict.failed()) == failed


_NOT_ALL_SHOWN: dict[str, dict[str, Any]] = {
    "a member that nobody sees": _paying(ultimateCreditor="Someone else"),
    "a member within that nobody sees": _paying(creditorAccount={**PAYMENT["creditorAccount"], "bic": "EVILDEFF"}),
    "a name in single letters": _paying(creditorName=list(PAYMENT["creditorName"])),
    "an account that is nothing": _paying(debtorAccount=None),
    "a fee beside the amount": _paying(instructedAmount={**PAYMENT["instructedAmount"], "fee": "9.00"}),
}


@pytest.mark.spec("RTS-SCA-5.1")
@pytest.mark.parametrize("payment", list(_NOT_ALL_SHOWN.values()), ids=list(_NOT_ALL_SHOWN))
def test_a_payment_with_more_in_it_than_is_shown_is_not_proven_though_it_was_signed(payment: dict[str, Any]) -> None:
    assert verify_proof(as_bytes(approve(payment))).failed() == ("payment",)


_NEVER_MADE: dict[str, dict[str, Any]] = {
    "an action that is none": _paying(actions=["explode"]),
    "no action at all": _paying(actions=[]),
    "an action twice": _paying(actions=["initiate", "initiate"]),
    "limits without limits": {name: value for name, value in MANDATE.items() if name != "periodicLimit"},
    "limits without a last day": {name: value for name, value in MANDATE.items() if name != "validUntil"},
    "limits in two currencies": {**MANDATE, "maximumIndividualAmount": {"currency": "USD", "amount": "50.00"}},
    "a period that is another term": {
        **MANDATE,
        "periodicLimit": {"period": "payee", "amount": {"currency": "EUR", "amount": "1.00"}},
    },
    "an amount below zero": _cent("-5.00"),
    "an amount of nothing": _cent("0.00"),
    "an amount in another spelling": _cent("0125.40"),
    "an amount with too many decimals": _cent("125.400"),
    "a currency that never was": _paying(instructedAmount={"currency": "EUX", "amount": "1.00"}),
    "an account that is none": _paying(creditorAccount={"iban": "DE00370400440532013000"}),
    "an account in another spelling": _paying(creditorAccount={"iban": "DE89 3704 0044 0532 0130 00"}),
    "a payee of nothing": _paying(creditorName=""),
}


@pytest.mark.spec("RTS-SCA-5.1")
@pytest.mark.parametrize("payment", list(_NEVER_MADE.values()), ids=list(_NEVER_MADE))
def test_what_the_server_would_never_have_asked_about_is_not_proven_though_it_was_signed(
    payment: dict[str, Any],
) -> None:
    signed = replace(_HONEST, payment=payment, text="whatever was shown")
    challenge = payment_challenge(NONCE, signed.client_id, signed.text, payment)
    assert "payment" in verify_proof(as_bytes(replace(signed, assertion=sign(challenge)))).failed()


def test_a_payment_in_a_currency_that_was_withdrawn_since_is_still_proven() -> None:
    payment = _paying(instructedAmount={"currency": "BGN", "amount": "10.00"})
    assert verify_proof(as_bytes(approve(payment)))


@pytest.mark.spec("RTS-SCA-5.1")
@pytest.mark.parametrize(
    "payment", [PAYMENT, MANDATE, _paying(actions=["initiate"])], ids=["one", "to come", "to make"]
)
def test_a_proof_of_the_first_format_still_holds(payment: dict[str, Any]) -> None:
    old = approve(payment, version=1)
    assert "The app may" not in old.text
    verdict = verify_proof(as_bytes(old))
    assert verdict, verdict.failed()


@pytest.mark.spec("RTS-SCA-5.1")
@pytest.mark.parametrize(
    "more",
    [{"actions": ["cancel"]}, {"actions": ["initiate", "status"]}, {"locations": ["https://other.example"]}],
    ids=str,
)
def test_a_proof_of_the_first_format_is_refused_where_it_does_not_show_what_is_done(more: dict[str, Any]) -> None:
    verdict = verify_proof(as_bytes(approve(_paying(**more), version=1)))
    assert verdict.failed() == ("payment",)
    assert "format 1 shows neither actions nor locations" in verdict.checks[1].detail


def test_no_proof_of_one_format_is_one_of_the_other() -> None:
    first, second = (f"authserver-payment-proof/{version}" for version in (1, 2))
    assert set(verify_proof(as_bytes(_HONEST, format=first)).failed()) == {"text", "challenge"}
    assert set(verify_proof(as_bytes(approve(version=1), format=second)).failed()) == {"text", "challenge"}


_SIGNED_OTHERWISE: list[tuple[str, dict[str, Any], set[str]]] = [
    ("made for registration", {"type": "webauthn.create"}, {"type"}),
    ("within a frame of another site", {"crossOrigin": True}, {"cross_origin"}),
    ("with a word for true", {"crossOrigin": "false"}, {"cross_origin"}),
    ("below another site", {"topOrigin": "https://evil.example"}, {"cross_origin"}),
    ("without a touch", {"flags": 0x04}, {"user_present"}),
    ("without verification", {"flags": 0x01}, {"user_verified"}),
    ("without TLS", {"origin": "http://login.bank.example"}, {"rp_id"}),
    ("on a site that only ends alike", {"origin": "https://evil-login.bank.example"}, {"rp_id"}),
    ("for another challenge", {"challenge": encode(bytes(32))}, {"challenge"}),
    ("for a padded challenge", {"challenge": "="}, {"challenge"}),
]


@pytest.mark.spec("WEBAUTHN-7.2")
@pytest.mark.parametrize(
    ("signing", "failed"), [each[1:] for each in _SIGNED_OTHERWISE], ids=[each[0] for each in _SIGNED_OTHERWISE]
)
def test_what_was_signed_otherwise_is_no_proof(signing: dict[str, Any], failed: set[str]) -> None:
    verdict = verify_proof(as_bytes(approve(**signing)))
    assert set(verdict.failed()) == failed


def test_what_is_known_from_elsewhere_must_be_met() -> None:
    proof, key = as_bytes(_HONEST), encode(cose_key(customer_key()))
    assert verify_proof(proof, Expected(ORIGIN, key, "tiny-ledger"))
    assert verify_proof(proof, Expected(origin="https://other.example")).failed() == ("origin", "rp_id")
    assert verify_proof(proof, Expected(credential_public_key="AAAA")).failed() == ("public_key",)
    assert verify_proof(proof, Expected(client_id="other")).failed() == ("client",)
    assert verify_proof(proof, Expected(origin="")).failed() == ("origin", "rp_id"), (
        "nothing given is not nothing asked"
    )


@pytest.mark.spec("RTS-SCA-5.1")
def test_a_one_time_code_is_never_said_to_be_linked() -> None:
    unlinked = as_bytes(replace(_HONEST, assertion=None, method="otp"))
    assert verify_proof(unlinked).failed() == ("linked",)
    assert verify_proof(unlinked.replace(b"125.40", b"125.41", 1)).failed() == ("text", "linked")
    assert verify_proof(as_bytes(_HONEST, linked=False)).failed() == ("format",)


def _edited(edit: Callable[[str], str]) -> bytes:
    return edit(as_bytes(_HONEST).decode()).encode()


_MALFORMED: list[tuple[str, bytes]] = [
    ("nothing", b""),
    ("no JSON", b"proof"),
    ("a list", b"[]"),
    ("deep", b"[" * 60_000),
    ("long", b" " * 65_537),
    ("not UTF-8", as_bytes(_HONEST).replace(b"alice", b"al\xffce")),
    ("UTF-16", as_bytes(_HONEST).decode().encode("utf-16")),
    ("a member twice", _edited(lambda text: text.replace("{", '{"client_id": "other-app", ', 1))),
    ("a member of the payment twice", _edited(lambda text: text.replace('"amount":', '"amount": "1.00", "amount":'))),
    ("an unknown member", as_bytes(_HONEST, comment="trust me")),
    ("a missing member", as_bytes(_HONEST, nonce=None)),
    ("another format", as_bytes(_HONEST, format="authserver-payment-proof/3")),
    ("no format", as_bytes(_HONEST, format=None)),
    ("a number for a text", as_bytes(_HONEST, text=7)),
    ("a text for true", as_bytes(_HONEST, linked="true")),
    ("one for true", as_bytes(_HONEST, linked=1)),
    ("a payment in a text", as_bytes(_HONEST, payment=json.dumps(PAYMENT))),
    ("an amount as a fraction", _edited(lambda text: text.replace('"125.40"', "125.40"))),
    ("not a number", _edited(lambda text: text.replace('"125.40"', "NaN"))),
    ("a moment before time", as_bytes(_HONEST, approved_at=-1)),
    ("a moment as true", as_bytes(_HONEST, approved_at=True)),
    ("half a character", _edited(lambda text: text.replace("Invoice 42", "\\ud800"))),
    ("padding", as_bytes(_HONEST, nonce=encode(bytes(32)) + "=")),
    ("another alphabet", as_bytes(_HONEST, nonce="+" * 43)),
    ("a spelling of the same bytes", as_bytes(_HONEST, nonce="A" * 42 + "B")),
    ("an umlaut", as_bytes(_HONEST, nonce="ä" * 43)),
]


@pytest.mark.spec("RFC7493-2.3")
@pytest.mark.parametrize("data", [each[1] for each in _MALFORMED], ids=[each[0] for each in _MALFORMED])
def test_what_two_readers_might_read_differently_is_no_proof(data: bytes) -> None:
    verdict = verify_proof(data)
    assert verdict.failed() == ("format",)
    assert verdict.evidence is None


def test_brackets_within_brackets_never_bring_the_check_down() -> None:
    for depth in range(900, 1000):
        nested = b'{"payment":{"x":' + b"[" * depth + b"]" * depth + b"}}"
        assert verify_proof(nested).failed() == ("format",)
        within = as_bytes(_HONEST).replace(
            b'"payment": {', b'"payment": {"x": ' + b"[" * depth + b"]" * depth + b", ", 1
        )
        assert not verify_proof(within)


def test_a_number_in_place_of_a_text_within_the_payment_fails_without_an_accident() -> None:
    for amount in cast("tuple[str, ...]", (125, None, [], {}, "", "1e9")):
        assert not verify_proof(as_bytes(_HONEST, payment=_cent(amount)))
    for payment in ({}, {"type": "payment_initiation"}, _paying(creditorName=7), _paying(instructedAmount=[])):
        assert "text" in verify_proof(as_bytes(_HONEST, payment=payment)).failed()


def test_a_signer_of_the_tests_signs_what_it_is_given() -> None:
    assert sign(bytes(32)).client_data_json != sign(bytes([1] * 32)).client_data_json
