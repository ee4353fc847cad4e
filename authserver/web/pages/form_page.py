"""A page with a form, and the phases that every one of them goes through, in one order.

Sending a form is counted by address, what it is about is found, its token is checked, and only then is it answered. A
page supplies `find`, `show` and `answer`, and so cannot forget a phase.
"""

from collections.abc import Callable, Mapping
from typing import Any, Generic, Protocol, TypeVar

from flask import Blueprint, Response, request

from authserver.limits.rates import AddressReader, Limits
from authserver.values import Assembly, Hidden, Value
from authserver.web.machine.responses import Headers
from authserver.web.pages.csrf import FIELD, CsrfProtection
from authserver.web.pages.flask_pages import correlation_id, sender_headers, to_flask
from authserver.web.pages.page import Pages

PERSON_LIMIT = "account.person"
_BAD_REQUEST = 400

T = TypeVar("T")


class FormParts(Protocol):
    """What every page with a form uses; `address` tells who is counted by the limits."""

    @property
    def pages(self) -> Pages:
        """Return what renders templates."""

    @property
    def csrf(self) -> CsrfProtection:
        """Return what makes and checks the tokens of forms."""

    @property
    def limits(self) -> Limits:
        """Return what counts."""

    @property
    def address(self) -> AddressReader:
        """Return how the address of a caller is read."""


class View(Value, frozen=True):
    """A page to be shown: its template and values; one with an `error` among them is answered with 400.

    `forms_stay` unless its forms may lead to an app in the end.
    """

    template: str
    values: Mapping[str, object]
    headers: Headers = ()
    forms_stay: bool = True


Reply = View | Response
"""How a page answers: with a view of its own, or with anything else, such as a redirect."""


class FormBinding(Value, frozen=True):
    """What the token of a form is bound to: a cookie of the browser, and what the form is for.

    `account_id`, where it is given, is counted for each form that was really sent from our page: each may write, and
    be told of by a letter.
    """

    cookie: Hidden[str]
    purpose: str
    account_id: str = ""


class FormPage(Assembly, Generic[T], frozen=True):
    """One address: what it is about, how it is shown, and how its form is answered.

    `find` returns what the page is about, or a response where there is nothing to show or to answer. A page without
    `show` is reached by a form alone, one without `answer` has none.
    """

    path: str
    find: Callable[[], T | Response]
    bind: Callable[[T], FormBinding]
    show: Callable[[T], Reply] | None = None
    answer: Callable[[T], Reply] | None = None


def form_pages(parts: FormParts, name: str, *pages: FormPage[Any], limit: str = "") -> Blueprint:
    """Return some pages as one blueprint; every form sent to them counts under the named limit, where there is one."""
    blueprint = Blueprint(name, __name__)
    if limit:
        parts.limits.count_posts(blueprint, limit, parts.address)
    for number, page in enumerate(pages):
        if page.show is not None:
            blueprint.get(page.path, endpoint=f"show_{number}")(_asking(parts, page, page.show))
        if page.answer is not None:
            blueprint.post(page.path, endpoint=f"answer_{number}")(_answering(parts, page, page.answer))
    return blueprint


def _asking(parts: FormParts, page: FormPage[T], show: Callable[[T], Reply]) -> Callable[[], Response]:
    def ask() -> Response:
        found = page.find()
        return found if isinstance(found, Response) else _render(parts, page.bind(found), show(found))

    return ask


def _answering(parts: FormParts, page: FormPage[T], answer: Callable[[T], Reply]) -> Callable[[], Response]:
    def take() -> Response:
        found = page.find()
        if isinstance(found, Response):
            return found
        binding = page.bind(found)
        parts.csrf.check(request.form.get(FIELD, ""), binding.cookie, binding.purpose, sender_headers())
        if binding.account_id:  # after the check: a form that they did not send is not counted against them
            parts.limits.hit(PERSON_LIMIT, binding.account_id)
        return _render(parts, binding, answer(found))

    return take


def _render(parts: FormParts, binding: FormBinding, reply: Reply) -> Response:
    if isinstance(reply, Response):
        return reply
    shared = {
        "csrf_token": parts.csrf.token(binding.cookie, binding.purpose),
        "correlation_id": correlation_id(),
        "error": "",
    }
    status = _BAD_REQUEST if reply.values.get("error") else 200
    response = parts.pages.render(
        reply.template,
        {**shared, **reply.values},
        status=status,
        forms_stay=reply.forms_stay,
        headers=reply.headers,
    )
    return to_flask(response)
