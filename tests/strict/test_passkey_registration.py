"""What is refused of a new passkey, by the acts behind every page, on both databases."""

import dataclasses
import json
from collections.abc import Callable, Mapping
from typing import Any

import cbor2
import pytest

from authserver.accounts.factors.passkey import store as passkeys
from authserver.accounts.factors.passkey.ceremonies import RegistrationResult, begin_registration, finish_registration
from authserver.accounts.factors.passkey.ceremony_token import CeremonyPurpose, CeremonyResponse
from authserver.accounts.store import people
from authserver.values import replace
from tests.support.authenticator import SoftwareKey, decode, encode
from tests.support.deployment import Deployment
from tests.support.passkeys import ceremonies_of, register

MODEL = bytes.fromhex("ee882879721c491397753dfcce97072a")


def asked_of(deployment: Deployment, username: str = "alice", *, verify_user: bool = False) -> CeremonyPurpose:
    """Return what a page asks of a person."""
    with deployment.database.read() as connection:
        account = people.find_by_username(connection, username)
    assert account is not None
    return CeremonyPurpose("registration", "browser", account.account_id, verify_user)


def attempt(deployment: Deployment, asked: CeremonyPurpose, answer: Callable[[str], str]) -> RegistrationResult:
    """Hold a ceremony from end to end."""
    ceremonies = ceremonies_of(deployment)
    with deployment.database.transaction() as connection:
        begun = begin_registration(connection, ceremonies, asked, "alice", deployment.now)
    with deployment.database.transaction() as connection:
        given = CeremonyResponse(begun.token, answer(begun.options))
        return finish_registration(connection, ceremonies, asked, given, deployment.now, name="  My phone  ")


@pytest.mark.spec("WEBAUTHN-5.4", "WEBAUTHN-7.1", "WEBAUTHN-14.6.1")
def test_a_person_registers_two_passkeys_that_say_what_they_are(either: Deployment) -> None:
    asked, seen = asked_of(either), list[dict[str, Any]]()

    def answer(key: SoftwareKey) -> Callable[[str], str]:
        def register_and_note(options: str) -> str:
            seen.append(json.loads(options))
            return key.register(options)

        return register_and_note

    first, second = SoftwareKey(), SoftwareKey(synced=True, count=9, aaguid=MODEL)
    assert attempt(either, asked, answer(first))
    assert attempt(either, asked, answer(second))
    assert decode(seen[0]["user"]["id"]) == asked.account_id.encode()
    assert seen[0]["rp"] == {"id": "localhost", "name": "Sign-in"}
    assert (seen[0]["attestation"], seen[0]["excludeCredentials"]) == ("none", [])
    assert seen[0]["authenticatorSelection"]["residentKey"] == "preferred"
    assert [each["id"] for each in seen[1]["excludeCredentials"]] == [encode(first.credential_id)]
    with either.database.read() as connection:
        stored = {each.credential_id: each for each in passkeys.find_all(connection, asked.account_id)}
    device, synced = stored[first.credential_id], stored[second.credential_id]
    assert (device.name, device.backup_eligible, device.transports) == ("My phone", False, ("hybrid", "internal"))
    assert (synced.backup_eligible, synced.backed_up, synced.sign_count) == (True, True, 9)
    assert synced.aaguid == "ee882879-721c-4913-9775-3dfcce97072a"


@pytest.mark.spec("ASVS5-6.5.6")
def test_a_passkey_is_renamed_and_removed_by_its_owner_alone(either: Deployment) -> None:
    account_id = asked_of(either).account_id
    first, second = (register(either, account_id, SoftwareKey()) for _ in range(2))
    with either.database.transaction() as connection:
        assert passkeys.rename(connection, account_id, first.passkey_id, "Old phone")
        assert not passkeys.rename(connection, "somebody", first.passkey_id, "Mine")
        assert not passkeys.remove(connection, "somebody", first.passkey_id)
        assert passkeys.remove(connection, account_id, second.passkey_id)
        [kept] = passkeys.find_all(connection, account_id)
        assert kept.name == "Old phone"
        assert passkeys.remove_all(connection, account_id) == 1


@pytest.mark.spec("WEBAUTHN-7.1-26")
def test_a_credential_that_is_known_is_nobodys_a_second_time(either: Deployment) -> None:
    key = SoftwareKey()
    register(either, asked_of(either).account_id, key)
    thief = dataclasses.replace(SoftwareKey(), credential_id=key.credential_id)
    assert attempt(either, asked_of(either, "bob"), thief.register).outcome == "known_passkey"
    assert attempt(either, asked_of(either), key.register).outcome == "known_passkey"


@pytest.mark.spec("WEBAUTHN-13.4.3")
def test_a_registration_is_spent_by_one_answer(either: Deployment) -> None:
    asked, ceremonies, key = asked_of(either), ceremonies_of(either), SoftwareKey()
    with either.database.transaction() as connection:
        begun = begin_registration(connection, ceremonies, asked, "alice", either.now)
    answers = [CeremonyResponse(begun.token, "{}"), CeremonyResponse(begun.token, key.register(begun.options))]
    outcomes = []
    for answer in answers:
        with either.database.transaction() as connection:
            outcomes.append(finish_registration(connection, ceremonies, asked, answer, either.now, name="").outcome)
    assert outcomes == ["refused", "stale_ceremony"]


def _told(answering: Callable[[str, SoftwareKey], str]) -> Callable[[str], str]:
    return lambda options: answering(options, SoftwareKey())


