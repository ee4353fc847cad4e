"""What follows in an interaction: the next page, or the answer to the app, durable before it is sent."""

from collections.abc import Callable
from functools import partial

from authserver.accounts.factors.model import Factor
from authserver.authorization.answers.model import AuthorizationResponse, Delivery, Device, OwnPage, ToClient
from authserver.authorization.answers.parameters import to_device, to_own_page, with_code, with_refusal
from authserver.authorization.answers.signed import ResponseSigner
from authserver.authorization.model import Interaction, Visit
from authserver.authorization.next_step import NextStep, Situation, find_consent, may_rest_on_earlier, next_step
from authserver.authorization.respond import AnswerPolicy, complete, issue, refusal_moves
from authserver.authorization.stored_request import check_own_page, check_still_registered
from authserver.clients.model import Client
from authserver.db.engine import Database
from authserver.db.writes import Row
from authserver.events.catalogue import AUTHORIZATION_GRANTED, AUTHORIZATION_REFUSED
from authserver.events.journal import Journal
from authserver.events.model import Event, Kind, person
from authserver.grants.model import Consent
from authserver.grants.store import consents
from authserver.protocol.errors import InvalidRequest, OAuthError
from authserver.sessions.lifecycle import is_due
from authserver.sessions.store import touch
from authserver.values import Assembly, Value, replace


class Allowed(Value, frozen=True):
    """What a person has just allowed: the consent, the rows that record it, and the event of it."""

    consent: Consent
    rows: tuple[Row, ...]
    event: Event


