"""Reading, judging and publishing sets of keys."""

import json
from base64 import b64encode, urlsafe_b64decode
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from joserfc.jwk import ECKey, OKPKey, RSAKey

from authserver.keys.jwks import check_public_jwks, parse_jwks, render_jwks, thumbprint
from tests.support.jose import encode, private_key, public_jwk, weak_rsa_jwk


def pad(number: object) -> str:
    """Write the same number with an octet of zero before it."""
    return encode(b"\0" + urlsafe_b64decode(f"{number}="))


GOOD = public_jwk(private_key("ES256"), kid="good")
RFC7638_KEY = {
    "kty": "RSA",
    "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjB"
    "ZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8"
    "KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_"
    "xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
    "e": "AQAB",
    "alg": "RS256",
    "kid": "2011-04-29",
}


def certificate_of(key: RSAKey | OKPKey | ECKey) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "client")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key, 1, start, start + timedelta(days=1))
    certificate = builder.sign(generate_private_key(SECP256R1()), SHA256())
    return b64encode(certificate.public_bytes(Encoding.DER)).decode()


@pytest.mark.spec("RFC7638-3.1", "RFC8037-2")
def test_thumbprints_are_those_of_the_specifications() -> None:
    assert thumbprint(RFC7638_KEY) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    octet_key = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    assert thumbprint(octet_key) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


@pytest.mark.parametrize("jwk", [{}, {"kty": "EC"}, {"kty": "oct", "k": "AA"}, {"kty": "RSA", "n": 1, "e": "AQAB"}])
def test_what_is_no_public_key_has_no_thumbprint(jwk: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="the key"):
        thumbprint(jwk)


BAD_MEMBERS = {
    "no object": "key",
    "an unknown curve": {**GOOD, "crv": "P-999"},
    "an unknown kind": {"kty": "AKP", "pub": "AAAA"},
    "a point off the curve": {**GOOD, "y": GOOD["x"]},
    "the point at infinity": {**GOOD, "x": encode(bytes(32)), "y": encode(bytes(32))},
    "the same point, padded": {**GOOD, "x": pad(GOOD["x"]), "y": pad(GOOD["y"])},
    "a secret": {"kty": "oct", "k": encode(bytes(32))},
    "a private key": private_key("ES256").as_dict(private=True),
    "RSA of 1024 bits": weak_rsa_jwk(),
    "RSA of 16384 bits": {"kty": "RSA", "e": "AQAB", "n": encode(b"\xff" * 2048)},
    "RSA with a vast exponent": {**RFC7638_KEY, "e": encode(b"\xff" * 32)},
    "RSA with an exponent of one": {**RFC7638_KEY, "e": "AQ"},
    "RSA with a padded exponent": {**RFC7638_KEY, "e": "AAEAAQ"},
    "RSA with an empty exponent": {**RFC7638_KEY, "e": ""},
    "a key for encryption": {**GOOD, "use": "enc"},
    "a use that is a list": {**GOOD, "use": ["sig"]},
    "key_ops without verify": {**GOOD, "key_ops": ["sign"]},
    "key_ops that is no list": {**GOOD, "key_ops": 5},
    "another algorithm": {**GOOD, "alg": "ES384"},
    "an algorithm that is a list": {**GOOD, "alg": ["ES256"]},
    "a curve we do not verify": public_jwk(private_key("ES384")),
    "a certificate that is none": {**GOOD, "x5c": ["AAAA"]},
    "x5c that is no list": {**GOOD, "x5c": "AAAA"},
    "the certificate of another key": {**GOOD, "x5c": [certificate_of(private_key("ES256", "other"))]},
}


@pytest.mark.parametrize("member", BAD_MEMBERS.values(), ids=BAD_MEMBERS)
@pytest.mark.spec("RFC7517-5", "FAPI2-SP-FINAL-5.4.1-2")
def test_a_bad_member_is_left_out_and_its_neighbours_stay(member: object) -> None:
    keys = parse_jwks({"keys": [member, GOOD]})
    assert keys.kids() == {"good"}
    assert len(keys.members) == 1
    assert not parse_jwks({"keys": [member]})


