"""The browser's next step, decided in one place from what is known; the steps never name one another."""

import hmac
from enum import Enum

from authserver.accounts.factors.model import Enrolled, Factor
from authserver.accounts.factors.passkey.factor import DEVICE_KEY, PASSKEY
from authserver.accounts.factors.password.factor import PASSWORD, PASSWORD_METHOD
from authserver.accounts.factors.table import FACTORS
from authserver.accounts.factors.totp.factor import TOTP
from authserver.authorization.answers.model import Device, Redirect
from authserver.authorization.asked import AuthorizationRequest
from authserver.authorization.model import Interaction
from authserver.clients.model import Client
from authserver.grants.model import Consent
from authserver.protocol.assurance import satisfies
from authserver.protocol.errors import (
    AccessDenied,
    ConsentRequired,
    InteractionRequired,
    LoginRequired,
    OAuthError,
    UnmetAuthenticationRequirements,
)
from authserver.protocol.names import ACR_TWO_FACTORS
from authserver.sessions.acr import acr_for
from authserver.sessions.model import ProvedFactor, Session
from authserver.values import Value


class NextStep(Enum):
    """Where the browser goes next, where it is not to the page of a factor."""

    LOGIN = "login"
    ENROL = "enrol"
    OFFER = "offer"
    APPROVE = "approve"
    CONSENT = "consent"
    ISSUE = "issue"


_PROVED_BY_APPROVING = frozenset[NextStep | Factor | None]({None, PASSKEY, TOTP})
"""What need not be done before a payment is approved: the approval itself asks for a factor, fresh, after the text."""


class Situation(Value, frozen=True):
    """All that decides the next step.

    `session` is a live session of an open account or None; `session_hash` is the hash of the cookie it came with.
    `consents` are the standing ones, `enrolled` is what the account can prove itself with;
    `offers_passkeys` says whether this deployment lets a person add one with a password.
    """

    interaction: Interaction
    session: Session | None
    session_hash: bytes | None
    consents: tuple[Consent, ...]
    enrolled: Enrolled
    offers_passkeys: bool = False

    @property
    def request(self) -> AuthorizationRequest:
        """Return the request that is being carried out."""
        return self.interaction.request


def next_step(situation: Situation) -> NextStep | Factor:
    """Return the next step: a page, the page of a factor, or the answer.

    Raises the OAuthError with which the client must be refused.

    Spec: OIDCC-3.1.2.3, OIDCC-3.1.2.4, RFC9470-5
    """
    if situation.interaction.refused_with is not None:
        raise _refusal_of_page(situation.interaction.refused_with)
    step = _authenticate(situation)
    if step is not NextStep.LOGIN:
        _check_approver(situation)
    if situation.interaction.awaits_approval and step in _PROVED_BY_APPROVING:
        step = NextStep.APPROVE
    step = step or _offer(situation) or _authorize(situation)
    if step is None:
        return NextStep.ISSUE
    if "none" in situation.request.demand.prompts:
        raise _silent_refusal(step)
    return step


def find_consent(situation: Situation) -> Consent | None:
    """Return the consent under which tokens may be issued: the one given in this interaction, else a standing one.

    Spec: OIDCC-3.1.2.4
    """
    interaction, request = situation.interaction, situation.request
    if interaction.consent_id is not None:
        given = (consent for consent in situation.consents if consent.consent_id == interaction.consent_id)
        return next(given, None)
    if "consent" in request.demand.prompts:
        return None
    asked = (request.scope, request.single_claims(), request.resources, request.authorization_details)
    return next((consent for consent in situation.consents if consent.covers(*asked)), None)


def may_rest_on_earlier(interaction: Interaction, client: Client | None) -> bool:
    """Return whether what the person allowed before may answer this request, so that it must be known.

    It may not for an app that nothing tells from another: it has no credential, and any app on the person's device can
    listen at a loopback address or claim a private-use scheme. Nor may it for a device, whose code somebody else may
    have sent to the person. `client` is None for our own pages.

    Spec: OIDCC-3.1.2.1, RFC8252-8.6, RFC6749-10.2, RFC8628-5.4
    """
    if client is None or interaction.consent_id is not None or "consent" in interaction.request.demand.prompts:
        return False
    delivery = interaction.delivery
    if isinstance(delivery, Device):
        return False
    at_https = isinstance(delivery, Redirect) and delivery.redirect_uri.startswith("https:")
    return at_https or not client.is_public


def _authenticate(situation: Situation) -> NextStep | Factor | None:
    """Return the page that the authentication still needs, or None where it suffices."""
    session, demand = situation.session, situation.request.demand
    if demand.acr_essential:
        raise _unmet("no acr value asked for is known")
    if session is None or _must_sign_in_again(situation, session):
        return NextStep.LOGIN
    if situation.request.hinted_subject not in {None, session.account_id}:
        if _signed_in_since_opening(situation, session):
            raise LoginRequired("Someone else signed in.", clause="OIDCC-3.1.2.2")
        return NextStep.LOGIN
    if demand.acr is None or satisfies(acr_for(session.factors), demand.acr):
        return None
    return _strengthen(session, situation.enrolled, demand.acr)


