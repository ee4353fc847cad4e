"""Signing in with a username and a password."""

from dataclasses import dataclass

from flask import Blueprint, Response, request

from authserver.accounts.model import parse_username
from authserver.accounts.passwords import PasswordPool
from authserver.accounts.sign_in import sign_in
from authserver.interaction.guard import (
    CANCEL,
    DID_NOT_WORK,
    Step,
    StepDeps,
    check_form,
    go_on,
    open_step,
    refuse,
    report,
    show,
)
from authserver.sessions import lifecycle
from authserver.sessions.acr import PASSWORD

PAGE = "login"
ADDRESS_LIMIT = "sign_in.address"
USERNAME_LIMIT = "sign_in.username"
_LONGEST_SHOWN = 255


@dataclass(frozen=True, slots=True)
class LoginDeps:
    """What the login page uses."""

    step: StepDeps
    passwords: PasswordPool


def login_page(deps: LoginDeps) -> Blueprint:
    """Return the page at `/login`."""
    blueprint = Blueprint(PAGE, __name__)
    deps.step.limits.guard(blueprint, ADDRESS_LIMIT, deps.step.address)

    @blueprint.get("/login")
    def ask() -> Response:
        step = open_step(deps.step)
        return go_on(step) if step.is_over else _show(deps, step, _expected_username(step))

    @blueprint.post("/login")
    def answer() -> Response:
        step = open_step(deps.step)
        check_form(deps.step, step)
        if step.is_over:
            return go_on(step)
        if request.form.get("action") == CANCEL:
            return refuse(deps.step, step)
        return _sign_in(deps, step, request.form.get("username", ""), request.form.get("password", ""))

    return blueprint


def _sign_in(deps: LoginDeps, step: Step, username: str, password: str) -> Response:
    deps.step.limits.hit(USERNAME_LIMIT, parse_username(username) or "")
    attempt = sign_in(deps.step.database, deps.passwords, username, password)
    if attempt.account is None:
        report(deps.step, step, "sign_in.failed", account_id=attempt.account_id, detail={"outcome": attempt.outcome})
        return _show(deps, step, username, error=DID_NOT_WORK)
    with deps.step.database.transaction() as connection:
        _, cookie = lifecycle.start(
            connection,
            attempt.account_id,
            PASSWORD,
            deps.step.session_limits,
            step.now,
            replacing=step.session_cookie or None,
        )
    report(deps.step, step, "sign_in.succeeded", account_id=attempt.account_id, detail={"method": PASSWORD})
    return go_on(step, session_cookie=cookie)


def _show(deps: LoginDeps, step: Step, username: str, *, error: str = "") -> Response:
    values = {"username": username[:_LONGEST_SHOWN], "confirming": step.account is not None, "error": error}
    return show(deps.step, step, PAGE, values)


def _expected_username(step: Step) -> str:
    """Return who should be signing in: whoever is signed in already and is asked again, else whom the app named.

    Spec: OIDCC-3.1.2.1
    """
    if step.account is not None:
        return step.account.username
    return step.interaction.request.login_hint or ""
