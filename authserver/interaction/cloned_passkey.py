"""What a passkey shown twice leads to: whoever came in by one is signed out, and its owner is told."""

from authserver.accounts.factors.passkey.ceremonies import CLONE_SUSPECTED, AssertionResult, finish_assertion
from authserver.accounts.factors.passkey.ceremony_token import Ceremonies, CeremonyPurpose, CeremonyResponse
from authserver.accounts.factors.passkey.factor import PASSKEY
from authserver.db.engine import Connection
from authserver.sessions import lifecycle


def prove(
    connection: Connection, ceremonies: Ceremonies, asked: CeremonyPurpose, answer: CeremonyResponse, now: int
) -> AssertionResult:
    """Verify a proof by a passkey; where it was closed as a copy, end the sessions that rest on a passkey with it.

    The copy may have been the first to come, and nothing tells which one a session was begun with. Its owner is told,
    whoever is signed in.

    Spec: WEBAUTHN-6.1.1, ASVS5-7.4.1, ASVS5-6.3.5
    """
    proof = finish_assertion(connection, ceremonies, asked, answer, now)
    if proof.outcome == CLONE_SUSPECTED:
        lifecycle.end_resting_on(connection, proof.account_id, PASSKEY.methods.keys(), now)
    return proof
