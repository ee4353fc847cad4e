"""What is refused of a passkey's signature: by the acts behind every page, on both databases."""

import dataclasses
import json
from collections.abc import Callable, Mapping

import cbor2
import pytest

from authserver.accounts.factors.passkey import store as passkeys
from authserver.accounts.factors.passkey.ceremonies import (
    AssertionResult,
    Ceremony,
    begin_assertion,
    begin_sign_in,
    finish_assertion,
)
from authserver.accounts.factors.passkey.ceremony_token import CEREMONY_SECONDS, CeremonyPurpose, CeremonyResponse
from authserver.accounts.factors.passkey.model import ExpectedCeremony, PasskeyRefused
from authserver.accounts.factors.passkey.verification import verify_evidence
from authserver.accounts.store import people
from authserver.values import replace
from tests.support.authenticator import AT, BE, BS, ED, UP, UV, SoftwareKey, encode
from tests.support.deployment import Deployment
from tests.support.passkeys import ceremonies_of, register

Answering = Callable[[str, SoftwareKey], str]


def account_of(deployment: Deployment, username: str = "alice") -> str:
    """Return a person's account id."""
    with deployment.database.read() as connection:
        account = people.find_by_username(connection, username)
    assert account is not None
    return account.account_id


def asked_of(deployment: Deployment, username: str = "alice", *, verify_user: bool = True) -> CeremonyPurpose:
    """Return what a page asks of a person."""
    return CeremonyPurpose("second_factor", "browser", account_of(deployment, username), verify_user)


def attempt(deployment: Deployment, asked: CeremonyPurpose, answer: Callable[[str], str]) -> AssertionResult:
    """Hold a ceremony from end to end."""
    with deployment.database.transaction() as connection:
        ceremony = begin_assertion(connection, ceremonies_of(deployment), asked, deployment.now)
    return finish(deployment, asked, CeremonyResponse(ceremony.token, answer(ceremony.options)))


def finish(deployment: Deployment, asked: CeremonyPurpose, answer: CeremonyResponse) -> AssertionResult:
    """Hold the second half of a ceremony."""
    with deployment.database.transaction() as connection:
        return finish_assertion(connection, ceremonies_of(deployment), asked, answer, deployment.now)


@pytest.mark.spec("WEBAUTHN-7.2", "RTS-SCA-5.1")
def test_an_honest_signature_is_accepted_once_and_its_evidence_verifies_without_a_database(either: Deployment) -> None:
    key, asked = SoftwareKey(count=4), asked_of(either)
    register(either, asked.account_id, key)
    with either.database.transaction() as connection:
        challenge = b"what is shown to the person, say".ljust(32)
        begun = begin_assertion(
            connection, ceremonies_of(either), asked, either.now, challenge=challenge, carried="a nonce"
        )
    answer = CeremonyResponse(begun.token, key.sign(begun.options))
    accepted = finish(either, asked, answer)
    assert (accepted.outcome, accepted.method, accepted.carried) == ("accepted", "hwk+uv", "a nonce")
    assert finish(either, asked, answer).outcome == "stale_ceremony"
    evidence = accepted.evidence
    assert evidence is not None
    assert evidence.challenge == challenge
    expected = ExpectedCeremony(ceremonies_of(either).relying_party, challenge, verify_user=True)
    assert verify_evidence(evidence, expected).sign_count == 5
    with pytest.raises(PasskeyRefused):
        verify_evidence(evidence, replace(expected, challenge=challenge[:-1] + b"!"))
    with pytest.raises(PasskeyRefused):
        verify_evidence(replace(evidence, signature=evidence.signature[:-1] + b"\x00"), expected)
    with either.database.read() as connection:
        [kept] = passkeys.find_all(connection, asked.account_id)
    assert (kept.sign_count, kept.last_used_at, kept.backed_up) == (5, either.now, False)


