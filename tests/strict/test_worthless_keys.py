"""A key that is well-formed and worth nothing is refused at every place where somebody else's key is taken in."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

import cbor2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import update

from authserver.accounts.factors.passkey import store as passkeys
from authserver.accounts.factors.passkey.ceremonies import (
    begin_assertion,
    begin_registration,
    finish_assertion,
    finish_registration,
)
from authserver.accounts.factors.passkey.ceremony_token import CeremonyPurpose, CeremonyResponse
from authserver.accounts.store import people
from authserver.banking.evidence import encode
from authserver.banking.verify import verify_proof
from authserver.binding.mtls import ChainVerifier, UntrustedCertificate
from authserver.db.tables.accounts import passkeys as passkey_table
from authserver.keys.base64url import encode as encode_segment
from authserver.keys.cose import load_cose_key
from authserver.keys.jwks import check_public_jwks, import_public_key, parse_jwks
from authserver.keys.model import ALGORITHMS, BadJwt
from authserver.keys.public_keys import check_public_key
from authserver.keys.verifier import verify_dpop_jwt
from authserver.protocol.errors import InvalidClientMetadata
from authserver.sandbox.authority import Authority
from tests.support.authenticator import SoftwareKey
from tests.support.authority import NOW, common_name, create_authority
from tests.support.deployment import Deployment
from tests.support.passkeys import ceremonies_of, register
from tests.support.payment_proofs import approve, as_bytes, cose_key, customer_key
from tests.support.relying_party import register as register_app
from tests.support.worthless_keys import COSE, JWKS, NOT_CANONICAL_ED25519, SMALL_ORDER_ED25519


@pytest.mark.spec("FAPI2-SP-FINAL-5.4.1-2", "RFC8032-5.1.3")
@pytest.mark.parametrize("jwk", JWKS.values(), ids=JWKS)
def test_no_jwk_of_that_kind_is_imported(jwk: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        import_public_key(jwk)
    with pytest.raises(ValueError, match="no usable key"):
        check_public_jwks({"keys": [jwk]})
    assert not parse_jwks({"keys": [jwk]}), "as fetched from a jwks_uri"


@pytest.mark.spec("WEBAUTHN-6.5.1", "RFC8032-5.1.3")
@pytest.mark.parametrize("key", COSE.values(), ids=COSE)
def test_no_cose_key_of_that_kind_is_read(key: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        load_cose_key(key)


def _other_spellings() -> dict[str, bytes]:
    good = cbor2.loads(cose_key(customer_key()))
    x, y = good[-2], good[-3]
    edwards = ed25519.Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    numbers = rsa.generate_private_key(65537, 2048).public_key().public_numbers()
    n = numbers.n.to_bytes(256)
    return {
        "another order": cbor2.dumps({3: -7, 1: 2, -1: 1, -2: x, -3: y}),
        "an optional member": cbor2.dumps({**good, 2: b"kid"}, canonical=True),
        "a member twice": b"\xa6" + cbor2.dumps(good)[1:] + b"\x01\x02",
        "a long number": cose_key(customer_key()).replace(b"\x01\x02\x03", b"\x01\x18\x02\x03", 1),
        "true for one": cbor2.dumps({1: True, 3: -8, -1: 6, -2: edwards}),
        "a fraction for one": cbor2.dumps({1: 1.0, 3: -8, -1: 6, -2: edwards}, canonical=True),
        "a map without an end": b"\xbf" + cbor2.dumps(good)[1:] + b"\xff",
        "something behind it": cose_key(customer_key()) + b"\x00",
        "a padded modulus": cbor2.dumps({1: 3, 3: -257, -1: b"\0" + n, -2: b"\1\0\1"}),
        "a point in one piece": b"\x04" + x + y,
        "nothing": b"",
    }


@pytest.mark.spec("WEBAUTHN-6.5.1")
@pytest.mark.parametrize("key", _other_spellings().values(), ids=_other_spellings())
def test_a_good_key_has_one_spelling(key: bytes) -> None:
    assert load_cose_key(cose_key(customer_key()))
    with pytest.raises(ValueError, match=r"\w"):
        load_cose_key(key)


@dataclass
class _Claiming(SoftwareKey):
    """An authenticator that names a key as its own."""

    cose: bytes = b""

    def public_key(self) -> bytes:
        return self.cose


@pytest.mark.spec("WEBAUTHN-7.1", "RFC8032-5.1.3")
def test_no_authenticator_with_such_a_key_is_registered(either: Deployment) -> None:
    with either.database.read() as connection:
        account = people.find_by_username(connection, "alice")
    assert account is not None
    ceremonies, asked = ceremonies_of(either), CeremonyPurpose("registration", "browser", account.account_id)
    for name, cose in COSE.items():
        key = _Claiming(cose=cose)
        with either.database.transaction() as connection:
            begun = begin_registration(connection, ceremonies, asked, "alice", either.now)
            answer = CeremonyResponse(begun.token, key.register(begun.options))
            ended = finish_registration(connection, ceremonies, asked, answer, either.now, name="")
        assert ended.outcome == "refused", name
    with either.database.read() as connection:
        assert passkeys.find_all(connection, account.account_id) == []


@pytest.mark.spec("WEBAUTHN-5.8.5")
def test_an_authenticator_is_asked_for_the_three_algorithms_that_are_taken(deployment: Deployment) -> None:
    ceremonies, asked = ceremonies_of(deployment), CeremonyPurpose("registration", "browser", "anyone")
    with deployment.database.read() as connection:
        begun = begin_registration(connection, ceremonies, asked, "alice", deployment.now)
    assert [each["alg"] for each in json.loads(begun.options)["pubKeyCredParams"]] == [-7, -8, -257]


@pytest.mark.spec("WEBAUTHN-7.2")
def test_one_that_was_registered_before_opens_nothing(deployment: Deployment) -> None:
    with deployment.database.read() as connection:
        account = people.find_by_username(connection, "alice")
    assert account is not None
    key, ceremonies, asked = (
        SoftwareKey(),
        ceremonies_of(deployment),
        CeremonyPurpose("second_factor", "browser", account.account_id),
    )
    register(deployment, account.account_id, key)
    for cose in COSE.values():
        with deployment.database.transaction() as connection:
            connection.execute(update(passkey_table).values(public_key=cose))
            begun = begin_assertion(connection, ceremonies, asked, deployment.now)
            answer = CeremonyResponse(begun.token, key.sign(begun.options))
            ended = finish_assertion(connection, ceremonies, asked, answer, deployment.now)
        assert ended.outcome == "refused"
        assert "ValueError" in ended.reason, "the key, not the signature, is what was found wanting"


@pytest.mark.spec("RFC9449-4.3-6", "FAPI2-SP-FINAL-5.4.1-2")
def test_no_proof_of_possession_is_made_with_such_a_key(deployment: Deployment) -> None:
    app = register_app(deployment, "dpop-app", dpop_bound_access_tokens=True, scope="openid")
    for name, jwk in JWKS.items():
        algorithm = {"OKP": "Ed25519", "RSA": "PS256", "EC": "ES256"}[jwk["kty"]]
        header = encode_segment(json.dumps({"typ": "dpop+jwt", "alg": algorithm, "jwk": jwk}).encode()).decode()
        claims = encode_segment(json.dumps({"jti": name, "htm": "POST"}).encode()).decode()
        form = {**app.request(), "scope": "openid", **app.credentials()}
        proof = f"{header}.{claims}.{encode(bytes(64))}"
        reply = app.send("/par", form, headers={"DPoP": proof})
        assert (reply.status_code, reply.json["error"]) == (400, "invalid_dpop_proof"), name
        with pytest.raises(BadJwt, match="the jwk in the header cannot be used"):
            verify_dpop_jwt(proof, algorithms=ALGORITHMS)


@pytest.mark.spec("RFC7591-2")
def test_no_client_is_registered_with_such_a_key_alone(deployment: Deployment) -> None:
    for jwk in JWKS.values():
        with pytest.raises(InvalidClientMetadata, match=r"\w"):
            register_app(deployment, "app", jwks={"keys": [jwk]})


@pytest.mark.spec("RTS-SCA-5.1", "RFC8032-5.1.3")
@pytest.mark.parametrize("key", COSE.values(), ids=COSE)
def test_nothing_is_proven_under_such_a_key(key: bytes) -> None:
    failed = verify_proof(as_bytes(approve(), credential_public_key=encode(key))).failed()
    assert failed == ("key", "signature")


@cache
def _authority() -> Authority:
    return create_authority("authority", NOW)


@pytest.mark.spec("RFC8705-2.1", "FAPI2-SP-FINAL-5.4.1")
@pytest.mark.parametrize("encoded", [*SMALL_ORDER_ED25519.values(), *NOT_CANONICAL_ED25519.values()], ids=bytes.hex)
def test_no_certificate_of_such_a_key_is_trusted(encoded: bytes) -> None:
    authority = _authority()
    start = datetime.fromtimestamp(NOW, UTC) - timedelta(days=1)
    key, issuer = ed25519.Ed25519PublicKey.from_public_bytes(encoded), authority.credential
    builder = x509.CertificateBuilder(
        issuer.certificate.subject, common_name("client"), key, 7, start, start + timedelta(9)
    )
    certificate = builder.sign(issuer.key, SHA256())
    with pytest.raises(UntrustedCertificate, match="Edwards"):
        ChainVerifier(authority.pem).verify(certificate.public_bytes(Encoding.DER), NOW)


def _good_keys() -> list[Callable[[], object]]:
    return [
        lambda: ec.generate_private_key(ec.SECP256R1()).public_key(),
        lambda: ed25519.Ed25519PrivateKey.generate().public_key(),
    ]


@pytest.mark.parametrize("make", _good_keys(), ids=["P-256", "Ed25519"])
def test_no_honest_key_is_ever_refused(make: Callable[[], object]) -> None:
    for _ in range(300):
        check_public_key(make())


def test_an_honest_rsa_key_is_taken() -> None:
    for bits in (2048, 3072):
        check_public_key(rsa.generate_private_key(65537, bits).public_key())


def test_the_list_is_that_of_every_point_of_small_order() -> None:
    assert len(SMALL_ORDER_ED25519) == 14
    assert all(_times_eight(encoded) == (0, 1) for encoded in SMALL_ORDER_ED25519.values())


_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P


def _times_eight(encoded: bytes) -> tuple[int, int]:
    """Decode a point as leniently as can be, and add it to itself three times."""
    y = (int.from_bytes(encoded, "little") & (2**255 - 1)) % _P
    squared = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(squared, (_P + 3) // 8, _P)
    if x * x % _P != squared:
        x = x * pow(2, (_P - 1) // 4, _P) % _P
    assert x * x % _P == squared
    for _ in range(3):
        product = _D * x * x * y * y % _P
        x, y = 2 * x * y * pow(1 + product, -1, _P) % _P, (y * y + x * x) * pow(1 - product, -1, _P) % _P
    return x, y
