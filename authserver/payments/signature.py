"""Whether a passkey's key made a signature; the one place here that knows what a passkey's key looks like."""

from typing import Final

from cryptography.exceptions import InvalidSignature
from webauthn.helpers import decode_credential_public_key
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.decoded_public_key_to_cryptography import decoded_public_key_to_cryptography
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.verify_signature import verify_signature

_ALGORITHMS: Final = frozenset({
    COSEAlgorithmIdentifier.ECDSA_SHA_256, COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
})  # fmt: skip


def is_signed_by(credential_public_key: bytes, signature: bytes, data: bytes) -> bool:
    """Return whether the key, as COSE writes it, made the signature over the data.

    Anything that is no such key, or of an algorithm not taken at registration, made no signature.

    Spec: WEBAUTHN-7.2, WEBAUTHN-6.5.6
    """
    try:
        decoded = decode_credential_public_key(credential_public_key)
        if decoded.alg not in _ALGORITHMS:
            return False
        key = decoded_public_key_to_cryptography(decoded)
        verify_signature(public_key=key, signature_alg=decoded.alg, signature=signature, data=data)
    except (WebAuthnException, InvalidSignature, ValueError, TypeError, LookupError, AttributeError, OverflowError):
        return False
    return True
