"""What a token must be to be believed, and every way in which it may not be."""

import json
from collections.abc import Mapping

import pytest
from joserfc.jwk import OctKey

from authserver.keys.jwks import parse_jwks, thumbprint
from authserver.keys.model import ALGORITHMS, EMPTY_KEYS, BadJwt, VerifiedJwt
from authserver.keys.verifier import read_unverified, verify_dpop_jwt, verify_jwt
from tests.support.jose import Part, encode, forge, private_key, public_jwk, weak_rsa_jwk

KEY = private_key("ES256")
KEYS = parse_jwks({"keys": [public_jwk(KEY, kid="one")]})
HEADER = {"alg": "ES256", "kid": "one"}
ES256 = frozenset({"ES256"})


def verify(header: Part, claims: Part = b'{"a":1}') -> VerifiedJwt:
    return verify_jwt(forge(header, claims, KEY, "ES256"), KEYS, algorithms=ES256, types=None)


@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
@pytest.mark.spec("FAPI2-SP-FINAL-5.4.1-1", "RFC7515-5.2")
def test_a_token_verifies_under_every_algorithm_we_name(algorithm: str) -> None:
    key = private_key(algorithm)
    token = forge({"alg": algorithm, "kid": "k"}, {"iss": "me"}, key, algorithm)
    keys = parse_jwks({"keys": [public_jwk(key, kid="k")]})
    assert verify_jwt(token, keys, algorithms=frozenset({algorithm}), types=None).claims == {"iss": "me"}


@pytest.mark.parametrize(("sent", "listed", "of_key"), [("EdDSA", "Ed25519", "Ed25519"), ("Ed25519", "EdDSA", "EdDSA")])
@pytest.mark.spec("RFC9864-2")
def test_both_names_of_ed25519_are_one(sent: str, listed: str, of_key: str) -> None:
    key = private_key("Ed25519")
    keys = parse_jwks({"keys": [public_jwk(key, alg=of_key)]})
    token = forge({"alg": sent}, {}, key, sent)
    assert verify_jwt(token, keys, algorithms=frozenset({listed}), types=None).header["alg"] == sent


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS256", "es256", "", None, ["ES256"], {"ES256": 1}, 256])
@pytest.mark.spec("RFC8725-3.1")
def test_another_algorithm_is_refused(algorithm: object) -> None:
    with pytest.raises(BadJwt, match="algorithm is not allowed"):
        verify({**HEADER, "alg": algorithm})


@pytest.mark.spec("RFC8725-3.1")
def test_a_header_without_an_algorithm_is_refused() -> None:
    with pytest.raises(BadJwt, match="algorithm is not allowed"):
        verify({"kid": "one"})


@pytest.mark.parametrize("value", [[], 1, None, ["kid"], ["exp"], "", {}])
@pytest.mark.spec("RFC7515-4.1.11")
def test_crit_in_any_form_is_refused(value: object) -> None:
    with pytest.raises(BadJwt, match="extension"):
        verify({**HEADER, "crit": value})


@pytest.mark.parametrize("value", [True, False, None])
@pytest.mark.spec("RFC7797-6")
def test_b64_is_refused(value: object) -> None:
    with pytest.raises(BadJwt, match="extension"):
        verify({**HEADER, "b64": value})


@pytest.mark.spec("RFC7515-4")
def test_an_unknown_header_is_ignored() -> None:
    assert verify({**HEADER, "x-unknown": [1]}).claims == {"a": 1}


