"""Whatever a browser says of a passkey, it is read or it is refused, and nothing else."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.accounts.factors.passkey.model import ExpectedCeremony, PasskeyRefused, parse_credential, relying_party
from authserver.accounts.factors.passkey.verification import (
    assertion_options,
    registration_options,
    verify_assertion,
    verify_registration,
)
from tests.support.authenticator import SoftwareKey, decode, encode
from tests.support.deployment import ISSUER
from tests.support.hypothesis_profiles import budget

PARTY = relying_party(ISSUER, "Test")
EXPECTED = ExpectedCeremony(PARTY, b"c" * 32, verify_user=True)
KEY = SoftwareKey()
MADE = KEY.register(registration_options(PARTY, ("alice-id", "alice"), EXPECTED.challenge, (), verify=True))
SIGNED = KEY.sign(assertion_options(PARTY, EXPECTED.challenge, (), verify=True))
PARTS = {
    MADE: ["clientDataJSON", "attestationObject"],
    SIGNED: ["clientDataJSON", "authenticatorData", "signature"],
}
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("A" * 44),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def verify(text: str) -> None:
    """Verify an answer as what it says it is, and as what it is not."""
    for check in (verify_registration, lambda *shown: verify_assertion(shown[0], KEY.public_key(), shown[1])):
        with suppress(PasskeyRefused):
            check(parse_credential(text), EXPECTED)


def test_the_honest_answers_are_accepted() -> None:
    assert verify_registration(parse_credential(MADE), EXPECTED).credential_id == KEY.credential_id
    assert verify_assertion(parse_credential(SIGNED), KEY.public_key(), EXPECTED).user_verified


@pytest.mark.spec("WEBAUTHN-7.1", "WEBAUTHN-7.2")
@budget(150)
@given(st.text() | json_values.map(json.dumps))
def test_any_text_is_read_or_refused(text: str) -> None:
    verify(text)


@pytest.mark.spec("WEBAUTHN-7.1", "WEBAUTHN-7.2")
@budget(200)
@given(st.sampled_from([MADE, SIGNED]), st.data())
def test_any_member_of_any_kind_is_read_or_refused(honest: str, data: st.DataObject) -> None:
    members: dict[str, Any] = json.loads(honest)
    place = data.draw(st.sampled_from([members, members["response"]]))
    place[data.draw(st.sampled_from(sorted(place)))] = data.draw(json_values)
    verify(json.dumps(members))


@pytest.mark.spec("WEBAUTHN-7.2-20", "WEBAUTHN-7.1")
@budget(300)
@given(st.sampled_from([MADE, SIGNED]), st.data())
def test_no_answer_with_an_octet_changed_cut_or_added_stands_for_more_than_it_did(
    honest: str, data: st.DataObject
) -> None:
    members = json.loads(honest)
    name = data.draw(st.sampled_from(PARTS[honest]))
    octets = decode(members["response"][name])
    start = data.draw(st.integers(0, len(octets) - 1))
    changed = octets[:start] + data.draw(st.binary(max_size=4)) + octets[data.draw(st.integers(start, len(octets))) :]
    members["response"][name] = encode(changed)
    verify(json.dumps(members))
    if honest == SIGNED and changed != octets:
        with pytest.raises(PasskeyRefused):
            verify_assertion(parse_credential(json.dumps(members)), KEY.public_key(), EXPECTED)
