"""What every account page does before and after its own thing: know the person, check the form, show, tell.

A page is for a person who has proved all that they can: two factors where there is a strong one, else the password. A
change needs that proof to be fresh. Whoever falls short is led through the sign-in and comes back to the page.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import NoReturn
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, request

from authserver.accounts.factors.model import Enrolled
from authserver.accounts.factors.passkey.factor import PASSKEY
from authserver.accounts.factors.password.factor import PASSWORD
from authserver.accounts.factors.recovery.factor import RECOVERY
from authserver.accounts.factors.store import find_enrolled
from authserver.accounts.factors.totp.factor import TOTP
from authserver.accounts.model import Account
from authserver.accounts.store.invitations import was_claimed_at
from authserver.accounts.store.people import hold_account
from authserver.authorization.account_request import seal_account_request
from authserver.clock import CLOCKS_APART_SECONDS, is_fresh
from authserver.db.engine import Connection
from authserver.events.model import Event, Kind, person
from authserver.interaction.step import StepDeps, find_person, stay_purpose
from authserver.limits.rates import address_key
from authserver.protocol.assurance import satisfies
from authserver.protocol.demand import AuthenticationDemand
from authserver.protocol.errors import UnmetAuthenticationRequirements
from authserver.protocol.names import ACR_TWO_FACTORS, OWN_CLIENT_ID
from authserver.protocol.urls import AUTHORIZE
from authserver.sealing.envelope import Envelope
from authserver.selfservice.confirmation import read_done, say_done
from authserver.sessions import lifecycle
from authserver.sessions.acr import acr_for
from authserver.sessions.model import Session
from authserver.values import Assembly, Hidden, Value
from authserver.web.machine.responses import Headers, see_other
from authserver.web.pages.cookies import SESSION_COOKIE, read_cookie, set_cookie
from authserver.web.pages.flask_pages import correlation_id, to_flask
from authserver.web.pages.form_page import FormBinding, FormPage, Reply, View, form_pages

PATHS = (
    "/account",
    "/account/methods",
    "/account/second-factor",
    "/account/passkeys",
    "/account/generator",
    "/account/recovery-codes",
    "/account/password",
    "/account/sessions",
    "/account/apps",
    "/account/activity",
    "/account/data",
)
"""The pages to which a sign-in may lead back, and no others."""

FRESH_SECONDS = 300


class AccountDeps(Assembly, frozen=True):
    """What every account page uses."""

    step: StepDeps
    issuer: str
    site_name: str
    request_lifetime_seconds: int
    first_factor_by_password: bool
    envelope: Hidden[Envelope]


class AccountVisit(Value, frozen=True):
    """One request to an account page: who it is, by which session, and what they can prove."""

    cookie: Hidden[str]
    session: Session
    account: Account
    enrolled: Enrolled
    now: int

    @property
    def account_id(self) -> str:
        """Return the id with which everything that a page touches is looked up."""
        return self.account.account_id

    @property
    def is_fresh(self) -> bool:
        """Return whether every factor of the session was proved within the last minutes."""
        proved_at = min(factor.at for factor in self.session.factors)
        return is_fresh(proved_at, FRESH_SECONDS, self.now, ahead_seconds=CLOCKS_APART_SECONDS)

    @property
    def strong_factors(self) -> int:
        """Return how many kinds of strong factors there are, a passkey and an authenticator app."""
        return int(self.enrolled.has(PASSKEY)) + int(self.enrolled.has(TOTP))


def open_visit(deps: AccountDeps, *, fresh: bool = False) -> AccountVisit:
    """Return who visits, or end the request with the way to the sign-in.

    Spec: ASVS5-7.5.1, RTS-SCA-4.1
    """
    deps.step.limits.hit("account.address", address_key(deps.step.address(request.environ)))
    cookie = read_cookie(request.headers.get("Cookie", ""), SESSION_COOKIE)
    now = deps.step.clock()
    if not cookie:
        _lead_to_sign_in(deps, AuthenticationDemand(), "", now)
    with deps.step.database.transaction() as connection:
        lifecycle.current(connection, cookie, deps.step.session_limits, now)
        session, account = find_person(connection, cookie, deps.step.session_limits, now)
        enrolled = find_enrolled(connection, account.account_id) if account else None
    if session is None or account is None or enrolled is None:
        _lead_to_sign_in(deps, AuthenticationDemand(), "", now)
    visit = AccountVisit(cookie, session, account, enrolled, now)
    acr = ACR_TWO_FACTORS if enrolled.has_second_factor else None
    is_strong = acr is None or satisfies(acr_for(session.factors), acr)
    if not is_strong:
        _lead_to_sign_in(deps, AuthenticationDemand(acr=acr), account.username, now)
    if fresh and not visit.is_fresh:
        _lead_to_sign_in(deps, AuthenticationDemand(acr=acr, max_age=FRESH_SECONDS), account.username, now)
    return visit


class AccountPage(Assembly, frozen=True):
    """What an account page supplies: its address, how it is shown, and how its form is answered, if it has one.

    `fresh_to_see` and `fresh_to_answer` say for which of them the person must have proved themselves just now.
    """

    path: str
    show: Callable[[AccountVisit], Reply]
    answer: Callable[[AccountVisit], Reply] | None = None
    fresh_to_see: bool = False
    fresh_to_answer: bool = True


def account_pages(deps: AccountDeps, name: str, *pages: AccountPage) -> Blueprint:
    """Return account pages as one blueprint. Their visits are counted where they are opened, sent forms or not."""
    return form_pages(deps.step, name, *(form_page(deps, page) for page in pages))


def bind_form(visit: AccountVisit) -> FormBinding:
    """Return what the forms of a visit are bound to: this person in this session."""
    return FormBinding(visit.cookie, f"account|{visit.account_id}", visit.account_id)


def form_page(deps: AccountDeps, page: AccountPage) -> FormPage[AccountVisit]:
    """Return an account page, to be mounted by `form_pages`."""

    def find() -> AccountVisit:
        return open_visit(deps, fresh=page.fresh_to_answer if request.method == "POST" else page.fresh_to_see)

    return FormPage(page.path, find, bind_form, page.show, page.answer)


@contextmanager
def change(deps: AccountDeps, visit: AccountVisit) -> Iterator[Connection]:
    """Open the transaction of a change to how the person signs in, and look again at what the page went by.

    The account is held, so that its changes come one after the other: a factor that was added, or a session that was
    ended, since the page looked sends the person round again instead of being overlooked.

    Spec: RTS-SCA-4.1, ASVS5-7.5.1
    """
    with deps.step.database.transaction() as connection:
        hold_account(connection, visit.account_id)
        _, account = find_person(connection, visit.cookie, deps.step.session_limits, visit.now)
        if account is None or find_enrolled(connection, visit.account_id) != visit.enrolled:
            abort(go_to(request.path))
        yield connection


def may_add_factor(deps: AccountDeps, visit: AccountVisit) -> bool:
    """Return whether this person may add a factor.

    The first one only where the deployment lets a password do for it, or in the session that an invitation began.
    """
    if visit.enrolled.has_second_factor or deps.first_factor_by_password:
        return True
    with deps.step.database.read() as connection:
        return was_claimed_at(connection, visit.account_id, visit.session.created_at)


def next_path(visit: AccountVisit) -> str:
    """Return where to go once a factor was added: to recovery codes, where there are none and they would be of use."""
    needs_codes = visit.enrolled.has(PASSWORD) and not visit.enrolled.has(RECOVERY)
    return "/account/recovery-codes" if needs_codes else "/account/methods"


def show(deps: AccountDeps, visit: AccountVisit, page: str, values: Mapping[str, object]) -> View:
    """Return the view of an account page, with what all of them show."""
    limits = deps.step.session_limits
    shared = {
        "signed_in_as": visit.account.username,
        "idle_seconds": lifecycle.seconds_left(visit.session, limits, visit.now),
        "idle_token": deps.step.csrf.token(visit.cookie, stay_purpose(visit.account_id)),
        "here": page,
        "done": read_done(deps.step.csrf, visit.cookie, request.args),
    }
    return View(f"account/{page}.html", {**shared, **values})


def go_to(path: str, *, headers: Headers = ()) -> Response:
    """Send the browser to a page of ours."""
    return to_flask(see_other(path, headers=headers))


def go_on(deps: AccountDeps, visit: AccountVisit, path: str, done: str) -> Response:
    """Send the browser to a page of ours, which says what was done."""
    return go_to(say_done(deps.step.csrf, visit.cookie, path, done))


def record(deps: AccountDeps, connection: Connection, visit: AccountVisit, kind: Kind, thing: str = "") -> None:
    """Record what the person did, in its transaction; where its kind has a letter, that is queued with it.

    Spec: ASVS5-6.3.7
    """
    deps.step.journal.record(connection, event_of(visit, kind, thing))


def event_of(visit: AccountVisit, kind: Kind, thing: str = "") -> Event:
    """Return the event of what the person did; `thing` is as for `Event`."""
    account_id = visit.account_id
    return Event(kind, visit.now, person(account_id), account_id, thing=thing, correlation_id=correlation_id())


def after_change(deps: AccountDeps, visit: AccountVisit, path: str, done: str, *, session_cookie: str = "") -> Response:
    """Go on after a change to how the person signs in, and say so: where others are signed in, offer to end that.

    Spec: ASVS5-7.4.3
    """
    with deps.step.database.read() as connection:
        live = lifecycle.find_live(connection, visit.account_id, deps.step.session_limits, visit.now)
    headers = (set_cookie(SESSION_COOKIE, session_cookie),) if session_cookie else ()
    page = "/account/sessions?changed=1" if len(live) > 1 else path
    return go_to(say_done(deps.step.csrf, session_cookie or visit.cookie, page, done), headers=headers)


def _lead_to_sign_in(deps: AccountDeps, demand: AuthenticationDemand, username: str, now: int) -> NoReturn:
    """End the request with the way through the sign-in back to this page; a person who cancelled is not sent again.

    Nothing is stored for it, since who comes here is not known yet; it counts like a request that an app brings.
    """
    if request.method == "GET" and "error" in request.args:
        is_unmet = request.args["error"] == UnmetAuthenticationRequirements.code
        values = {"correlation_id": correlation_id(), "path": request.path, "is_unmet": is_unmet}
        abort(to_flask(deps.step.pages.render("account/not_signed_in.html", values)))
    deps.step.limits.hit("authorize.address", address_key(deps.step.address(request.environ)))
    page = deps.issuer + (request.path if request.path in PATHS else PATHS[0])
    request_uri = seal_account_request(
        deps.envelope, page, demand, username or None, now + deps.request_lifetime_seconds
    )
    abort(go_to(f"{AUTHORIZE}?" + urlencode({"client_id": OWN_CLIENT_ID, "request_uri": request_uri})))