def _attested(change: Callable[[dict[str, Any]], object]) -> Callable[[str, SoftwareKey], str]:
    def answer(options: str, key: SoftwareKey) -> str:
        members = json.loads(key.register(options))
        attestation = cbor2.loads(decode(members["response"]["attestationObject"]))
        change(attestation)
        members["response"]["attestationObject"] = encode(cbor2.dumps(attestation))
        return json.dumps(members)

    return answer


def _object(octets: bytes) -> Callable[[str, SoftwareKey], str]:
    def answer(options: str, key: SoftwareKey) -> str:
        members = json.loads(key.register(options))
        members["response"]["attestationObject"] = encode(octets)
        return json.dumps(members)

    return answer


def _key_of(cose: object) -> Callable[[str, SoftwareKey], str]:
    def answer(options: str, key: SoftwareKey) -> str:
        key.public_key = lambda: cbor2.dumps(cose)  # type: ignore[method-assign]  # this one key is broken
        return key.register(options)

    return answer


def _cut(attestation: dict[str, Any], length: int) -> None:
    attestation["authData"] = attestation["authData"][:length]


REFUSED: Mapping[str, Callable[[str, SoftwareKey], str]] = {
    "no answer": lambda *_: "",
    "an assertion for a registration": lambda options, key: key.register(options, type="webauthn.get"),
    "another origin": lambda options, key: key.register(options, origin="https://evil.example"),
    "a frame of another site": lambda options, key: key.register(options, crossOrigin=True),
    "a top origin": lambda options, key: key.register(options, topOrigin="https://evil.example"),
    "another challenge": lambda options, key: key.register(options, challenge=encode(b"x" * 32)),
    "no CBOR": _object(b"\xff"),
    "truncated CBOR": _object(b"\xa3\x63fmt"),
    "deep CBOR": _object(b"\x81" * 9000),
    "a giant length": _object(b"\x9b\x7f\xff\xff\xff\xff\xff\xff\xff"),
    "CBOR of a list": _object(cbor2.dumps([1, 2])),
    "a tag bomb": _object(b"\xd8\x23" + cbor2.dumps("(a+)+$")),
    "no format": _attested(lambda attestation: attestation.pop("fmt")),
    "an unknown format": _attested(lambda attestation: attestation.update(fmt="brain")),
    "a format of a number": _attested(lambda attestation: attestation.update(fmt=1)),
    "a packed attestation without anything": _attested(lambda attestation: attestation.update(fmt="packed")),
    "a TPM attestation without anything": _attested(lambda attestation: attestation.update(fmt="tpm")),
    "a packed attestation of garbage": _attested(
        lambda attestation: attestation.update(fmt="packed", attStmt={"alg": -7, "sig": b"x", "x5c": [b"x"]})
    ),
    "a statement where there is none": _attested(lambda attestation: attestation.update(attStmt={"sig": b"x"})),
    "authenticator data of text": _attested(lambda attestation: attestation.update(authData="x")),
    "authenticator data cut in the id": _attested(lambda attestation: _cut(attestation, 60)),
    "authenticator data cut in the key": _attested(lambda attestation: _cut(attestation, 100)),
    "a key off the curve": _key_of({1: 2, 3: -7, -1: 1, -2: b"\x01" * 32, -3: b"\x02" * 32}),
    "a key of no kind": _key_of({1: 99, 3: -7}),
    "a key of a weak algorithm": _key_of({1: 3, 3: -65535, -1: b"\x01" * 256, -2: b"\x01\x00\x01"}),
    "a key that is a list": _key_of([1]),
    "a key that is empty": _key_of({}),
}


@pytest.mark.spec("WEBAUTHN-7.1", "WEBAUTHN-7.1-10", "WEBAUTHN-7.1-25")
def test_every_dishonest_registration_is_an_ordinary_refusal_and_stores_nothing(either: Deployment) -> None:
    asked = asked_of(either)
    for name, answering in REFUSED.items():
        ended = attempt(either, asked, _told(answering))
        assert ended.outcome == "refused", (name, ended)
    for length in (0, 1024, 1400):
        long = SoftwareKey(credential_id=b"x" * length)
        assert attempt(either, asked, long.register).outcome == "refused"
    assert attempt(either, replace(asked, verify_user=True), SoftwareKey(verifies=False).register).outcome == "refused"
    with either.database.read() as connection:
        assert passkeys.find_all(connection, asked.account_id) == []
    longest = SoftwareKey(credential_id=b"x" * 1023)
    assert attempt(either, asked, longest.register)


@pytest.mark.spec("WEBAUTHN-13.4.9")
def test_with_an_allow_list_only_its_models_may_be_registered(either: Deployment) -> None:
    ceremonies = ceremonies_of(either)
    party = replace(ceremonies.relying_party, aaguids=frozenset({"ee882879-721c-4913-9775-3dfcce97072a"}))
    asked, strict = asked_of(either), replace(ceremonies, relying_party=party)
    outcomes = []
    for key in (SoftwareKey(), SoftwareKey(aaguid=MODEL)):
        with either.database.transaction() as connection:
            begun = begin_registration(connection, strict, asked, "alice", either.now)
            assert json.loads(begun.options)["attestation"] == "direct"
            answer = CeremonyResponse(begun.token, key.register(begun.options))
            outcomes.append(finish_registration(connection, strict, asked, answer, either.now, name="").outcome)
    assert outcomes == ["refused", "accepted"]
