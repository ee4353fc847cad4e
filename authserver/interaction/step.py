"""What every step does before and after its own thing: find the interaction, show, tell, go back.

A step is reached with the interaction's id in the URL and the cookie of the browser in which it began; one without
the other opens nothing.
"""

from collections.abc import Callable, Mapping
from urllib.parse import quote

from flask import Response, request

from authserver.accounts.attempts import Attempts
from authserver.accounts.factors.model import Enrolled
from authserver.accounts.factors.table import FACTORS
from authserver.accounts.factors.totp.factor import TOTP
from authserver.accounts.model import Account
from authserver.accounts.store import people as accounts
from authserver.authorization import store
from authserver.authorization.model import BrowserCookies, Interaction, Visit
from authserver.clients.model import Client
from authserver.clock import Clock
from authserver.db.engine import Database
from authserver.events import model as actors
from authserver.events.journal import Journal
from authserver.events.model import Event, Kind
from authserver.interaction.requester import Requester, find_requester
from authserver.limits.rates import AddressReader, Limits, peer_address
from authserver.messages import Message
from authserver.protocol.assurance import satisfies
from authserver.protocol.errors import AccessDenied, SignInOver
from authserver.protocol.names import ACR_ONE_FACTOR, ACR_TWO_FACTORS
from authserver.protocol.urls import AUTHORIZE_CONTINUE
from authserver.sessions import lifecycle
from authserver.sessions.acr import acr_for
from authserver.sessions.browsers import describe_browser
from authserver.sessions.model import Browser, Session, SessionLimits
from authserver.sessions.store import Connection
from authserver.values import Assembly, Hidden, Value
from authserver.web.machine.responses import Headers, see_other
from authserver.web.pages.cookies import BROWSER_COOKIE, SESSION_COOKIE, device_cookie_header, read_cookie, set_cookie
from authserver.web.pages.csrf import CsrfProtection
from authserver.web.pages.flask_pages import correlation_id, to_flask
from authserver.web.pages.form_page import View
from authserver.web.pages.i18n import wish
from authserver.web.pages.page import Pages

DID_NOT_WORK = Message("That did not work. Check what you entered and try again.")
"""What a person is told whichever factor was wrong, and whether or not the account exists."""


class StepDeps(Assembly, frozen=True):
    """What every step uses; one for the whole application.

    `address` tells who is counted by the limits: behind a proxy it must look past it, or everyone shares one limit.
    """

    database: Database
    pages: Pages
    csrf: CsrfProtection
    limits: Limits
    clock: Clock
    journal: Journal
    find_client: Callable[[str], Client | None]
    session_limits: SessionLimits
    attempts: Attempts
    address: AddressReader = peer_address


class Step(Value, frozen=True):
    """One request to a step: the interaction it belongs to with who is signed in, if anyone, and who asks.

    `session` and `account` are both there or both None; a locked account counts as nobody. `enrolled` is what they
    had to prove themselves by when the request came.
    """

    interaction_id: str
    browser: str
    session_cookie: Hidden[str]
    visit: Visit
    party: Requester
    now: int

    @property
    def interaction(self) -> Interaction:
        """Return the interaction."""
        return self.visit.interaction

    @property
    def client_id(self) -> str:
        """Return the id of the client that asks, or the id that stands for our own pages."""
        return self.interaction.client_id

    @property
    def session(self) -> Session | None:
        """Return the live session of the browser."""
        return self.visit.visitor.session

    @property
    def account(self) -> Account | None:
        """Return whose session it is."""
        return self.visit.visitor.account

    @property
    def account_id(self) -> str:
        """Return the id of that account, or nothing."""
        return self.account.account_id if self.account else ""

    @property
    def enrolled(self) -> Enrolled:
        """Return what the person can prove themselves by."""
        return self.visit.visitor.enrolled

    @property
    def is_over(self) -> bool:
        """Return whether the interaction has nothing left for a person to do."""
        return self.visit.interaction.is_over


def open_step(deps: StepDeps) -> Step:
    """Find the interaction of the request being answered.

    Raises InvalidRequest, shown as a page, where there is none for this browser.

    Spec: RFC9700-4.7, RFC6749-10.12
    """
    cookies = request.headers.get("Cookie", "")
    shown = BrowserCookies(read_cookie(cookies, BROWSER_COOKIE), read_cookie(cookies, SESSION_COOKIE))
    interaction_id, now = request.args.get("interaction", ""), deps.clock()
    with deps.database.read() as connection:
        visit = store.find_visit(connection, shown, interaction_id, deps.session_limits, now)
    if visit is None:
        raise _unknown_interaction("no interaction of that id in this browser, or it has expired")
    interaction = visit.interaction
    wish(interaction.request.ui_locales, interaction.created_at)
    party = find_requester(interaction, deps.find_client)
    if party is None:
        raise _unknown_interaction(f"the client {interaction.client_id} is gone or disabled")
    return Step(interaction_id, shown.browser, shown.session, visit, party, now)