class Dispatcher(Assembly, frozen=True):
    """Carries interactions on; `offers_passkeys` says whether a person may add one with a password.

    `find_client` finds a client that may be served, as it is registered now, `audiences` returns all that a request may
    name as a resource, and `own_pages` are the URLs of our own pages that a sign-in may lead to.
    """

    database: Database
    journal: Journal
    answers: AnswerPolicy
    signer: ResponseSigner
    find_client: Callable[[str], Client | None]
    audiences: Callable[[], frozenset[str]]
    own_pages: frozenset[str] = frozenset()
    offers_passkeys: bool = False

    def decide(self, visit: Visit, now: int, correlation_id: str) -> NextStep | Factor | AuthorizationResponse:
        """Return the next step, or the answer; what ends the interaction is durable by then.

        Raises InvalidRequest where the client is gone or disabled, InvalidRequestUri where it may no longer ask for
        this, or was answered meanwhile.
        """
        client, delivery = self._still_asks(visit.interaction), visit.interaction.delivery
        situation = self._situation(visit, self._consents(visit, client, now))
        self._touch(situation, now)
        try:
            step = next_step(situation)
        except OAuthError as error:
            complete(self.database.write, situation, now, moves=refusal_moves(delivery, error.code, now))
            self._tell(AUTHORIZATION_REFUSED, situation, now, correlation_id, error.code)
            return self.refuse(delivery, client, error, now)
        if step is not NextStep.ISSUE:
            return step
        if isinstance(delivery, OwnPage):
            complete(self.database.write, situation, now)
            return to_own_page(delivery)
        if client is None:
            raise TypeError("whoever is answered elsewhere than on a page of ours is a client")
        code = self._issue(situation, delivery, now, correlation_id)
        return self._answer(delivery, client, code, now)

    def awaits_consent(self, visit: Visit) -> bool:
        """Return whether consent is what this request needs next, leaving aside what was allowed before it.

        A session too weak or too old for the request must not record what a later, silent visit would rely on. What
        someone else allowed in this interaction, before they signed out, is no one's consent now.

        Spec: OIDCC-3.1.2.4
        """
        if visit.interaction.is_over or visit.visitor.session is None:
            return False
        try:
            return next_step(self._situation(visit, _given(visit))) is NextStep.CONSENT
        except OAuthError:
            return False

    def conclude(self, visit: Visit, allowed: Allowed, now: int, correlation_id: str) -> AuthorizationResponse:
        """Return the answer where this consent alone was awaited; both are recorded, or neither.

        Raises what `decide` raises.

        Spec: RFC6749-4.1.2, RFC9126-7.3
        """
        client, delivery = self._still_asks(visit.interaction), visit.interaction.delivery
        if client is None or isinstance(delivery, OwnPage):
            raise TypeError("no consent is asked for a page of our own")
        interaction = replace(visit.interaction, consent_id=allowed.consent.consent_id)
        situation = self._situation(Visit(interaction, visit.visitor), (allowed.consent,))
        self._touch(situation, now)
        code = self._issue(situation, delivery, now, correlation_id, allowed)
        return self._answer(delivery, client, code, now)

    def refuse(self, delivery: Delivery, client: Client | None, error: OAuthError, now: int) -> AuthorizationResponse:
        """Return the refusal as it travels to the client, or to a page of ours where there is none.

        Spec: RFC6749-4.1.2.1, JARM-2.1
        """
        app_name = client.client_name if client is not None else ""
        refusal = with_refusal(delivery, error, self.answers.issuer, app_name)
        return refusal if client is None else self.signer.sign(refusal, client, now)

    def _answer(self, delivery: ToClient, client: Client, code: str, now: int) -> AuthorizationResponse:
        if isinstance(delivery, Device):
            return to_device(delivery, client.client_name)
        return self.signer.sign(with_code(delivery, code, self.answers.issuer, client.client_name), client, now)

    def _still_asks(self, interaction: Interaction) -> Client | None:
        """Return the app that may still ask for this, or None where it is a page of ours.

        Spec: RFC6749-4.1.2.1, RFC9126-7.4
        """
        delivery = interaction.delivery
        if isinstance(delivery, OwnPage):
            check_own_page(delivery, self.own_pages)
            return None
        client = self.find_client(interaction.client_id)
        if client is None:
            raise InvalidRequest("No such client is registered.", clause="RFC6749-4.1.2.1")
        check_still_registered(interaction.request, delivery, client, self.audiences())
        return client

    def _issue(
        self, situation: Situation, delivery: ToClient, now: int, correlation_id: str, allowed: Allowed | None = None
    ) -> str:
        """Return a code that is durable by now, with its grant and what was allowed, if anything was just now."""
        issued = issue(situation, delivery, self.answers, now)
        if allowed:
            recorded = partial(self.journal.write, self.database, events=(allowed.event,))
            complete(recorded, situation, now, (*allowed.rows, *issued.rows), issued.moves)
        else:
            consent = find_consent(situation)  # recorded before: it may be taken back at this very moment
            rests_on = consent.consent_id if consent else ""
            complete(self.database.write, situation, now, issued.rows, issued.moves, rests_on=rests_on)
        self._tell(AUTHORIZATION_GRANTED, situation, now, correlation_id, "")
        return issued.code

    def _situation(self, visit: Visit, standing: tuple[Consent, ...]) -> Situation:
        visitor = visit.visitor
        return Situation(
            visit.interaction,
            visitor.session,
            visitor.session_hash,
            consents=standing,
            enrolled=visitor.enrolled,
            offers_passkeys=self.offers_passkeys,
        )

    def _consents(self, visit: Visit, client: Client | None, now: int) -> tuple[Consent, ...]:
        """Return what may answer the request: what was allowed in this interaction, else what was before it."""
        account = visit.visitor.account
        if visit.given is not None or account is None or not may_rest_on_earlier(visit.interaction, client):
            return _given(visit)
        with self.database.read() as connection:
            standing = consents.find_standing(connection, account.account_id, visit.interaction.client_id, now)
        return tuple(standing)

    def _touch(self, situation: Situation, now: int) -> None:
        """Note at most once a minute that the session is in use."""
        if situation.session is not None and situation.session_hash and is_due(situation.session, now):
            with self.database.single() as connection:
                touch(connection, situation.session_hash, now)

    def _tell(self, kind: Kind, situation: Situation, now: int, correlation_id: str, error: str) -> None:
        session = situation.session
        account_id = session.account_id if session is not None else ""
        detail = {"error": error} if error else {}
        client_id = situation.request.client_id
        event = Event(kind, now, person(account_id), account_id, client_id, detail, correlation_id=correlation_id)
        self.journal.tell(event)


def _given(visit: Visit) -> tuple[Consent, ...]:
    return () if visit.given is None else (visit.given,)
