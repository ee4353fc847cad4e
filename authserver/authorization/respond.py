"""The end of an interaction, once: it is completed, and a code is issued with its grant."""

from collections.abc import Callable

from authserver.authorization.answers.model import Delivery, Device, Redirect, ToClient
from authserver.authorization.next_step import Situation, find_consent
from authserver.authorization.store import completion_moves
from authserver.db.writes import Move, Row, Writes
from authserver.grants.model import Authentication, AuthorizationCode, Consent, Grant
from authserver.grants.store.codes import code_row
from authserver.grants.store.devices import answer_move, refuse_move
from authserver.grants.store.records import grant_row
from authserver.protocol.details.model import Details
from authserver.protocol.details.narrowing import cover
from authserver.protocol.details.registry import last_moment
from authserver.protocol.errors import InvalidRequestUri
from authserver.protocol.handles import hash_handle, new_handle
from authserver.sessions.acr import acr_for, amr_for
from authserver.sessions.model import Session
from authserver.values import Hidden, Value

_DEVICE_REDEEM_SECONDS = 300
"""How long a device has, after a person allowed it, to ask once more: it waits for its interval and retries."""


class Issued(Value, frozen=True):
    """What an answer to a client stores: the rows of the grant and its code, and what is moved on with them.

    `code` is empty where the client has it already, as a device has its device code.
    """

    code: Hidden[str]
    rows: tuple[Row, ...]
    moves: tuple[Move, ...] = ()


class AnswerPolicy(Value, frozen=True):
    """The issuer that answers, and how long what it issues lasts, in seconds."""

    issuer: str
    code_lifetime: int
    grant_lifetime: int
    refresh_idle_lifetime: int


def complete(
    write: Callable[[Writes], bool],
    situation: Situation,
    now: int,
    rows: tuple[Row, ...] = (),
    moves: tuple[Move, ...] = (),
    *,
    rests_on: str = "",
) -> None:
    """End the interaction, spend its request reference and store what is issued; of two at once only one does.

    `moves` are made as well, or nothing is. `write` writes all of it at once, as `Database.write` does. `rests_on` is
    the consent, recorded before, that must still stand. Raises InvalidRequestUri, which no redirect carries, where it
    has ended, or the interaction or the reference has.

    Spec: RFC9126-7.3
    """
    ends = completion_moves(situation.interaction, now, rests_on)
    if not write(Writes(moves=(*ends, *moves), rows=rows)):
        raise InvalidRequestUri("This request was already answered.", clause="RFC9126-7.3")


def refusal_moves(delivery: Delivery, error_code: str, now: int) -> tuple[Move, ...]:
    """Return what is written of a refusal for whoever is not there to be told: a device asks later.

    Spec: RFC8628-3.5
    """
    return (refuse_move(delivery.device_code_hash, error_code, now),) if isinstance(delivery, Device) else ()


def issue(situation: Situation, delivery: ToClient, policy: AnswerPolicy, now: int) -> Issued:
    """Return what a client is answered with, to be stored before the answer is sent.

    A device code is redeemed as a code is, under the hash that its row has.

    Spec: RFC6749-4.1.2, FAPI2-SP-FINAL-5.3.2.1-11, RFC8628-3.5
    """
    grant = _new_grant(situation, policy, now)
    if isinstance(delivery, Device):
        record = _device_record(delivery, grant.client_id, now)
        moved = (answer_move(delivery.device_code_hash, now),)
        return Issued("", (grant_row(grant), code_row(record, grant.grant_id)), moved)
    code = new_handle()
    record = _code_record(code, grant.client_id, delivery, (now, now + policy.code_lifetime))
    return Issued(code, (grant_row(grant), code_row(record, grant.grant_id)))


def _new_grant(situation: Situation, policy: AnswerPolicy, now: int) -> Grant:
    request, session, consent = situation.request, situation.session, find_consent(situation)
    if session is None or consent is None:
        raise TypeError("a code is issued to a signed-in person who consented")
    if situation.interaction.awaits_approval:
        raise TypeError("a code for a payment is issued once the person has approved it")
    details = _agreed_details(situation, consent)
    ends = (now + policy.grant_lifetime, consent.expires_at, last_moment(details))
    expires_at = min(end for end in ends if end is not None)
    return Grant(
        grant_id=new_handle(),
        client_id=request.client_id,
        account_id=session.account_id,
        consent_id=consent.consent_id,
        scope=request.scope,
        resources=request.resources,
        id_token_claims=request.claims.id_token,
        userinfo_claims=request.claims.userinfo,
        authentication=_authentication(session),
        created_at=now,
        expires_at=expires_at,
        refresh_generation=0,
        refresh_expires_at=min(now + policy.refresh_idle_lifetime, expires_at),
        authorization_details=details,
    )


def _authentication(session: Session) -> Authentication:
    acr = acr_for(session.factors)
    if acr is None:
        raise TypeError("a session rests on at least one factor that counts")
    return Authentication(
        acr=acr,
        amr=amr_for(session.factors),
        auth_time=session.auth_time,
        session_id=session.session_id,
    )


def _agreed_details(situation: Situation, consent: Consent) -> Details:
    """Return the details of the request as the person agreed to them, with the accounts they chose, now or before.

    Spec: RFC9396-7.1
    """
    if consent.consent_id == situation.interaction.consent_id:
        return consent.authorization_details
    details = cover(consent.authorization_details, situation.request.authorization_details)
    if details is None:
        raise TypeError("a standing consent under which a code is issued covers every detail of the request")
    return details


def _code_record(code: str, client_id: str, redirect: Redirect, times: tuple[int, int]) -> AuthorizationCode:
    """Return a code's row, which alone knows the challenge: the code itself is random and tells nothing.

    Spec: RFC7636-4.4-1
    """
    issued_at, expires_at = times
    return AuthorizationCode(
        code_hash=hash_handle(code),
        client_id=client_id,
        redirect_uri=redirect.redirect_uri,
        redirect_uri_sent=redirect.redirect_uri_sent,
        code_challenge=redirect.code_challenge,
        dpop_jkt=redirect.dpop_jkt,
        nonce=redirect.nonce,
        issued_at=issued_at,
        expires_at=expires_at,
    )


def _device_record(device: Device, client_id: str, now: int) -> AuthorizationCode:
    return AuthorizationCode(
        code_hash=device.device_code_hash,
        client_id=client_id,
        redirect_uri="",  # none is registered, so nobody redeems it as the code of a redirect
        redirect_uri_sent=False,
        code_challenge=None,
        dpop_jkt=None,
        nonce=None,
        issued_at=now,
        expires_at=now + _DEVICE_REDEEM_SECONDS,
    )