def find_person(
    connection: Connection, session_cookie: str, limits: SessionLimits, now: int
) -> tuple[Session, Account] | tuple[None, None]:
    """Return the live session of a cookie with its open account, or nobody."""
    session = lifecycle.find_current(connection, session_cookie or None, limits, now)
    account = accounts.find(connection, session.account_id) if session else None
    if session is None or account is None or account.locked:
        return None, None
    return session, account


def this_browser() -> Browser:
    """Return the browser of the request being answered, for the session of whoever has just signed in there."""
    cookie = read_cookie(request.headers.get("Cookie", ""), SESSION_COOKIE)
    return Browser(describe_browser(request.headers.get("User-Agent", "")), cookie)


def with_browser(method: str) -> str:
    """Return what the activity of a sign-in or a second factor tells: the method, and the browser in words."""
    return f"{method} {describe_browser(request.headers.get('User-Agent', ''))}".rstrip()


def show(deps: StepDeps, step: Step, page: str, values: Mapping[str, object], *, headers: Headers = ()) -> View:
    """Return the view of a step's page, with what all of them show."""
    number, total = _position(step, page)
    shared = {
        "party": step.party,
        "signed_in_as": step.account.username if step.account else "",
        "step_number": number,
        "step_total": total,
        "attempts_left": 0,
        "wait_minutes": 0,
        **_idle(deps, step),
    }
    return View(f"interaction/{page}.html", {**shared, **values}, headers, forms_stay=False)


def _idle(deps: StepDeps, step: Step) -> dict[str, object]:
    """Return what the page needs to warn of the end of a strong session, and the token with which it is kept alive."""
    session = step.session
    if session is None or not satisfies(acr_for(session.factors), ACR_TWO_FACTORS):
        return {}
    return {
        "idle_seconds": lifecycle.seconds_left(session, deps.session_limits, step.now),
        "idle_token": deps.csrf.token(step.session_cookie, stay_purpose(session.account_id)),
    }


def stay_purpose(account_id: str) -> str:
    """Return the purpose of the form that keeps a session alive."""
    return f"stay|{account_id}"


def go_on(step: Step, *, session_cookie: str = "", device_cookie: str = "") -> Response:
    """Send the browser back to where the next step is decided, with its new cookies if there are any."""
    headers: Headers = (set_cookie(SESSION_COOKIE, session_cookie),) if session_cookie else ()
    if device_cookie:
        headers = (*headers, device_cookie_header(device_cookie))
    return to_flask(
        see_other(f"{AUTHORIZE_CONTINUE}?interaction={quote(step.interaction_id, safe='')}", headers=headers)
    )


def refuse(deps: StepDeps, step: Step, error_code: str = AccessDenied.code, *, event: Event | None = None) -> Response:
    """Note that the person said no, or cannot, and go on: the app is told so.

    The event of it, where it has one, is recorded with it, and not where another answer came before.

    Spec: RFC6749-4.1.2.1, OIDCC-3.1.2.6
    """
    with deps.database.transaction() as connection:
        is_noted = store.set_refused(connection, step.interaction.interaction_hash, error_code)
        if is_noted and event is not None:
            deps.journal.record(connection, event)
    return go_on(step)


def event_of(
    step: Step, kind: Kind, account_id: str, detail: Mapping[str, str] | None = None, thing: str = ""
) -> Event:
    """Return the event of what a person did in a step; of an account that is not known, anyone may have."""
    return Event(
        kind,
        step.now,
        actors.person(account_id) if account_id else actors.ANYONE,
        account_id,
        step.client_id,
        detail or {},
        thing,
        correlation_id=correlation_id(),
    )


def _position(step: Step, page: str) -> tuple[int, int]:
    """Return which step this is of how many, counted as if every one of them were needed."""
    pages = (
        ["login", "consent"]
        if step.interaction.request.demand.acr in {None, ACR_ONE_FACTOR}
        else ["login", page if page in {factor.name for factor in FACTORS} else TOTP.name, "consent"]
    )
    if step.interaction.awaits_approval:
        pages = ["login", "approve"]
    return (pages.index(page) + 1, len(pages)) if page in pages else (1, 1)


def _unknown_interaction(reason: str) -> SignInOver:
    return SignInOver(
        "This sign-in has ended, or it was started in another browser.", reason=reason, clause="RFC6749-4.1.2.1"
    )
