"""The page of one step of an interaction: opened, skipped where it is over, and cancelled, always in the same order."""

from collections.abc import Callable
from typing import Generic, TypeVar

from flask import Response, request

from authserver.accounts.model import Account
from authserver.interaction.step import Step, StepDeps, go_on, open_step
from authserver.sessions.model import Session
from authserver.values import Assembly, Value
from authserver.web.pages.form_page import FormBinding, FormPage, Reply

CANCEL = "cancel"

T = TypeVar("T")


class StepPage(Assembly, Generic[T], frozen=True):
    """What a step supplies of its page.

    `find` returns what the page is about, or None where something else is next. `cancel` answers the button of that
    name, where the page has one. The token of a page `for_account` is worth nothing once somebody else has signed in.
    """

    path: str
    find: Callable[[Step], T | None]
    show: Callable[[T], Reply]
    answer: Callable[[T], Reply]
    cancel: Callable[[T], Reply] | None = None
    for_account: bool = False


class SignedIn(Value, frozen=True):
    """A step that is not over, with who is signed in."""

    step: Step
    account: Account
    session: Session


class _Found(Assembly, Generic[T], frozen=True):
    step: Step
    subject: T


def step_page(deps: StepDeps, page: StepPage[T]) -> FormPage[_Found[T]]:
    """Return the page of a step, to be mounted by `form_pages`."""

    def find() -> _Found[T] | Response:
        step = open_step(deps)
        subject = page.find(step)
        return go_on(step) if subject is None else _Found(step, subject)

    def bind(found: _Found[T]) -> FormBinding:
        shown_to = found.step.account_id if page.for_account else ""
        return FormBinding(found.step.browser, f"interaction|{found.step.interaction_id}|{shown_to}")

    def answer(found: _Found[T]) -> Reply:
        if page.cancel is not None and request.form.get("action") == CANCEL:
            return page.cancel(found.subject)
        return page.answer(found.subject)

    return FormPage(page.path, find, bind, lambda found: page.show(found.subject), answer)


def find_live(step: Step) -> Step | None:
    """Return the step unless it is over."""
    return None if step.is_over else step


def find_signed_in(step: Step) -> SignedIn | None:
    """Return the step with who is signed in, unless it is over or nobody is."""
    if step.is_over or step.account is None or step.session is None:
        return None
    return SignedIn(step, step.account, step.session)