@pytest.mark.parametrize("document", [None, [], "keys", {}, {"keys": None}, {"keys": {}}, {"keys": [GOOD] * 101}])
def test_what_is_no_jwks_is_refused(document: object) -> None:
    with pytest.raises(ValueError, match="the JWKS"):
        parse_jwks(document)


def test_keys_are_found_by_name_and_algorithm() -> None:
    rsa = public_jwk(private_key("PS256"), kid="rsa", alg="PS256")
    nameless = public_jwk(private_key("ES256", "other"))
    keys = parse_jwks({"keys": [GOOD, rsa, nameless]})
    assert [key.kid for key in keys.find("good", "ES256")] == ["good"]
    assert [key.kid for key in keys.find(None, "ES256")] == ["good", None]
    assert [key.kid for key in keys.find("rsa", "PS256")] == ["rsa"]
    assert not keys.find("rsa", "RS256")
    assert not keys.find("good", "PS256")


@pytest.mark.spec("RFC8705-2.2.2", "RFC7517-4.7")
def test_certificates_are_kept_even_of_keys_we_cannot_verify_with() -> None:
    members = [
        public_jwk(private_key("ES384"), x5c=[certificate_of(private_key("ES384"))]),
        public_jwk(private_key("PS256"), use="enc", x5c=[certificate_of(private_key("PS256")), "AAAA"]),
        GOOD,
    ]
    keys = parse_jwks({"keys": members})
    assert len(keys.x5c_certificates()) == 2
    assert [key.kid for key in keys.find(None, "ES256")] == ["good"]
    assert not keys.find(None, "PS256")


@pytest.mark.parametrize(
    ("members", "trouble"),
    [
        ([], "no usable key"),
        ([weak_rsa_jwk()], "no usable key"),
        (["key"], "not an object"),
        ([GOOD, private_key("ES256").as_dict(private=True)], "private or symmetric"),
        ([GOOD, {"kty": "oct"}], "private or symmetric"),
        ([GOOD, {"kty": "AKP", "pub": "AA", "priv": "AA"}], "private or symmetric"),
        ([GOOD, GOOD], "kid twice"),
        ([{**GOOD, "kid": 1}], "not a string"),
        ([{**GOOD, "kid": []}], "not a string"),
    ],
)
@pytest.mark.spec("RFC7591-2")
def test_a_jwks_that_should_not_be_registered_is_refused(members: list[object], trouble: str) -> None:
    with pytest.raises(ValueError, match=trouble):
        check_public_jwks({"keys": members})


def test_a_jwks_with_keys_of_the_future_can_be_registered() -> None:
    check_public_jwks({"keys": [{"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA", "kid": "pq"}, GOOD]})


@pytest.mark.spec("RFC7517-5")
def test_what_is_published_holds_public_members_alone() -> None:
    private = {**private_key("PS256").as_dict(private=True), "kid": "k", "alg": "PS256", "comment": "internal"}
    document = render_jwks([private])
    (published,) = json.loads(document.body)["keys"]
    assert published.keys() == {"kty", "n", "e", "kid", "alg", "use"}
    assert published["use"] == "sig"


def test_the_etag_follows_the_content() -> None:
    one = {**GOOD, "alg": "ES256"}
    assert render_jwks([one]).etag == render_jwks([one]).etag
    assert render_jwks([one]).etag != render_jwks([]).etag
    assert render_jwks([one]).etag.startswith('"')


def test_an_ed25519_key_is_known_by_both_names() -> None:
    keys = parse_jwks({"keys": [public_jwk(private_key("Ed25519"), alg="EdDSA")]})
    assert keys.find(None, "Ed25519") == keys.find(None, "EdDSA") != ()


def test_only_ed25519_of_its_kind_is_verified() -> None:
    assert not parse_jwks({"keys": [{"kty": "OKP", "crv": "X25519", "x": encode(bytes(32))}]})
    assert ECKey.generate_key("P-521").curve_name == "P-521"
    assert not parse_jwks({"keys": [public_jwk(ECKey.generate_key("P-521"))]})