def _check_approver(situation: Situation) -> None:
    """Refuse a payment that someone else approved in this browser before they signed out: it is theirs, or nobody's.

    Spec: RTS-SCA-4.1, RTS-SCA-5.1
    """
    interaction, session = situation.interaction, situation.session
    if interaction.approval_id is None or session is None:
        return
    if interaction.approved_by != session.account_id:
        raise AccessDenied("Someone else approved this payment.", clause="RTS-SCA-5.1")


def needs_verified_user(session: Session, acr: str | None) -> bool:
    """Return whether a passkey must verify its user to reach an assurance: where its possession alone would not.

    Spec: RTS-SCA-4.1, RTS-SCA-9.1
    """
    return acr is not None and not satisfies(_acr_with(session, DEVICE_KEY), acr)


def ways(session: Session, enrolled: Enrolled, acr: str | None) -> tuple[Factor, ...]:
    """Return the factors that the person has and that reach an assurance, in the order in which they are asked for.

    A passkey always does: it can be asked to verify its user.

    Spec: RFC9470-5
    """
    if acr is None:
        return ()
    reaching = (
        factor
        for factor in FACTORS
        if enrolled.has(factor) and any(satisfies(_acr_with(session, method), acr) for method in factor.methods)
    )
    return tuple(reaching)


def _strengthen(session: Session, enrolled: Enrolled, acr: str) -> NextStep | Factor:
    """Return the page for what is missing, the strongest that the person has first.

    A session on a possession alone lacks the password: another possession would leave it where it is, for ever. Only
    who has nothing beside a password may be led to add something; whoever has is never let through by less.

    Spec: RFC9470-5, RTS-SCA-9.1
    """
    found = ways(session, enrolled, acr)
    if found:
        return found[0]
    if not enrolled.has_second_factor:
        return NextStep.ENROL
    has_password = any(factor.method == PASSWORD_METHOD for factor in session.factors)
    if not enrolled.has(PASSWORD) or has_password or not satisfies(ACR_TWO_FACTORS, acr):
        raise _unmet(f"{acr} cannot be reached with what the person has")
    return NextStep.LOGIN


def _offer(situation: Situation) -> NextStep | None:
    """Return the page that offers a passkey, once ever, to whoever has just signed in by a password alone."""
    session, enrolled = situation.session, situation.enrolled
    if session is None or not situation.offers_passkeys or enrolled.has_second_factor or enrolled.passkey_offered:
        return None
    is_unasked = situation.interaction.is_own or "none" in situation.request.demand.prompts
    return NextStep.OFFER if not is_unasked and _signed_in_since_opening(situation, session) else None


def _acr_with(session: Session, method: str) -> str | None:
    return acr_for((*session.factors, ProvedFactor(method, session.authenticated_at)))


def _authorize(situation: Situation) -> NextStep | None:
    if situation.interaction.is_own:
        return None
    return NextStep.CONSENT if find_consent(situation) is None else None


def _must_sign_in_again(situation: Situation, session: Session) -> bool:
    """Return whether the request asks for a newer sign-in than the session's.

    Age is measured when the request was opened: a person may take their time over the pages that follow. Both moments
    are whole seconds, so that an age of exactly max_age may really be more; and a max_age of 0 asks like `login`. The
    oldest factor counts: a fresh code, which any step's page takes, makes no old password fresh.

    Spec: OIDCC-3.1.2.1
    """
    if _signed_in_since_opening(situation, session):
        return False
    demand = situation.request.demand
    if demand.prompts & {"login", "select_account"}:
        return True
    age = situation.interaction.created_at - session.auth_time
    return demand.max_age is not None and age >= demand.max_age


def _signed_in_since_opening(situation: Situation, session: Session) -> bool:
    """Return whether the session's first factor is newer than the interaction, and its cookie another one.

    The cookie tells a sign-in within the same second; the factor tells a sign-in from an added second factor.
    """
    opened_with = situation.interaction.opened_with_session or b""
    is_new_cookie = not hmac.compare_digest(situation.session_hash or b"", opened_with)
    return is_new_cookie and session.auth_time >= situation.interaction.created_at


def _refusal_of_page(error_code: str) -> OAuthError:
    """Return the refusal that a page has decided on.

    Spec: RFC6749-4.1.2.1
    """
    if error_code == UnmetAuthenticationRequirements.code:
        return _unmet("the person has no second factor")
    return AccessDenied("The person did not allow it.", clause="RFC6749-4.1.2.1")


def _silent_refusal(step: NextStep | Factor) -> OAuthError:
    """Return the refusal where a page is needed and none may be shown.

    Spec: OIDCC-3.1.2.6
    """
    if step is NextStep.LOGIN:
        return LoginRequired("The person must sign in.", clause="OIDCC-3.1.2.6")
    if step is NextStep.CONSENT:
        return ConsentRequired("The person must consent.", clause="OIDCC-3.1.2.6")
    return InteractionRequired("The person must do something more.", clause="OIDCC-3.1.2.6")


def _unmet(reason: str) -> UnmetAuthenticationRequirements:
    return UnmetAuthenticationRequirements(
        "The person cannot sign in as strongly as this request needs.", reason=reason, clause="OIDC-UNMET-AUTH-2"
    )
