"""Answering an invitation: the person sets a password, or makes a passkey and needs none."""

import os
from collections.abc import Callable

from flask import Blueprint, Response, request

from authserver.accounts.factors.passkey.ceremonies import begin_registration, finish_registration
from authserver.accounts.factors.passkey.ceremony_token import Ceremonies, CeremonyPurpose, CeremonyResponse
from authserver.accounts.factors.password.factor import PASSWORD_METHOD
from authserver.accounts.factors.password.hashing import SALT_BYTES, PasswordPool
from authserver.accounts.factors.password.policy import WeakPassword, context_words_of
from authserver.accounts.factors.password.strength_process import PasswordJudge
from authserver.accounts.factors.store import find_enrolled
from authserver.accounts.invitations import find_invited, use_invitation
from authserver.accounts.model import Account
from authserver.accounts.store import attempts, people
from authserver.accounts.store.people import hold_account
from authserver.db.engine import Connection
from authserver.events.catalogue import INVITATION_CLAIMED
from authserver.events.model import Event, person
from authserver.interaction.step import this_browser
from authserver.protocol.errors import InvitationOver
from authserver.protocol.handles import new_handle
from authserver.selfservice.account_page import AccountDeps, go_to
from authserver.selfservice.words import PASSKEY_DID_NOT_WORK
from authserver.sessions import lifecycle
from authserver.sessions.browsers import describe_browser
from authserver.values import Assembly, Value
from authserver.web.pages.cookies import BROWSER_COOKIE, SESSION_COOKIE, read_cookie, set_cookie
from authserver.web.pages.flask_pages import correlation_id
from authserver.web.pages.form_page import FormBinding, FormPage, Reply, View, form_pages

PAGE = "invitation"
PATH = "/invitation"
ADDRESS_LIMIT = "sign_in.address"


class InvitationDeps(Assembly, frozen=True):
    """What the page uses."""

    account: AccountDeps
    passwords: PasswordPool
    judge: PasswordJudge
    ceremonies: Ceremonies


class InvitationVisit(Value, frozen=True):
    """Who opened an invitation, in which browser; `is_new` where the browser has its cookie still to get."""

    invitation: str
    account: Account
    browser: str
    is_new: bool
    now: int

    @property
    def asked(self) -> CeremonyPurpose:
        """Return what the ceremony of a passkey is for."""
        return CeremonyPurpose("invitation", self.browser, self.account.account_id, verify_user=True)


def invitation_page(deps: InvitationDeps) -> Blueprint:
    """Return the page at `/invitation`."""
    page = FormPage(
        PATH,
        find=lambda: _open(deps),
        bind=lambda guest: FormBinding(guest.browser, f"invitation|{guest.invitation}", guest.account.account_id),
        show=lambda guest: _show(deps, guest),
        answer=lambda guest: _answer(deps, guest),
    )
    return form_pages(deps.account.step, PAGE, page, limit=ADDRESS_LIMIT)


def _answer(deps: InvitationDeps, guest: InvitationVisit) -> Reply:
    if request.form.get("action") == "passkey":
        return _with_passkey(deps, guest)
    return _with_password(deps, guest, request.form.get("new_password", ""))


def _open(deps: InvitationDeps) -> InvitationVisit:
    """Find the invitation of the address; opening it does not use it up, as mail programs look at links too.

    It is no way around a second factor: who has one by now needs no invitation.
    """
    invitation, now = request.args.get("invitation", ""), deps.account.step.clock()
    with deps.account.step.database.read() as connection:
        account_id = find_invited(connection, invitation, now)
        account = people.find(connection, account_id) if account_id is not None else None
        is_protected = account is not None and find_enrolled(connection, account.account_id).has_second_factor
    if account is None or is_protected:
        raise _ended()
    browser = read_cookie(request.headers.get("Cookie", ""), BROWSER_COOKIE)
    return InvitationVisit(invitation, account, browser or new_handle(), not browser, now)


