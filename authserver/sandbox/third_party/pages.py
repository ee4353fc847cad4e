"""The app's pages: connect, see what happened, and try what a thief would."""

import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from flask import Blueprint, Flask, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from authserver.clock import Clock
from authserver.sandbox.layout import DemoLayout
from authserver.sandbox.people import ALICE, PEOPLE
from authserver.sandbox.third_party import acts
from authserver.sandbox.third_party.client import OAuthClient, discover
from authserver.sandbox.third_party.forms import FIRST_AMOUNT, FIRST_VALUES, find_problems
from authserver.sandbox.third_party.http import HttpsClient
from authserver.sandbox.third_party.journey import Journey, Stopped
from authserver.sandbox.third_party.journeys import COOKIE, Journeys, StoredJourney
from authserver.sandbox.third_party.one_time_code import STEP_SECONDS, one_time_code
from authserver.sandbox.third_party.paying import ask_to_pay, describe_payment
from authserver.sandbox.third_party.recurring import ask_for_mandate, describe_limits, pay_under, stop_mandate
from authserver.sandbox.third_party.registered import open_penny_planner, open_penny_planner_dpop
from authserver.web.machine.model import CORRELATION_ENVIRON_KEY
from authserver.web.pages.brand import Brand
from authserver.web.pages.flask_pages import install_pages, to_flask
from authserver.web.pages.page import Pages, Site, load_pages
from authserver.web.request_id import new_correlation_id

_OK = 200
_BAD_REQUEST = 400
_YEAR_SECONDS = 365 * 86_400
_SITE = Site("Penny Planner", brand=Brand(accent="#6b2d7d"))  # so that nobody takes the app for the bank
_SAME_SITE = frozenset({"same-origin", "none"})
_NOT_OURS = "This form was not sent from our page."

Act = Callable[[Journey], str | None]
"""Does something, and returns where the browser is to go if not to the record of what happened."""


@dataclass(slots=True)
class PlannerApp:
    """What the pages use; the server's metadata is read when first needed."""

    places: DemoLayout
    clock: Clock
    pages: Pages
    journeys: Journeys = field(default_factory=Journeys)
    _metadata: dict[str, Any] = field(default_factory=dict)

    def metadata(self) -> dict[str, Any]:
        """Return the server's metadata."""
        if not self._metadata:
            self._metadata = discover(HttpsClient(self.places.authority), self.places.issuer)
        return self._metadata

    def jwks(self) -> dict[str, Any]:
        """Return the server's keys as they are now."""
        return HttpsClient(self.places.authority).send("GET", self.metadata()["jwks_uri"]).json()

    def open_client(self, *, dpop: bool) -> OAuthClient:
        """Return the app as a client, bound to its certificate or to a DPoP key made for this connection."""
        opened = open_penny_planner_dpop if dpop else open_penny_planner
        return opened(self.places, self.metadata(), self.clock)

    def today(self) -> date:
        """Return the present day."""
        return datetime.fromtimestamp(self.clock(), UTC).date()

    def held(self) -> StoredJourney | None:
        """Return the journey of the browser that asks."""
        return self.journeys.find(request.cookies.get(COOKIE))

    def show(self, template: str, values: Mapping[str, object], *, status: int = 200) -> Response:
        """Return a page; its forms may lead to the server and back."""
        shown = self.pages.render(f"sandbox/{template}.html", values, status=status, forms_stay=False)
        return to_flask(shown)


def create_third_party(places: DemoLayout, clock: Clock) -> Flask:
    """Return the app."""
    app = Flask("authserver.sandbox.third_party", static_folder=None, template_folder=None)
    planner = PlannerApp(places, clock, load_pages(_SITE))
    app.before_request(_name_request)
    install_pages(app, planner.pages)
    app.register_blueprint(_front(planner))
    app.register_blueprint(_beginnings(planner))
    app.register_blueprint(_connection(planner))
    return app


def _front(planner: PlannerApp) -> Blueprint:
    blueprint = Blueprint("front", __name__)

    @blueprint.get("/")
    def home() -> Response:
        return planner.show("home", {"people": PEOPLE, "is_connected": planner.held() is not None})

    @blueprint.get("/phone")
    def phone() -> Response:
        now = planner.clock()
        code = one_time_code(ALICE.totp_seed or "", now)
        return planner.show("phone", {"code": code, "seconds": STEP_SECONDS - now % STEP_SECONDS})

    @blueprint.get("/healthz")
    def healthz() -> Response:
        return Response("ok\n", mimetype="text/plain")

    return blueprint