@pytest.mark.spec("WEBAUTHN-13.4.3")
def test_a_ceremony_ends_with_its_time_its_purpose_its_account_and_its_browser(either: Deployment) -> None:
    key, asked = SoftwareKey(), asked_of(either)
    register(either, asked.account_id, key)
    others = [
        replace(asked, purpose="payment"),
        replace(asked, browser="another"),
        replace(asked, account_id=account_of(either, "bob")),
        replace(asked, account_id=""),
    ]
    with either.database.transaction() as connection:
        begun = begin_assertion(connection, ceremonies_of(either), asked, either.now)
    answer = CeremonyResponse(begun.token, key.sign(begun.options))
    for other in others:
        assert finish(either, other, answer).outcome == "stale_ceremony"
    for token in ("", "zz", "00", begun.token[:-2], begun.token + "00", "é" * 60, "0" * 9000):
        assert finish(either, asked, replace(answer, ceremony=token)).outcome == "stale_ceremony"
    either.wait(CEREMONY_SECONDS)
    assert finish(either, asked, answer).outcome == "stale_ceremony"


def _told(answering: Answering, key: SoftwareKey) -> Callable[[str], str]:
    return lambda options: answering(options, key)


def _changed(**response: object) -> Answering:
    return lambda options, key: key.sign(options, extra=response)


def _about(**client_data: object) -> Answering:
    return lambda options, key: key.sign(options, extra=None, **client_data)


def _flags(flags: int) -> Answering:
    def answer(options: str, key: SoftwareKey) -> str:
        key.authenticator_data = lambda *_, **__: SoftwareKey.authenticator_data(key, flags=flags)  # type: ignore[method-assign] # this one key lies
        return key.sign(options)

    return answer


def _with(change: Callable[[dict[str, object]], object]) -> Answering:
    def answer(options: str, key: SoftwareKey) -> str:
        members = json.loads(key.sign(options))
        change(members)
        return json.dumps(members)

    return answer


REFUSED: Mapping[str, Answering] = {
    "no answer": lambda *_: "",
    "no JSON": lambda *_: "{",
    "null": lambda *_: "null",
    "a list": lambda *_: "[]",
    "a number of many digits": lambda *_: "9" * 5000,
    "deep": lambda *_: "[" * 16000,
    "deep objects": lambda *_: '{"a":' * 3000,
    "too long": lambda options, key: key.sign(options) + " " * 16384,
    "a lone surrogate": lambda *_: '{"rawId":"\\ud800","response":{}}',
    "a member twice": lambda options, key: key.sign(options).replace('{"id"', '{"id": "x", "id"', 1),
    "no id": _with(lambda members: members.pop("id")),
    "an id of a number": _with(lambda members: members.update(id=7, rawId=7)),
    "ids that differ": _with(lambda members: members.update(id="AAAA")),
    "an empty id": _with(lambda members: members.update(id="", rawId="")),
    "a giant id": _with(lambda members: members.update(id="A" * 1400, rawId="A" * 1400)),
    "another type": _with(lambda members: members.update(type="password")),
    "a type of a list": _with(lambda members: members.update(type=[])),
    "no response": _with(lambda members: members.pop("response")),
    "a response of text": _with(lambda members: members.update(response="x")),
    "an unknown credential": _with(lambda members: members.update(id="AAAA", rawId="AAAA")),
    "a strange attachment": _with(lambda members: members.update(authenticatorAttachment="brain")),
    "client data of no text": _changed(clientDataJSON=7),
    "client data of no base64": _changed(clientDataJSON="%%%"),
    "client data of no JSON": _changed(clientDataJSON=encode(b"\xff\xfe")),
    "client data of a list": _changed(clientDataJSON=encode(b"[]")),
    "client data nested deep": _changed(clientDataJSON=encode(b"[" * 9000)),
    "no authenticator data": _changed(authenticatorData=None),
    "short authenticator data": _changed(authenticatorData=encode(b"\x00" * 36)),
    "truncated CBOR": _changed(authenticatorData=encode(b"\x00" * 32 + bytes([UP | UV | AT]) + b"\x00" * 30)),
    "hostile CBOR": _changed(
        authenticatorData=encode(b"\x00" * 32 + bytes([UP | UV | ED, 0, 0, 0, 0]) + b"\x9f" * 9000)
    ),
    "no signature": _changed(signature=""),
    "a foreign signature": _changed(signature=encode(b"\x30\x06\x02\x01\x01\x02\x01\x01")),
    "a user handle of a number": _changed(userHandle=7),
    "a user handle of no base64": _changed(userHandle="!"),
    "another's user handle": _changed(userHandle=encode(b"somebody else")),
    "a registration for an assertion": _about(type="webauthn.create"),
    "a payment for an assertion": _about(type="payment.get"),
    "a type of a number": _about(type=1),
    "another challenge": _about(challenge=encode(b"x" * 32)),
    "a challenge of a number": _about(challenge=5),
    "another origin": _about(origin="https://evil.example"),
    "an origin that begins alike": _about(origin="https://localhost:8443.evil.example"),
    "an origin of a list": _about(origin=["https://localhost:8443"]),
    "no origin": _about(origin=None),
    "a frame of another site": _about(crossOrigin=True),
    "a frame of another site, as text": _about(crossOrigin="false"),
    "a frame of another site, as a number": _about(crossOrigin=0),
    "a top origin": _about(topOrigin="https://evil.example"),
    "nobody present": _flags(UV),
    "nobody verified": _flags(UP),
    "backed up and not eligible": _flags(UP | UV | BS),
    "eligible where it was not": _flags(UP | UV | BE),
    "flags of an attestation": _flags(UP | UV | AT),
}  # fmt: skip