def _with_password(deps: InvitationDeps, guest: InvitationVisit, new_password: str) -> Reply:
    try:
        words = context_words_of(guest.account.username, guest.account.claims, deps.account.site_name)
        deps.judge.check(new_password, words)
    except WeakPassword as weakness:
        return _show(deps, guest, error=weakness.problem, error_field="new_password")
    account_id = guest.account.account_id
    password_hash = deps.passwords.hash(new_password, os.urandom(SALT_BYTES))
    with deps.account.step.database.transaction() as connection:
        is_used = _use(connection, guest, lambda: people.set_password(connection, account_id, password_hash))
        cookie = _begin(connection, deps, guest, PASSWORD_METHOD) if is_used else ""
    if not cookie:
        raise _ended()
    return _arrive(cookie, "/account/second-factor")


def _with_passkey(deps: InvitationDeps, guest: InvitationVisit) -> Reply:
    """Store a passkey as the one way to sign in, and start a session on it.

    Spec: WEBAUTHN-7.1
    """
    given = CeremonyResponse(request.form.get("ceremony", ""), request.form.get("credential", ""))
    name = describe_browser(request.headers.get("User-Agent", ""))
    methods: list[str] = []

    def register() -> bool:
        made = finish_registration(connection, deps.ceremonies, guest.asked, given, guest.now, name=name)
        methods.append(made.method)
        return bool(made)

    with deps.account.step.database.transaction() as connection:
        is_used = _use(connection, guest, register)
        cookie = _begin(connection, deps, guest, methods[0]) if is_used else ""
    if not cookie:
        return _show(deps, _open(deps), error=PASSKEY_DID_NOT_WORK, error_field="add-passkey")
    return _arrive(cookie, "/account/methods")  # no recovery codes: without a password they open nothing


def _use(connection: Connection, guest: InvitationVisit, act: Callable[[], bool]) -> bool:
    """Use the invitation, unless the account has got a second factor or was locked since the page looked.

    The account is held, so that what adds a factor elsewhere at the same moment comes before or after, not between.
    """
    account_id = guest.account.account_id
    hold_account(connection, account_id)
    is_open = find_invited(connection, guest.invitation, guest.now) == account_id
    if not is_open or find_enrolled(connection, account_id).has_second_factor:
        return False
    return use_invitation(connection, guest.invitation, guest.now, act)


def _begin(connection: Connection, deps: InvitationDeps, guest: InvitationVisit, method: str) -> str:
    """Start the person's session, the only one from now on, and return its cookie.

    Whoever was signed in before, with what the invitation replaces, is a stranger now, on every device. The one whose
    account it is may be someone else than the one who had the link, and is told.

    Spec: ASVS5-6.3.7
    """
    account_id = guest.account.account_id
    attempts.forget_devices(connection, account_id)
    lifecycle.end_all(connection, account_id, guest.now)
    event = Event(INVITATION_CLAIMED, guest.now, person(account_id), account_id, correlation_id=correlation_id())
    deps.account.step.journal.record(connection, event)
    limits = deps.account.step.session_limits
    _, cookie = lifecycle.start(connection, account_id, method, limits, guest.now, this_browser())
    return cookie


def _arrive(cookie: str, path: str) -> Response:
    return go_to(path, headers=(set_cookie(SESSION_COOKIE, cookie),))


def _show(deps: InvitationDeps, guest: InvitationVisit, *, error: str = "", error_field: str = "") -> View:
    with deps.account.step.database.read() as connection:
        ceremony = begin_registration(connection, deps.ceremonies, guest.asked, guest.account.username, guest.now)
    values = {
        "username": guest.account.username,
        "ceremony": ceremony,
        "error": error,
        "error_field": error_field,
    }
    headers = (set_cookie(BROWSER_COOKIE, guest.browser),) if guest.is_new else ()
    return View("account/invitation.html", values, headers)


def _ended() -> InvitationOver:
    return InvitationOver("This invitation was used, or its time is over.", clause="ASVS5-6.4.1")
