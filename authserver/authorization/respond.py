"""The answer to the client: a code with its grant, or a refusal; either ends the interaction, once."""

from collections.abc import Mapping
from dataclasses import dataclass

from authserver.authorization.model import AuthorizationRequest
from authserver.authorization.next_step import Situation, find_consent
from authserver.authorization.response_modes import FORM_POST, add_to_query, error_parameters, success_parameters
from authserver.authorization.store import completion_moves
from authserver.db.at_once import Row, Writes
from authserver.db.engine import Database
from authserver.grants.model import Authentication, AuthorizationCode, Consent, Grant
from authserver.grants.store.codes import code_row
from authserver.grants.store.records import grant_row
from authserver.protocol.authorization_details.model import Details
from authserver.protocol.authorization_details.narrowing import cover
from authserver.protocol.authorization_details.registry import last_moment
from authserver.protocol.errors import InvalidRequestUri, OAuthError
from authserver.protocol.handles import hash_handle, new_handle
from authserver.sessions.acr import acr_for, amr_for
from authserver.sessions.model import Session
from authserver.web.machine.model import MachineResponse
from authserver.web.machine.responses import see_other
from authserver.web.pages.page import Pages


@dataclass(frozen=True, slots=True)
class AnswerPolicy:
    """The issuer that answers, and how long what it issues lasts, in seconds."""

    issuer: str
    code_lifetime: int
    grant_lifetime: int
    refresh_idle_lifetime: int


@dataclass(frozen=True, slots=True)
class Answer:
    """Parameters for a redirect URI, in a response mode."""

    redirect_uri: str
    response_mode: str
    parameters: Mapping[str, str]


def complete(
    database: Database, situation: Situation, now: int, rows: tuple[Row, ...] = (), *, rests_on: str = ""
) -> None:
    """End the interaction, spend its request reference and store what is issued; of two at once only one does.

    `rests_on` is the consent, recorded before, that must still stand. Raises InvalidRequestUri, which no redirect
    carries, where it has ended, or the interaction or the reference has.

    Spec: RFC9126-7.3
    """
    if not database.write(Writes(moves=completion_moves(situation.interaction, now, rests_on), rows=rows)):
        raise InvalidRequestUri("This request was answered before.", clause="RFC9126-7.3")


def issue_code(situation: Situation, policy: AnswerPolicy, now: int) -> tuple[Answer, tuple[Row, ...]]:
    """Return the answer that carries a code, and the rows of the grant and the code, to be stored before it is sent.

    Spec: RFC6749-4.1.2, FAPI2-SP-FINAL-5.3.2.1-11
    """
    request, session, consent = situation.request, situation.session, find_consent(situation)
    if session is None or consent is None:
        raise TypeError("a code is issued to a signed-in person who consented")
    if situation.interaction.awaits_approval:
        raise TypeError("a code for a payment is issued once the person has approved it")
    details = _agreed_details(situation, consent)
    ends = (now + policy.grant_lifetime, consent.expires_at, last_moment(details))
    expires_at = min(end for end in ends if end is not None)
    grant = Grant(
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
    code = new_handle()
    rows = grant_row(grant), code_row(_code_record(code, request, policy, now), grant.grant_id)
    parameters = success_parameters(code, request.state, policy.issuer)
    return Answer(request.redirect_uri, request.response_mode, parameters), rows


def refuse(request: AuthorizationRequest, error: OAuthError, issuer: str) -> Answer:
    """Return the answer that carries a refusal.

    Spec: RFC6749-4.1.2.1, RFC9207-2
    """
    parameters = error_parameters(error.code, error.description, request.state, issuer)
    return Answer(request.redirect_uri, request.response_mode, parameters)


def send(answer: Answer, pages: Pages, app_name: str) -> MachineResponse:
    """Return the response that takes the answer to the client's redirect URI; in the query if the mode is unknown.

    Spec: FAPI2-SP-FINAL-5.3.2.2-10, FAPI2-SP-FINAL-5.3.2.2-11, OAUTH-FORM-POST-2
    """
    redirect_uri, parameters = answer.redirect_uri, answer.parameters
    if answer.response_mode == FORM_POST:
        values = {
            "app_name": app_name,
            "redirect_uri": redirect_uri,
            "parameters": list(parameters.items()),
            "languages": (),  # shown in another language it would be asked for anew, and the answer lost
        }
        return pages.render("interaction/form_post.html", values, forms_stay=False)
    return see_other(add_to_query(redirect_uri, parameters))


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


def _code_record(code: str, request: AuthorizationRequest, policy: AnswerPolicy, now: int) -> AuthorizationCode:
    """Return a code's row, which alone knows the challenge: the code itself is random and tells nothing.

    Spec: RFC7636-4.4-1
    """
    return AuthorizationCode(
        code_hash=hash_handle(code),
        client_id=request.client_id,
        redirect_uri=request.redirect_uri,
        redirect_uri_sent=request.redirect_uri_sent,
        code_challenge=request.code_challenge,
        dpop_jkt=request.dpop_jkt,
        nonce=request.nonce,
        issued_at=now,
        expires_at=now + policy.code_lifetime,
    )
