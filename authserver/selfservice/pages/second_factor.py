"""The choice of a second factor, to which a person is led who has just set a password."""

from flask import Blueprint, Response

from authserver.selfservice.guard import AccountDeps, go_to, open_visit, show

PAGE = "second_factor"


def second_factor_page(deps: AccountDeps) -> Blueprint:
    """Return the page at `/account/second-factor`."""
    blueprint = Blueprint("account_second_factor", __name__)

    @blueprint.get("/account/second-factor")
    def ask() -> Response:
        visit = open_visit(deps)
        if visit.enrolled.has_second_factor:
            return go_to("/account")
        return show(deps, visit, PAGE, {})

    return blueprint
