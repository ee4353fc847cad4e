"""Where a person types the code that a device shows, and is told what they are about to let in before they go on.

Nothing is allowed here: what follows are the steps of any request, a sign-in and a consent to what the device asked.
"""

from urllib.parse import urlencode

from flask import Blueprint, Response, request

from authserver.authorization.serialization import load_request
from authserver.authorization.store import pushed_row
from authserver.clients.model import Client
from authserver.db.writes import Writes
from authserver.events.catalogue import DEVICE_USER_CODE_UNKNOWN
from authserver.events.model import ANYONE, Event
from authserver.grants.model import DeviceAuthorization
from authserver.grants.store.devices import find_by_user_code
from authserver.interaction.requester import requester_of
from authserver.interaction.step import StepDeps
from authserver.messages import Message
from authserver.protocol.handles import new_handle
from authserver.protocol.names import REQUEST_URI_PREFIX
from authserver.protocol.urls import AUTHORIZE, VERIFICATION
from authserver.protocol.user_code import read_user_code
from authserver.values import Assembly, Hidden, Value
from authserver.web.machine.responses import see_other
from authserver.web.pages.cookies import BROWSER_COOKIE, read_cookie, set_cookie
from authserver.web.pages.flask_pages import correlation_id, to_flask
from authserver.web.pages.form_page import FormBinding, FormPage, Reply, View, form_pages

PAGE = "device"
ADDRESS_LIMIT = "device_code.address"
_LONGEST_SHOWN = 20
_UNKNOWN = Message("No device shows this code now. Codes last a few minutes: look at your device again.")


class DeviceDeps(Assembly, frozen=True):
    """What the page uses; `pushed_lifetime_seconds` is how long the browser may take from here to its first step."""

    step: StepDeps
    pushed_lifetime_seconds: int


class _Browser(Value, frozen=True):
    """A browser by its cookie, which is new where it came without one."""

    cookie: Hidden[str]
    is_new: bool


def device_page(deps: DeviceDeps) -> Blueprint:
    """Return the page at the verification URI.

    Spec: RFC8628-3.3, RFC8628-3.3.1, RFC8628-5.4
    """
    page = FormPage(
        VERIFICATION,
        find=_browser,
        bind=lambda browser: FormBinding(browser.cookie, PAGE),
        show=lambda browser: _ask(browser, request.args.get("user_code", "")),
        answer=lambda browser: _answer(deps, browser),
    )
    return form_pages(deps.step, PAGE, page, limit=ADDRESS_LIMIT)


def _browser() -> _Browser:
    cookie = read_cookie(request.headers.get("Cookie", ""), BROWSER_COOKIE)
    return _Browser(cookie or new_handle(), not cookie)


def _ask(browser: _Browser, typed: str, error: str = "") -> View:
    """Show the field; a code from a link stands in it and is looked up only once the person has sent it themselves."""
    values = {"user_code": read_user_code(typed) or typed[:_LONGEST_SHOWN], "error": error}
    headers = (set_cookie(BROWSER_COOKIE, browser.cookie),) if browser.is_new else ()
    return View("interaction/device.html", values, headers)


def _answer(deps: DeviceDeps, browser: _Browser) -> Reply:
    typed = request.form.get("user_code", "")
    found = _find(deps.step, typed)
    if found is None:
        return _ask(browser, typed, _UNKNOWN)
    device, client = found
    if request.form.get("action") == "continue":
        return _go_on(deps, device)
    values = {
        "party": requester_of(client, ""),
        "user_code": read_user_code(typed),
        "asked_from": device.asked_from,
        "asked_at": device.created_at,
    }
    return View("interaction/device_found.html", values)


def _find(deps: StepDeps, typed: str) -> tuple[DeviceAuthorization, Client] | None:
    """Return the device that shows a code, and its client, where a person may still answer; a guess is told of."""
    now, user_code, device = deps.clock(), read_user_code(typed), None
    if user_code is not None:
        with deps.database.read() as connection:
            device = find_by_user_code(connection, user_code)
    client = deps.find_client(device.client_id) if device is not None and device.is_open(now) else None
    if device is None or client is None:
        deps.journal.tell(Event(DEVICE_USER_CODE_UNKNOWN, now, ANYONE, correlation_id=correlation_id()))
        return None
    return device, client


def _go_on(deps: DeviceDeps, device: DeviceAuthorization) -> Response:
    """Send the browser to the first step of what the device asked for, as if it had come with a pushed request."""
    request_uri = REQUEST_URI_PREFIX + new_handle()
    asked = load_request(device.request)
    row = pushed_row(asked, request_uri, now=deps.step.clock(), lifetime=deps.pushed_lifetime_seconds)
    deps.step.database.write(Writes(rows=(row,)))
    query = urlencode({"client_id": device.client_id, "request_uri": request_uri})
    return to_flask(see_other(f"{AUTHORIZE}?{query}"))
