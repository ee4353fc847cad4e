"""Whether a passkey's key made a signature: a key that cannot be a passkey's made none."""

from authserver.keys.cose import load_cose_key


def is_signed_by(credential_public_key: bytes, signature: bytes, data: bytes) -> bool:
    """Return whether the key, as COSE writes it, made the signature over the data.

    A key that would not be taken at registration, or is in another spelling than it was taken in, made no signature.

    Spec: WEBAUTHN-7.2, WEBAUTHN-6.5.5
    """
    try:
        key = load_cose_key(credential_public_key)
    except ValueError:
        return False
    return key.has_signed(signature, data)