def _beginnings(planner: PlannerApp) -> Blueprint:
    blueprint = Blueprint("beginnings", __name__)

    @blueprint.post("/connect")
    def connect() -> AnyResponse:
        if not _is_from_our_page():
            return _trouble(planner, _NOT_OURS)
        return _set_out(planner, dpop=request.form.get("binding") == "dpop", act=acts.connect)

    @blueprint.get("/<any(pay, limits, share):name>")
    def show_form(name: str) -> Response:
        in_a_year = datetime.fromtimestamp(planner.clock() + _YEAR_SECONDS, UTC).date()
        own = {"last_day": in_a_year.isoformat(), "iban": ALICE.accounts[0].iban}
        return _show_form(planner, name, {field: text or own[field] for field, text in FIRST_VALUES[name].items()})

    @blueprint.post("/<any(pay, limits, share):name>")
    def take_form(name: str) -> AnyResponse:
        if not _is_from_our_page():
            return _trouble(planner, _NOT_OURS)
        typed = {field: request.form.get(field, "").strip() for field in FIRST_VALUES[name]}
        problems = find_problems(typed, planner.today())
        if any(problems.values()):
            return _show_form(planner, name, typed, problems)
        return _set_out(planner, dpop=False, act=lambda journey: _FORMS[name](journey, typed))

    return blueprint


def _show_form(
    planner: PlannerApp, name: str, typed: Mapping[str, str], problems: Mapping[str, str] | None = None
) -> Response:
    """Show a form with what it holds, and what is wrong with it at each field."""
    errors = [(field, text) for field, text in (problems or {}).items() if text]
    values = {
        "typed": typed,
        "problems": problems or dict.fromkeys(typed, ""),
        "errors": errors,
        "account_url": f"{planner.places.issuer}/account",
    }
    return planner.show(name, values, status=_BAD_REQUEST if errors else _OK)


def _connection(planner: PlannerApp) -> Blueprint:
    blueprint = Blueprint("connection", __name__)

    @blueprint.get("/callback")
    def callback() -> AnyResponse:
        held = planner.held()
        if held is None:
            return _trouble(planner, "This browser did not start a connection, or it was too long ago.")
        _act(held, lambda journey: acts.receive(journey, request.url, planner.jwks()))
        return redirect("/journey", 303)

    @blueprint.get("/journey")
    def show_journey() -> AnyResponse:
        held = planner.held()
        if held is None:
            return redirect("/", 303)
        return _show_journey(planner, held)

    @blueprint.post("/journey")
    def act() -> AnyResponse:
        held = planner.held()
        if held is None or not secrets.compare_digest(
            request.form.get("form_token", "").encode(), held.form_token.encode()
        ):
            return _trouble(planner, _NOT_OURS)
        act, typed = request.form.get("act", ""), {"amount": request.form.get("amount", "").strip()}
        problem = find_problems(typed, planner.today())["amount"] if act == "pay" else ""
        if problem:
            return _show_journey(planner, held, typed["amount"], problem)
        acts_here = {**_ACTS, "pay": lambda journey: pay_under(journey, typed["amount"])}
        return _act(held, acts_here.get(act, lambda _journey: None))

    return blueprint


def _show_journey(planner: PlannerApp, held: StoredJourney, amount: str = FIRST_AMOUNT, problem: str = "") -> Response:
    values = {"journey": held.journey, "form_token": held.form_token, "amount": amount, "problem": problem}
    return planner.show("journey", values, status=_BAD_REQUEST if problem else _OK)


def _set_out(planner: PlannerApp, *, dpop: bool, act: Act) -> AnyResponse:
    """Begin something with the browser's journey, or with a new one of the binding that was chosen."""
    held, cookie = planner.held(), ""
    if held is None or not held.journey.is_in_use:
        cookie = planner.journeys.keep(Journey(planner.open_client(dpop=dpop), planner.places))
        held = planner.journeys.find(cookie)
    if held is None:
        return _trouble(planner, "Too many people are here just now.")
    answer = _act(held, act)
    if cookie:
        answer.set_cookie(COOKIE, cookie, path="/", secure=True, httponly=True, samesite="Lax")
    return answer


def _act(held: StoredJourney, act: Act) -> AnyResponse:
    """Do something: go where it leads, or show the first step that it added, below the ones that were there."""
    target = None
    with held.lock:
        first_new = len(held.journey.steps) + 1
        with suppress(Stopped):  # the steps say what happened
            target = act(held.journey)
    return redirect(target or f"/journey#step-{first_new}", 303)


def _when_connected(act: Act) -> Act:
    return lambda journey: act(journey) if journey.is_connected else None


_FORMS: Mapping[str, Callable[[Journey, dict[str, str]], str]] = {
    "pay": lambda journey, typed: ask_to_pay(journey, describe_payment(**typed)),
    "limits": lambda journey, typed: ask_for_mandate(journey, describe_limits(typed)),
    "share": lambda journey, typed: acts.share(journey, typed["iban"]),
}
"""What is asked for with what a form holds, by its path."""

_ACTS: Mapping[str, Act] = {
    "refresh": _when_connected(acts.refresh),
    "transactions": _when_connected(acts.read_transactions),
    "card": _when_connected(acts.read_card),
    "steal": _when_connected(acts.steal),
    "disconnect": _when_connected(acts.disconnect),
    "stop": stop_mandate,
}


def _is_from_our_page() -> bool:
    return request.headers.get("Sec-Fetch-Site", "none") in _SAME_SITE


def _trouble(planner: PlannerApp, text: str) -> Response:
    return planner.show("trouble", {"text": text}, status=_BAD_REQUEST)


def _name_request() -> None:
    request.environ[CORRELATION_ENVIRON_KEY] = new_correlation_id()
