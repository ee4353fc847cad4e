"""Changing the password, or setting the first one."""

import os

from flask import Blueprint, request

from authserver.accounts.factors.password.factor import PASSWORD
from authserver.accounts.factors.password.hashing import SALT_BYTES, PasswordPool
from authserver.accounts.factors.password.policy import WeakPassword, context_words_of
from authserver.accounts.factors.password.strength_process import PasswordJudge
from authserver.accounts.sign_in import find_candidate, sign_in, spend_hash
from authserver.accounts.store import attempts, people
from authserver.events.catalogue import PASSWORD_CHANGED
from authserver.interaction.attempt import verify_attempt
from authserver.selfservice import confirmation
from authserver.selfservice.account_page import (
    AccountDeps,
    AccountPage,
    AccountVisit,
    account_pages,
    after_change,
    change,
    record,
    show,
)
from authserver.values import Assembly
from authserver.web.pages.form_page import Reply, View

PAGE = "password"
PATH = "/account/password"


class PasswordDeps(Assembly, frozen=True):
    """What the password page uses."""

    account: AccountDeps
    passwords: PasswordPool
    judge: PasswordJudge


def password_page(deps: PasswordDeps) -> Blueprint:
    """Return the page at `/account/password`."""
    page = AccountPage(
        PATH, lambda visit: _show(deps, visit, {}), answer=lambda visit: _answer(deps, visit), fresh_to_see=True
    )
    return account_pages(deps.account, "account_password", page)


def _answer(deps: PasswordDeps, visit: AccountVisit) -> Reply:
    new_password = request.form.get("new_password", "")
    # The present password first, and counted: whoever does not have it gets no work out of us but one hash.
    problem = _wrong_password(deps, visit) or _weakness(deps, visit, new_password)
    if problem:
        return _show(deps, visit, problem)
    _set(deps, visit, new_password)
    return after_change(deps.account, visit, "/account/methods", confirmation.PASSWORD_SET)


def _weakness(deps: PasswordDeps, visit: AccountVisit, new_password: str) -> dict[str, object]:
    try:
        words = context_words_of(visit.account.username, visit.account.claims, deps.account.site_name)
        deps.judge.check(new_password, words)
    except WeakPassword as weakness:
        return {"error": weakness.problem, "field": "new_password"}
    return {}


def _wrong_password(deps: PasswordDeps, visit: AccountVisit) -> dict[str, object]:
    """Return what to show where the present password was not given; nothing where it was, or there is none.

    Spec: ASVS5-6.2.3
    """
    if not visit.enrolled.has(PASSWORD):
        return {}
    database, typed = deps.account.step.database, request.form.get("password", "")
    deps.passwords.check_room()
    candidate = find_candidate(database, visit.account.username)
    tried = verify_attempt(
        deps.account.step.attempts,
        visit.account_id,
        visit.now,
        lambda: sign_in(database, deps.passwords, candidate, typed),
        when_blocked=lambda: spend_hash(deps.passwords, typed),
    )
    return {} if tried else {**tried.problem(), "field": "password"}


def _set(deps: PasswordDeps, visit: AccountVisit, new_password: str) -> None:
    password_hash = deps.passwords.hash(new_password, os.urandom(SALT_BYTES))
    with change(deps.account, visit) as connection:
        people.set_password(connection, visit.account_id, password_hash)
        attempts.forget_devices(connection, visit.account_id)
        record(deps.account, connection, visit, PASSWORD_CHANGED)


def _show(deps: PasswordDeps, visit: AccountVisit, problem: dict[str, object]) -> View:
    blank = {"error": "", "field": "", "attempts_left": 0, "wait_minutes": 0}
    values = {"has_password": visit.enrolled.has(PASSWORD), **blank, **problem}
    return show(deps.account, visit, PAGE, values)