@pytest.mark.spec("WEBAUTHN-7.2", "WEBAUTHN-7.2-14", "WEBAUTHN-7.2-6", "WEBAUTHN-6.1.3", "RTS-SCA-4.1")
def test_every_dishonest_answer_is_an_ordinary_refusal_and_changes_nothing(either: Deployment) -> None:
    asked = asked_of(either)
    honest = SoftwareKey(count=1)
    register(either, asked.account_id, honest)
    for name, answering in REFUSED.items():
        ended = attempt(either, asked, _told(answering, dataclasses.replace(honest)))
        assert not ended, name
        assert ended.outcome in {"malformed", "refused", "unknown_passkey"}, (name, ended)
    with either.database.read() as connection:
        [kept] = passkeys.find_all(connection, asked.account_id)
    assert (kept.sign_count, kept.last_used_at, kept.disabled_at) == (1, None, None)
    assert "passkey.clone_suspected" not in either.event_names()
    assert attempt(either, asked, honest.sign)


@pytest.mark.spec("WEBAUTHN-7.2-6")
def test_another_persons_passkey_proves_nothing_of_this_one(either: Deployment) -> None:
    theirs = SoftwareKey()
    register(either, account_of(either, "bob"), theirs)
    register(either, account_of(either), SoftwareKey())
    ended = attempt(either, asked_of(either), theirs.sign)
    assert ended.outcome == "unknown_passkey"


@pytest.mark.spec("WEBAUTHN-7.2-6")
def test_a_locked_account_and_a_key_made_elsewhere_open_nothing(either: Deployment) -> None:
    key, account_id = SoftwareKey(), account_of(either)
    register(either, account_id, key)
    asked = CeremonyPurpose("sign_in", "browser", verify_user=True)
    foreign = dataclasses.replace(key, origin="https://evil.example")
    begun = begin_sign_in(ceremonies_of(either), asked, either.now)
    assert finish(either, asked, CeremonyResponse(begun.token, foreign.sign(begun.options))).outcome == "refused"
    with either.database.transaction() as connection:
        people.lock(connection, account_id, either.now)
    begun = begin_sign_in(ceremonies_of(either), asked, either.now)
    assert finish(either, asked, CeremonyResponse(begun.token, key.sign(begun.options))).outcome == "locked"


@pytest.mark.spec("WEBAUTHN-6.1.1", "WEBAUTHN-7.2-22")
@pytest.mark.parametrize(
    ("stored", "shown", "outcome"),
    [(0, 0, "accepted"), (0, 1, "accepted"), (5, 6, "accepted"), (5, 500, "accepted"), (0, 2**32 - 1, "accepted"),
     (5, 5, "clone_suspected"), (5, 4, "clone_suspected"), (5, 0, "clone_suspected")],
)  # fmt: skip
def test_a_count_must_grow_once_there_is_one(either: Deployment, stored: int, shown: int, outcome: str) -> None:
    key, asked = SoftwareKey(count=stored), asked_of(either)
    register(either, asked.account_id, key)
    key.count = shown
    sign = key.sign if not shown else lambda options: _counted(key, options, shown)
    ended = attempt(either, asked, sign)
    assert ended.outcome == outcome
    with either.database.read() as connection:
        [kept] = passkeys.find_all(connection, asked.account_id)
    assert (kept.disabled_at is None) == bool(ended)
    assert kept.sign_count == (shown if ended else stored)
    assert either.event_names().count("passkey.clone_suspected") == (0 if ended else 1)


