"""Adding a factor to a session: what the pages for a code have in common."""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from authserver.accounts.factors.model import Enrolled, Factor
from authserver.accounts.factors.table import FACTORS
from authserver.accounts.model import Account
from authserver.accounts.store.people import Connection
from authserver.events.catalogue import SECOND_FACTOR_FAILED
from authserver.events.model import Event
from authserver.interaction.attempt import BLOCKED, AttemptResult, proved_all, verify_attempt
from authserver.interaction.passkey_offer import address_in
from authserver.interaction.step import Step, StepDeps, event_of, go_on, show
from authserver.protocol.assurance import satisfies
from authserver.protocol.names import ACR_TWO_FACTORS
from authserver.sessions import lifecycle
from authserver.sessions.acr import acr_for
from authserver.sessions.model import Session
from authserver.values import Assembly, Value, field
from authserver.web.pages.form_page import Reply


class FactorCheck(Protocol):
    """How a check ended: true only if the code was right and is spent, with the operator's word for it."""

    @property
    def outcome(self) -> str:
        """Return the operator's word for it."""

    def __bool__(self) -> bool: ...


class Proof(Assembly, frozen=True):
    """A page with what it shows again, the method it adds, the check of a code, and the event of a right one.

    Check and event share one transaction.
    """

    page: str
    method: str
    check: Callable[[Connection], FactorCheck]
    event: Event
    shown: Mapping[str, object] = field(default_factory=dict)


class _Checked(Value, frozen=True):
    outcome: str
    is_right: bool
    raised: tuple[Session, str] | None

    def __bool__(self) -> bool:
        return self.is_right


def add_proof(deps: StepDeps, step: Step, account: Account, proof: Proof) -> Reply:
    """Check a code, raise the session and go on, or show the page again.

    If the session has ended meanwhile, the code is spent all the same.

    Spec: RTS-SCA-4.1, RTS-SCA-4.3
    """
    account_id = account.account_id
    tried = verify_attempt(deps.attempts, account_id, step.now, lambda: _check(deps, step, proof))
    if tried.value is None or not tried.value:
        detail = {"method": proof.method, "outcome": tried.value.outcome if tried.value is not None else BLOCKED}
        deps.journal.tell(event_of(step, SECOND_FACTOR_FAILED, account_id, detail))
        return show(deps, step, proof.page, {**proof.shown, **tried.problem()})
    return _go_on(deps, step, account_id, tried)


def other_ways(step: Step, factors: Iterable[Factor], shown: Factor) -> dict[str, object]:
    """Return the links from the page of one factor to those of the others, each with its words."""
    return {"ways": [(address_in(step, each.path), each.instead) for each in factors if each != shown]}


def held(enrolled: Enrolled) -> tuple[Factor, ...]:
    """Return the factors that a person has beside a password."""
    return tuple(factor for factor in FACTORS if enrolled.has(factor))


def _check(deps: StepDeps, step: Step, proof: Proof) -> _Checked:
    with deps.database.transaction() as connection:
        check = proof.check(connection)
        if not check:
            return _Checked(check.outcome, is_right=False, raised=None)
        deps.journal.record(connection, proof.event)
        raised = lifecycle.elevate(connection, step.session_cookie, proof.method, deps.session_limits, step.now)
    return _Checked(check.outcome, is_right=True, raised=raised)


def _go_on(deps: StepDeps, step: Step, account_id: str, tried: AttemptResult[_Checked]) -> Reply:
    raised = tried.value.raised if tried.value is not None else None
    if raised is None:
        return go_on(step)
    session, cookie = raised
    device = ""
    if satisfies(acr_for(session.factors), ACR_TWO_FACTORS):
        device = proved_all(deps.attempts, tried.attempt, account_id, step.now)
    return go_on(step, session_cookie=cookie, device_cookie=device)
