"""What the kit believes of signed answers, and what it keeps of answers: never more than the issuer allows."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from authserver.binding.mtls import certificate_thumbprint
from authserver.keys.base64url import encode
from authserver.keys.remote import RemoteKeys
from authserver.outbound.fetch import SafeFetcher
from authserver.protocol.errors import InsufficientScope, InvalidToken, TemporarilyUnavailable
from authserver.protocol.handles import hash_handle
from authserver.resource.checks import Expectation
from authserver.resource.demand import Demand
from authserver.resource.guard import Guard
from authserver.resource.introspection_response import Ended
from authserver.resource.kept_answers import KeptAnswers
from authserver.resource.model import ResourceRequest
from authserver.resource.signed_answers import SignedAnswers
from authserver.values import replace
from tests.support.authority import NOW
from tests.support.guarded_api import CERTIFICATE, ISSUER, OTHER_CERTIFICATE, URL
from tests.support.guarded_api import token as jwt_token
from tests.support.introspecting import introspecting
from tests.support.jose import forge, private_key, public_jwk
from tests.support.key_server import key_server

SIGNED = {"Content-Type": "application/token-introspection+jwt"}
KEY = private_key("ES256", "issuer")
ATH = encode(hash_handle("opaque")).decode()
TOLD: Mapping[str, object] = {
    "active": True,
    "iss": ISSUER,
    "aud": URL,
    "sub": "alice",
    "client_id": "planner",
    "scope": "accounts",
    "exp": NOW + 300,
    "cnf": {"x5t#S256": certificate_thumbprint(CERTIFICATE)},
}


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SignedAnswers]:
    """The kit's verification, with the issuer's keys behind HTTPS."""
    with key_server(tmp_path_factory.mktemp("keys")) as server:
        members = [public_jwk(KEY, kid="issuer", alg="ES256", use="sig")]
        server.serve(json.dumps({"keys": members}).encode())
        fetcher = SafeFetcher(
            allow=frozenset({server.authority}), ca_file=server.ca_file, resolve=lambda _host, _port: ["127.0.0.1"]
        )
        yield SignedAnswers(ISSUER, "bank", server.url, RemoteKeys(fetcher, lambda: NOW), lambda: NOW)
        assert len(server.requests) == 1, "the keys are fetched once for all answers"


def answer(*, header: Mapping[str, object] | None = None, key: Any = KEY, **changes: object) -> bytes:  # noqa: ANN401 - joserfc's keys
    """A signed answer, but for what is changed; None takes a member away."""
    claims = {"iss": ISSUER, "aud": "bank", "iat": NOW, "ath": ATH, "token_introspection": dict(TOLD), **changes}
    members = {"alg": "ES256", "typ": "token-introspection+jwt", "kid": "issuer", **(header or {})}
    return forge(members, {name: value for name, value in claims.items() if value is not None}, key, "ES256").encode()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"aud": ["bank"]},
        {"iat": NOW - 30},
        {"iat": NOW + 15},
        {"exp": NOW + 1},
        {"nbf": NOW + 15},
        {"exp": NOW + 0.5, "nbf": NOW},
    ],
)
@pytest.mark.spec("RFC9701-5-2", "RFC9701-8.1-1", "FAPI2-MS-FINAL-5.5")
def test_a_signed_answer_is_believed(tmp_path: Path, signed: SignedAnswers, changes: dict[str, Any]) -> None:
    with introspecting(tmp_path, 200, answer(**changes), [], headers=SIGNED, signed=signed) as source:
        assert source.find_claims("opaque") == TOLD


_BAD: dict[str, bytes] = {
    "in the clear": json.dumps(TOLD).encode(),
    "no JWT": b"a.b.c",
    "not ASCII": "é".encode(),
    "another key": answer(key=private_key("ES256", "other")),
    "another typ": answer(header={"typ": "at+jwt"}),
    "no typ": answer(header={"typ": None}),
    "another issuer": answer(iss="https://other.example"),
    "another audience": answer(aud="vault"),
    "several audiences": answer(aud=["bank", "vault"]),
    "no audience": answer(aud=None),
    "old": answer(iat=NOW - 31),
    "of the future": answer(iat=NOW + 16),
    "no time": answer(iat=None),
    "a time that is none": answer(iat="now"),
    "a truth value as time": answer(iat=True),
    "expired": answer(exp=NOW),
    "an end that is none": answer(exp="later"),
    "not valid yet": answer(nbf=NOW + 16),
    "a beginning that is none": answer(nbf=[]),
    "about another token": answer(ath=encode(hash_handle("another")).decode()),
    "about no token that is named": answer(ath=None),
    "about what is no hash": answer(ath=7),
    "about nothing": answer(ath=""),
    "nothing told": answer(token_introspection=None),
    "a list told": answer(token_introspection=[True]),
    "told at the top": answer(token_introspection=None, active=True, scope="accounts"),
}


@pytest.mark.parametrize("what", _BAD)
@pytest.mark.spec("RFC9701-5-1", "RFC9701-5-2", "RFC9701-5-6", "RFC9701-8.1-1")
def test_an_answer_that_is_not_the_issuers_to_us_just_now_is_none(
    tmp_path: Path, signed: SignedAnswers, what: str
) -> None:
    with (
        introspecting(tmp_path, 200, _BAD[what], [], headers=SIGNED, signed=signed) as source,
        pytest.raises(TemporarilyUnavailable),
    ):
        source.find_claims("opaque")


@pytest.mark.spec("RFC9701-5-1", "RFC9701-5-5")
def test_a_signed_answer_needs_its_content_type_and_must_say_that_the_token_is_active(
    tmp_path: Path, signed: SignedAnswers
) -> None:
    with (
        introspecting(tmp_path, 200, answer(), [], signed=signed) as source,
        pytest.raises(TemporarilyUnavailable),
    ):
        source.find_claims("opaque")
    inactive = answer(token_introspection={"active": False})
    with (
        introspecting(tmp_path, 200, inactive, [], headers=SIGNED, signed=signed) as source,
        pytest.raises(InvalidToken),
    ):
        source.find_claims("opaque")


@pytest.mark.spec("RFC9701-5-2", "RFC9701-8.1-1")
def test_an_answer_about_one_token_is_none_about_another(tmp_path: Path, signed: SignedAnswers) -> None:
    """Who stands between and holds a good token of their own has an answer that is genuine, and not about this one."""
    with (
        introspecting(tmp_path, 200, answer(), [], headers=SIGNED, signed=signed) as source,
        pytest.raises(TemporarilyUnavailable),
    ):
        source.find_claims("revoked")


@pytest.mark.parametrize(
    ("told", "is_believed"),
    [
        ({"jti": "one"}, True),
        ({"jti": "two"}, False),
        ({"jti": "one", "iss": "https://other.example"}, False),
        ({}, False),
        ({"active": False}, True),
    ],
)
@pytest.mark.parametrize("needs_ath", [True, False])
@pytest.mark.spec("RFC9701-5-2", "RFC9701-8.1-1")
def test_where_another_issuer_signs_no_hash_a_jwt_is_known_by_its_id(
    tmp_path: Path,
    signed: SignedAnswers,
    told: dict[str, Any],
    *,
    is_believed: bool,
    needs_ath: bool,
) -> None:
    body = answer(ath=None, token_introspection={**TOLD, **told})
    verifier = replace(signed, needs_ath=needs_ath)
    with introspecting(tmp_path, 200, body, [], headers=SIGNED, signed=verifier) as source:
        if is_believed:
            assert source.ask(jwt_token()).claims == {**TOLD, **told}
        else:
            with pytest.raises(TemporarilyUnavailable):
                source.ask(jwt_token())


@pytest.mark.spec("RFC9701-5-2")
def test_whoever_gives_up_the_hash_believes_an_answer_about_any_opaque_token(
    tmp_path: Path, signed: SignedAnswers
) -> None:
    lenient = replace(signed, needs_ath=False)
    with introspecting(tmp_path, 200, answer(ath=None), [], headers=SIGNED, signed=lenient) as source:
        assert source.find_claims("opaque") == TOLD
    with (
        introspecting(tmp_path, 200, answer(), [], headers=SIGNED, signed=lenient) as source,
        pytest.raises(TemporarilyUnavailable),
    ):
        source.find_claims("another")


@pytest.mark.spec("RFC9701-6-1")
def test_an_answer_by_another_algorithm_than_the_registered_one_is_none(tmp_path: Path, signed: SignedAnswers) -> None:
    strict = replace(signed, algorithm="PS256")
    with (
        introspecting(tmp_path, 200, answer(), [], headers=SIGNED, signed=strict) as source,
        pytest.raises(TemporarilyUnavailable),
    ):
        source.find_claims("opaque")


@contextmanager
def keeping(folder: Path, cache_control: str, seen: list[bytes], times: list[int]) -> Iterator[Guard]:
    """A guard that keeps answers, before an endpoint that sends this header."""
    headers = {"Content-Type": "application/json", "Cache-Control": cache_control}
    with introspecting(folder, 200, json.dumps(TOLD).encode(), seen, headers=headers) as source:
        kept = KeptAnswers(source, lambda: times[0])
        yield Guard(kept, Expectation(ISSUER, URL), lambda: times[0])


def request(certificate: bytes = CERTIFICATE, token: str = "opaque") -> ResourceRequest:  # noqa: S107 - a test's token
    return ResourceRequest("GET", (URL,), f"Bearer {token}", certificate=certificate)


@pytest.mark.spec("RFC7662-4-3", "RFC9111-5.2.2", "RFC8705-3-2", "FAPI2-SP-FINAL-5.3.4-4", "FAPI2-SP-FINAL-5.3.4-5")
def test_a_kept_answer_costs_no_question_and_is_held_against_each_request(tmp_path: Path) -> None:
    seen: list[bytes] = []
    with keeping(tmp_path, "private, max-age=5", seen, [NOW]) as guard:
        for _ in range(3):
            assert guard.admit(request(), Demand(("accounts",))).subject == "alice"
        with pytest.raises(InvalidToken):
            guard.admit(request(OTHER_CERTIFICATE))
        with pytest.raises(InsufficientScope):
            guard.admit(request(), Demand(("payments",)))
        assert len(seen) == 1
        guard.admit(request(token="another"))
        assert len(seen) == 2


@pytest.mark.spec("RFC7662-4-2", "RFC7662-4-3")
def test_without_leave_nothing_is_kept(tmp_path: Path) -> None:
    seen: list[bytes] = []
    with keeping(tmp_path, "no-store", seen, [NOW]) as guard:
        guard.admit(request())
        guard.admit(request())
    assert len(seen) == 2


@pytest.mark.parametrize("what", ["one", "several"])
@pytest.mark.spec("RFC7662-2.3-1")
def test_an_issuer_that_drips_is_waited_for_no_longer_than_one_that_is_silent(tmp_path: Path, what: str) -> None:
    with introspecting(tmp_path, 200, json.dumps(TOLD).encode(), [], drip_seconds=0.05, total_seconds=0.5) as source:
        began = time.monotonic()
        with pytest.raises(TemporarilyUnavailable) as refused:
            source.ask("opaque") if what == "one" else source.find_ended({hash_handle("opaque"): b"d" * 12})
        assert time.monotonic() - began < 3
        assert refused.value.reason == "introspection: took too long"


@pytest.mark.spec("RFC7662-2.2-1", "RFC7662-4-3")
def test_several_tokens_are_asked_about_by_their_hashes(tmp_path: Path) -> None:
    good, gone = hash_handle("good"), hash_handle("gone")
    told = json.dumps({"ended": [encode(gone).decode()]}).encode()
    seen: list[bytes] = []
    headers = {"Content-Type": "application/json", "Cache-Control": "private, max-age=3"}
    with introspecting(tmp_path, 200, told, seen, headers=headers) as source:
        assert source.find_ended({good: b"d" * 12, gone: b"e" * 12}) == Ended(frozenset({gone}), 3)
    words = encode(good) + b"." + encode(b"d" * 12) + b"+" + encode(gone) + b"." + encode(b"e" * 12)
    assert seen == [b"token_hashes=" + words + b"&client_id=bank"]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, b'{"ended": []}'),
        (200, b"[]"),
        (200, b"{}"),
        (200, b'{"ended": "x"}'),
        (200, b'{"ended": ["another\'s"]}'),
        (200, b'{"ended": [7]}'),
        (200, b'{"ended": [[]]}'),
        (200, b'{"ended": [null]}'),
        (200, b'{"ended": {}}'),
        (200, b'{"ended": true}'),
        (200, b"7"),
        (200, b"no"),
        (401, b"{}"),
    ],
)
@pytest.mark.spec("RFC7662-2.3-1")
def test_what_does_not_say_which_have_ended_says_nothing(tmp_path: Path, status: int, body: bytes) -> None:
    with introspecting(tmp_path, status, body, []) as source, pytest.raises(TemporarilyUnavailable):
        source.find_ended({hash_handle("good"): b"d" * 12})


@pytest.mark.spec("FAPI2-MS-FINAL-5.5")
def test_where_answers_must_be_signed_an_unsigned_one_about_several_is_none(
    tmp_path: Path, signed: SignedAnswers
) -> None:
    seen: list[bytes] = []
    with (
        introspecting(tmp_path, 200, b'{"ended": []}', seen, signed=signed) as source,
        pytest.raises(TemporarilyUnavailable),
    ):
        source.find_ended({hash_handle("good"): b"d" * 12})
    assert seen == []