def begin_both_ways(deployment: Deployment, asked: CeremonyPurpose) -> list[tuple[CeremonyPurpose, Ceremony]]:
    """Begin a ceremony of a person who is known, and one for whoever comes."""
    anyone = CeremonyPurpose("sign_in", "browser", verify_user=True)
    with deployment.database.transaction() as connection:
        known = begin_assertion(connection, ceremonies_of(deployment), asked, deployment.now)
    return [(asked, known), (anyone, begin_sign_in(ceremonies_of(deployment), anyone, deployment.now))]


@pytest.mark.spec("WEBAUTHN-6.1.1", "WEBAUTHN-7.2-22")
@pytest.mark.parametrize("way", [0, 1], ids=["known", "anyone"])
def test_an_answer_that_another_overtook_is_refused_and_the_key_stays_good(either: Deployment, way: int) -> None:
    key, asked = SoftwareKey(count=4), asked_of(either)
    register(either, asked.account_id, key)
    slow_asked, slow = begin_both_ways(either, asked)[way]
    slow_answer = CeremonyResponse(slow.token, key.sign(slow.options))
    either.wait(3)
    assert attempt(either, asked, key.sign)
    either.wait(2)
    late = finish(either, slow_asked, slow_answer)
    assert (late.outcome, bool(late)) == ("late", False)
    with either.database.read() as connection:
        [kept] = passkeys.find_all(connection, asked.account_id)
    assert (kept.sign_count, kept.disabled_at) == (6, None)
    assert "passkey.clone_suspected" not in either.event_names()
    assert attempt(either, asked, key.sign), "asked again, the genuine key signs with a greater count"


@pytest.mark.spec("WEBAUTHN-6.1.1", "WEBAUTHN-7.2-22")
@pytest.mark.parametrize("way", [0, 1], ids=["known", "anyone"])
@pytest.mark.parametrize("shown", [1, 5, 6])
def test_a_count_that_has_not_grown_in_a_ceremony_begun_after_it_is_a_copy(
    either: Deployment, way: int, shown: int
) -> None:
    key, asked = SoftwareKey(count=5), asked_of(either)
    register(either, asked.account_id, key)
    assert attempt(either, asked, key.sign)
    begun_asked, begun = begin_both_ways(either, asked)[way]
    ended = finish(either, begun_asked, CeremonyResponse(begun.token, _counted(key, begun.options, shown)))
    assert ended.outcome == "clone_suspected"


@pytest.mark.spec("WEBAUTHN-6.1.1", "WEBAUTHN-7.2-22")
@pytest.mark.parametrize("shown", [0, 6])
def test_no_lateness_explains_a_count_that_was_seen_before_or_none_at_all(either: Deployment, shown: int) -> None:
    key, asked = SoftwareKey(count=5), asked_of(either)
    register(either, asked.account_id, key)
    [_, (anyone, begun)] = begin_both_ways(either, asked)
    assert attempt(either, asked, key.sign)
    key.count = shown - 1 if shown else 0
    assert finish(either, anyone, CeremonyResponse(begun.token, key.sign(begun.options))).outcome == "clone_suspected"


def _counted(key: SoftwareKey, options: str, count: int) -> str:
    key.count = count - 1
    return key.sign(options) if count > 1 else _first(key, options)


def _first(key: SoftwareKey, options: str) -> str:
    """Sign under a count of one: the software key takes zero for none."""
    key.authenticator_data = lambda *_, **__: (  # type: ignore[method-assign] # for this one answer
        SoftwareKey.authenticator_data(dataclasses.replace(key, count=1))
    )
    return key.sign(options)


def test_octets_beyond_a_valid_structure_are_refused(either: Deployment) -> None:
    key, asked = SoftwareKey(), asked_of(either)
    register(either, asked.account_id, key)
    surplus = cbor2.dumps({"a": 1})
    key.authenticator_data = lambda *_, **__: SoftwareKey.authenticator_data(key) + surplus  # type: ignore[method-assign] # this one key lies
    assert attempt(either, asked, key.sign).outcome == "refused"
