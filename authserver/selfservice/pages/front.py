"""The page at the bare address, for whoever types it: what this place is, and the way to the account."""

from flask import Blueprint, Response

from authserver.interaction.step import StepDeps
from authserver.web.pages.flask_pages import correlation_id, to_flask


def front_page(deps: StepDeps) -> Blueprint:
    """Return the page at `/`; it asks no database and stores nothing."""
    blueprint = Blueprint("front", __name__)

    @blueprint.get("/")
    def show() -> Response:
        return to_flask(deps.pages.render("account/front.html", {"correlation_id": correlation_id()}))

    return blueprint
