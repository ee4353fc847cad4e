"""Signing in with a username and a password."""

from collections.abc import Mapping

from flask import Blueprint, Response, request

from authserver.accounts.factors.passkey.ceremony_token import Ceremonies
from authserver.accounts.factors.password.factor import PASSWORD_METHOD
from authserver.accounts.factors.password.hashing import PasswordPool
from authserver.accounts.factors.store import find_enrolled
from authserver.accounts.sign_in import OUTDATED, SignIn, find_candidate, sign_in, spend_hash
from authserver.accounts.store.people import hold_by_password
from authserver.events.catalogue import SIGN_IN_FAILED, SIGN_IN_SUCCEEDED
from authserver.interaction.attempt import BLOCKED, AttemptResult, proved_all, verify_attempt
from authserver.interaction.passkey_offer import offer_passkey
from authserver.interaction.step import (
    Step,
    StepDeps,
    event_of,
    go_on,
    refuse,
    show,
    this_browser,
    with_browser,
)
from authserver.interaction.step_page import StepPage, find_live, step_page
from authserver.sessions import lifecycle
from authserver.values import Assembly, Hidden, Value
from authserver.web.pages.form_page import Reply, View, form_pages

PAGE = "login"
ADDRESS_LIMIT = "sign_in.address"
_LONGEST_SHOWN = 255


class LoginDeps(Assembly, frozen=True):
    """What the login page uses."""

    step: StepDeps
    passwords: PasswordPool
    passkeys: Ceremonies


class _Started(Value, frozen=True):
    """A session that has begun; `has_more` says whether the person has something to prove beside the password."""

    account_id: str
    cookie: Hidden[str]
    has_more: bool


def login_page(deps: LoginDeps) -> Blueprint:
    """Return the page at `/login`."""
    page = StepPage(
        "/login",
        find=find_live,
        show=lambda step: _show(deps, step, _expected_username(step)),
        answer=lambda step: _sign_in(deps, step, request.form.get("username", ""), request.form.get("password", "")),
        cancel=lambda step: refuse(deps.step, step),
    )
    return form_pages(deps.step, PAGE, step_page(deps.step, page), limit=ADDRESS_LIMIT)


def _sign_in(deps: LoginDeps, step: Step, username: str, password: str) -> Reply:
    deps.passwords.check_room()
    candidate = find_candidate(deps.step.database, username)
    tried = verify_attempt(
        deps.step.attempts,
        candidate.account_key,
        step.now,
        lambda: sign_in(deps.step.database, deps.passwords, candidate, password),
        when_blocked=lambda: spend_hash(deps.passwords, password),
    )
    started = _start(deps, step, tried.value) if tried.value else None
    if started is None:
        _report_failure(deps, step, tried)
        return _show(deps, step, username, tried.problem())
    return _go_on(deps, step, tried, started)


def _report_failure(deps: LoginDeps, step: Step, tried: AttemptResult[SignIn]) -> None:
    outcome, account_id = (tried.value.outcome, tried.value.account_id) if tried.value is not None else (BLOCKED, "")
    outcome = OUTDATED if tried else outcome
    deps.step.journal.tell(event_of(step, SIGN_IN_FAILED, account_id, {"outcome": outcome}))


def _start(deps: LoginDeps, step: Step, proved: SignIn) -> _Started | None:
    """Start the session, unless the password was changed or the account locked since it was found right.

    Else whoever still has the old one could come in just after the change, past the end of all other sessions.

    Spec: ASVS5-7.4.2, ASVS5-7.4.3
    """
    account_id = proved.account_id
    with deps.step.database.transaction() as connection:
        if not hold_by_password(connection, account_id, proved.password_hash):
            return None
        limits = deps.step.session_limits
        _, cookie = lifecycle.start(connection, account_id, PASSWORD_METHOD, limits, step.now, this_browser())
        event = event_of(
            step, SIGN_IN_SUCCEEDED, account_id, {"method": PASSWORD_METHOD}, with_browser(PASSWORD_METHOD)
        )
        deps.step.journal.record(connection, event)
        return _Started(account_id, cookie, find_enrolled(connection, account_id).has_second_factor)


def _go_on(deps: LoginDeps, step: Step, tried: AttemptResult[SignIn], started: _Started) -> Response:
    """Go on in the new session; a password is all there is to prove only for a person who has nothing else."""
    account_id = started.account_id
    device = "" if started.has_more else proved_all(deps.step.attempts, tried.attempt, account_id, step.now)
    return go_on(step, session_cookie=started.cookie, device_cookie=device)


def _show(deps: LoginDeps, step: Step, username: str, problem: Mapping[str, object] | None = None) -> View:
    values = {"username": username[:_LONGEST_SHOWN], "confirming": step.account is not None, **(problem or {})}
    return show(deps.step, step, PAGE, {**values, **offer_passkey(deps.passkeys, step)})


def _expected_username(step: Step) -> str:
    """Return who should be signing in: whoever is signed in already and is asked again, else whom the app named.

    Spec: OIDCC-3.1.2.1
    """
    if step.account is not None:
        return step.account.username
    return step.interaction.request.login_hint or ""