@pytest.mark.parametrize("typ", ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"])
@pytest.mark.spec("RFC7515-4.1.9", "RFC8725-3.11")
def test_a_type_is_compared_without_case_and_prefix(typ: str) -> None:
    token = forge({**HEADER, "typ": typ}, {}, KEY, "ES256")
    assert verify_jwt(token, KEYS, algorithms=ES256, types=frozenset({"at+jwt"}))


@pytest.mark.parametrize("typ", ["JWT", "", "application/", "at+jwt ", None, 1, ["at+jwt"]])
@pytest.mark.spec("RFC8725-3.11")
def test_another_type_is_refused_even_where_none_is_needed(typ: object) -> None:
    token = forge({**HEADER, "typ": typ}, {}, KEY, "ES256")
    with pytest.raises(BadJwt, match="another type"):
        verify_jwt(token, KEYS, algorithms=ES256, types=frozenset({"at+jwt", ""}))


def test_a_missing_type_is_accepted_only_where_the_caller_says_so() -> None:
    token = forge(HEADER, {}, KEY, "ES256")
    assert verify_jwt(token, KEYS, algorithms=ES256, types=frozenset({"at+jwt", ""}))
    with pytest.raises(BadJwt, match="another type"):
        verify_jwt(token, KEYS, algorithms=ES256, types=frozenset({"at+jwt"}))


AMBIGUOUS = {
    "a member twice": b'{"a":1,"a":1}',
    "a member twice further in": b'{"a":{"b":1,"b":2}}',
    "NaN": b'{"a":NaN}',
    "Infinity": b'{"a":-Infinity}',
    "a float past all bounds": b'{"a":1e400}',
    "an integer past 53 bits": b'{"a":9007199254740993}',
    "an integer of 5000 digits": b'{"a":' + b"9" * 5000 + b"}",
    "a lone surrogate": b'{"a":"\\ud800"}',
    "a control character": b'{"a":"\n"}',
    "nesting past the stack": b'{"a":' + b"[" * 2000 + b"]" * 2000 + b"}",
    "a byte order mark": b'\xef\xbb\xbf{"a":1}',
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "bytes that are no UTF-8": b'{"a":"\xff"}',
    "nothing": b"",
    "something after it": b'{"a":1}{}',
}


@pytest.mark.parametrize("octets", AMBIGUOUS.values(), ids=AMBIGUOUS)
@pytest.mark.spec("RFC7493-2", "RFC7515-4")
def test_json_that_two_readers_may_read_differently_is_refused(octets: bytes) -> None:
    with pytest.raises(BadJwt, match="claims is not strict JSON"):
        verify(HEADER, octets)
    with pytest.raises(BadJwt, match="header is not strict JSON"):
        verify(octets)


@pytest.mark.parametrize("octets", [b"[]", b'"a"', b"1", b"null", b"true"])
@pytest.mark.spec("RFC7519-7.2")
def test_a_header_or_claims_that_are_no_object_are_refused(octets: bytes) -> None:
    with pytest.raises(BadJwt, match="claims is not a JSON object"):
        verify(HEADER, octets)
    with pytest.raises(BadJwt, match="header is not a JSON object"):
        verify(octets)


def test_escapes_that_are_whole_characters_are_read() -> None:
    assert verify(HEADER, b'{"a":"\\ud83d\\ude00"}').claims == {"a": "\U0001f600"}


@pytest.mark.parametrize(
    "spoil",
    ["{0}=.{1}.{2}", "{0}.{1}.{2}=", "{0}.{1}. {2}", "{0}.{1}", "{0}.{1}.{2}.", ".{1}.{2}", "{0}.{1}.", "é{0}.{1}.{2}"],
)
@pytest.mark.spec("RFC7515-2", "RFC7515-7.1")
def test_only_three_segments_of_strict_base64url_make_a_token(spoil: str) -> None:
    parts = forge(HEADER, {}, KEY, "ES256").split(".")
    with pytest.raises(BadJwt):
        verify_jwt(spoil.format(*parts), KEYS, algorithms=ES256, types=None)


def test_a_signature_has_one_spelling() -> None:
    token = forge({"alg": "Ed25519"}, {}, private_key("Ed25519"), "Ed25519")
    keys = parse_jwks({"keys": [public_jwk(private_key("Ed25519"))]})
    assert token[-1] in "AQgw"
    respelled = token[:-1] + chr(ord(token[-1]) + 1)  # the same octets to a lenient decoder
    with pytest.raises(BadJwt, match="signature"):
        verify_jwt(respelled, keys, algorithms=frozenset({"Ed25519"}), types=None)


@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
@pytest.mark.spec("RFC7515-5.2")
def test_a_changed_token_is_refused(algorithm: str) -> None:
    key = private_key(algorithm)
    keys = parse_jwks({"keys": [public_jwk(key)]})
    header, _, signature = forge({"alg": algorithm}, {"sub": "a"}, key, algorithm).split(".")
    with pytest.raises(BadJwt, match="signature"):
        verify_jwt(f"{header}.{encode(b'{}')}.{signature}", keys, algorithms=frozenset({algorithm}), types=None)


@pytest.mark.spec("RFC7515-4.1.4")
def test_the_kid_decides_which_key_is_tried() -> None:
    other = private_key("ES256", "other")
    keys = parse_jwks({"keys": [public_jwk(KEY, kid="one"), public_jwk(other, kid="two")]})
    with pytest.raises(BadJwt, match="signature"):
        verify_jwt(forge({**HEADER, "kid": "two"}, {}, KEY, "ES256"), keys, algorithms=ES256, types=None)


@pytest.mark.parametrize(
    ("kid", "reason"), [("three", "no key of that kid"), ("", "no key of that kid"), (1, "not a string")]
)
def test_an_unknown_kid_is_refused(kid: object, reason: str) -> None:
    with pytest.raises(BadJwt, match=reason):
        verify({**HEADER, "kid": kid})


def test_two_keys_of_one_kid_are_refused() -> None:
    keys = parse_jwks({"keys": [public_jwk(KEY, kid="one"), public_jwk(private_key("ES256", "other"), kid="one")]})
    with pytest.raises(BadJwt, match="several keys"):
        verify_jwt(forge(HEADER, {}, KEY, "ES256"), keys, algorithms=ES256, types=None)


def test_without_a_kid_the_first_eight_fitting_keys_are_tried() -> None:
    others = [public_jwk(private_key("ES256", f"other {number}")) for number in range(8)]
    token = forge({"alg": "ES256"}, {}, KEY, "ES256")
    reachable = parse_jwks({"keys": [weak_rsa_jwk(), public_jwk(private_key("PS256")), *others[:7], public_jwk(KEY)]})
    assert verify_jwt(token, reachable, algorithms=ES256, types=None)
    with pytest.raises(BadJwt, match="signature"):
        verify_jwt(token, parse_jwks({"keys": [*others, public_jwk(KEY)]}), algorithms=ES256, types=None)


def test_without_keys_nothing_verifies() -> None:
    with pytest.raises(BadJwt, match="no key"):
        verify_jwt(forge(HEADER, {}, KEY, "ES256"), EMPTY_KEYS, algorithms=ES256, types=None)


@pytest.mark.spec("RFC8725-3.10")
def test_a_key_in_the_header_is_never_used() -> None:
    attacker = private_key("ES256", "attacker")
    token = forge({**HEADER, "jwk": public_jwk(attacker, kid="one")}, {}, attacker, "ES256")
    with pytest.raises(BadJwt, match="signature"):
        verify_jwt(token, KEYS, algorithms=ES256, types=None)


@pytest.mark.spec("RFC8725-2.1", "RFC8725-3.1")
def test_a_public_key_is_no_hmac_secret() -> None:
    secret = OctKey.import_key(KEY.as_pem().replace(b"-----", b""))  # joserfc itself refuses a PEM as a secret
    token = forge({**HEADER, "alg": "HS256"}, {}, secret, "HS256")
    with pytest.raises(BadJwt, match="algorithm"):
        verify_jwt(token, KEYS, algorithms=ES256, types=None)


def test_a_token_too_long_is_refused_unread() -> None:
    with pytest.raises(BadJwt, match="token is too long"):
        read_unverified(forge(HEADER, {"a": "x" * 16_384}, KEY, "ES256"))
    with pytest.raises(BadJwt, match="header is too long"):
        read_unverified(forge({**HEADER, "x": "x" * 8192}, {}, KEY, "ES256"))


def test_an_unverified_token_is_read_as_it_is() -> None:
    unverified = read_unverified(f"{encode(json.dumps({'alg': 'none'}).encode())}.{encode(b'{}')}.")
    assert (unverified.header, unverified.claims) == ({"alg": "none"}, {})


def proof(jwk: object, signed_by: str = "ES256", header: Mapping[str, object] | None = None) -> str:
    key = private_key(signed_by)
    return forge({"alg": signed_by, "typ": "dpop+jwt", "jwk": jwk, **(header or {})}, {"jti": "1"}, key, signed_by)


@pytest.mark.parametrize("algorithm", ["ES256", "PS256", "Ed25519", "EdDSA"])
@pytest.mark.spec("RFC9449-4.3", "RFC7638-3")
def test_a_proof_verifies_with_the_key_it_carries(algorithm: str) -> None:
    jwk = public_jwk(private_key(algorithm))
    verified, jkt = verify_dpop_jwt(proof(jwk, algorithm), algorithms=frozenset({algorithm}))
    assert verified.claims == {"jti": "1"}
    assert jkt == thumbprint(jwk) == private_key(algorithm).thumbprint()


def test_a_proof_with_an_rsa_key_is_longer_than_joserfc_would_take() -> None:
    token = proof(public_jwk(private_key("PS256")), "PS256")
    assert len(token.partition(".")[0]) > 512
    assert verify_dpop_jwt(token, algorithms=frozenset({"PS256"}))


EC = public_jwk(KEY)
BAD_PROOF_KEYS = {
    "none": None,
    "no object": "jwk",
    "a private one": KEY.as_dict(private=True),
    "a symmetric one": {"kty": "oct", "k": "AAAA"},
    "a public one with a secret": {**EC, "k": "AAAA"},
    "RSA of 1024 bits": weak_rsa_jwk(),
    "an unknown kind": {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA"},
    "an unknown curve": {**EC, "crv": "P-999"},
    "a point off the curve": {**EC, "y": EC["x"]},
    "a coordinate too long": {**EC, "x": encode(b"\0" + bytes(32))},
    "a coordinate that is a number": {**EC, "x": 1},
    "a coordinate missing": {"kty": "EC", "crv": "P-256", "x": EC["x"]},
    "a kind that is a list": {**EC, "kty": ["EC"]},
}


@pytest.mark.parametrize("jwk", BAD_PROOF_KEYS.values(), ids=BAD_PROOF_KEYS)
@pytest.mark.spec("RFC9449-4.3", "RFC9449-4.2")
def test_a_proof_with_an_unfit_key_is_refused(jwk: object) -> None:
    with pytest.raises(BadJwt, match="jwk"):
        verify_dpop_jwt(proof(jwk), algorithms=ES256)


@pytest.mark.parametrize(
    ("jwk", "header", "reason"),
    [
        (EC, {"typ": "JWT"}, "another type"),
        (EC, {"alg": "PS256"}, "does not fit the algorithm"),
        (EC, {"alg": "HS256"}, "algorithm is not allowed"),
        (EC, {"crit": []}, "extension"),
        (public_jwk(private_key("ES384")), {}, "does not fit the algorithm"),
        (public_jwk(private_key("ES256", "other")), {}, "does not verify"),
    ],
)
@pytest.mark.spec("RFC9449-4.3")
def test_a_proof_that_does_not_hold_together_is_refused(jwk: object, header: dict[str, object], reason: str) -> None:
    with pytest.raises(BadJwt, match=reason):
        verify_dpop_jwt(proof(jwk, header=header), algorithms=frozenset({"ES256", "PS256"}))


def test_what_a_proof_key_says_beside_itself_changes_neither_key_nor_thumbprint() -> None:
    described = public_jwk(KEY, kid="x", use="sig", alg="ES256", extra=[{}])
    assert verify_dpop_jwt(proof(described), algorithms=ES256)[1] == thumbprint(EC)


def test_a_refusal_says_nothing_of_the_token() -> None:
    with pytest.raises(BadJwt) as caught:
        verify({**HEADER, "kid": "a-telling-name"})
    assert "telling" not in str(caught.value)
