"""Passkeys and security keys: what a browser is asked for, and what must be true of its answer.

Imported at the first ceremony: the library takes 4 MB, which a worker without people does not need to hold.
It verifies signatures and structures; what it leaves to its caller is checked here, and whatever it raises on
a hostile answer is one refusal.
"""

from collections.abc import Iterable
from typing import Final

import webauthn
from webauthn.helpers import bytes_to_base64url, options_to_json
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from authserver.accounts.factors.passkey.model import (
    Credential,
    ExpectedCeremony,
    NewCredential,
    Passkey,
    PasskeyRefused,
    RelyingParty,
    Signed,
    SignedAssertion,
    check_client_data,
    part_of,
    transports_of,
)
from authserver.keys.cose import COSE_ALGORITHMS, load_cose_key

_ALGORITHMS: Final = [COSEAlgorithmIdentifier(number) for number in COSE_ALGORITHMS]
_LONGEST_REASON: Final = 200
PROMPT_MILLISECONDS: Final = 300_000
"""How long the browser may wait for the person: a prompt that ends sooner leaves slow hands behind."""


def registration_options(
    party: RelyingParty, person: tuple[str, str], challenge: bytes, existing: Iterable[Passkey], *, verify: bool
) -> str:
    """Return as JSON what to ask of `navigator.credentials.create()`; who has a passkey here makes no second on it.

    Spec: WEBAUTHN-5.4, WEBAUTHN-14.6.1
    """
    options = webauthn.generate_registration_options(
        rp_id=party.rp_id,
        rp_name=party.name,
        user_id=person[0].encode(),
        user_name=person[1],
        challenge=challenge,
        timeout=PROMPT_MILLISECONDS,
        attestation=AttestationConveyancePreference.DIRECT if party.aaguids else AttestationConveyancePreference.NONE,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=_verification(verify=verify)
        ),
        exclude_credentials=_descriptors(existing),
        supported_pub_key_algs=_ALGORITHMS,
    )
    return options_to_json(options)


def assertion_options(party: RelyingParty, challenge: bytes, passkeys: Iterable[Passkey], *, verify: bool) -> str:
    """Return as JSON what to ask of `navigator.credentials.get()`: these passkeys, or any of ours if none is named.

    Spec: WEBAUTHN-5.5
    """
    options = webauthn.generate_authentication_options(
        rp_id=party.rp_id,
        challenge=challenge,
        timeout=PROMPT_MILLISECONDS,
        allow_credentials=_descriptors(passkeys),
        user_verification=_verification(verify=verify),
    )
    return options_to_json(options)


def verify_registration(credential: Credential, expected: ExpectedCeremony) -> NewCredential:
    """Verify the answer of `create()`; raise PasskeyRefused.

    An allow-list of models is a matter of what the authenticator says of itself: no certificate of a maker is asked.

    Spec: WEBAUTHN-7.1, WEBAUTHN-7.1-25
    """
    party = expected.relying_party
    check_client_data(credential)
    try:
        made = webauthn.verify_registration_response(
            credential=dict(credential.members),
            expected_challenge=expected.challenge,
            expected_rp_id=party.rp_id,
            expected_origin=party.origin,
            require_user_verification=expected.verify_user,
            supported_pub_key_algs=_ALGORITHMS,
        )
        load_cose_key(made.credential_public_key)  # the library takes any curve and length, and points without a secret
    except Exception as error:  # a hostile answer raises anything: KeyError, TypeError, RecursionError
        raise _refusal(error) from error
    if made.credential_id != credential.credential_id:
        raise PasskeyRefused("the credential made is not the one that the answer names")
    if party.aaguids and made.aaguid not in party.aaguids:
        raise PasskeyRefused("authenticators of this model may not be registered")
    return NewCredential(
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        backup_eligible=made.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
        backed_up=made.credential_backed_up,
        aaguid=made.aaguid,
        transports=transports_of(credential),
    )


def verify_assertion(credential: Credential, public_key: bytes, expected: ExpectedCeremony) -> Signed:
    """Verify the answer of `get()` under a key; raise PasskeyRefused. Whoever keeps the count compares it.

    Spec: WEBAUTHN-7.2, RTS-SCA-4.1
    """
    check_client_data(credential)
    try:
        load_cose_key(public_key)  # one that was registered before such keys were refused opens nothing either
        verified = webauthn.verify_authentication_response(
            credential=dict(credential.members),
            expected_challenge=expected.challenge,
            expected_rp_id=expected.relying_party.rp_id,
            expected_origin=expected.relying_party.origin,
            credential_public_key=public_key,
            credential_current_sign_count=0,
            require_user_verification=expected.verify_user,
        )
    except Exception as error:  # a hostile answer raises anything: KeyError, TypeError, RecursionError
        raise _refusal(error) from error
    return Signed(
        sign_count=verified.new_sign_count,
        backup_eligible=verified.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
        backed_up=verified.credential_backed_up,
        user_verified=verified.user_verified,
    )


def evidence_of(credential: Credential, challenge: bytes, public_key: bytes, *, user_verified: bool) -> SignedAssertion:
    """Keep what was signed of a verified answer."""
    return SignedAssertion(
        challenge=challenge,
        credential_id=credential.credential_id,
        public_key=public_key,
        client_data_json=part_of(credential, "clientDataJSON"),
        authenticator_data=part_of(credential, "authenticatorData"),
        signature=part_of(credential, "signature"),
        user_verified=user_verified,
    )


def verify_evidence(evidence: SignedAssertion, expected: ExpectedCeremony) -> Signed:
    """Verify kept evidence again, with no database; raise PasskeyRefused.

    Spec: RTS-SCA-5.1
    """
    credential_id = bytes_to_base64url(evidence.credential_id)
    response = {
        "clientDataJSON": bytes_to_base64url(evidence.client_data_json),
        "authenticatorData": bytes_to_base64url(evidence.authenticator_data),
        "signature": bytes_to_base64url(evidence.signature),
    }
    members = {"id": credential_id, "rawId": credential_id, "type": "public-key", "response": response}
    return verify_assertion(Credential(evidence.credential_id, None, members), evidence.public_key, expected)


def _refusal(error: Exception) -> PasskeyRefused:
    """Return the library's complaint for the operator's log: it quotes what came in, which may be no text at all."""
    text = f"{type(error).__name__}: {error}".encode("ascii", "backslashreplace").decode("ascii")
    return PasskeyRefused(text[:_LONGEST_REASON])


def _descriptors(passkeys: Iterable[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=passkey.credential_id,
            transports=[AuthenticatorTransport(name) for name in passkey.transports] or None,
        )
        for passkey in passkeys
    ]


def _verification(*, verify: bool) -> UserVerificationRequirement:
    return UserVerificationRequirement.REQUIRED if verify else UserVerificationRequirement.PREFERRED
