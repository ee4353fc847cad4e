"""The choice of a second factor, to which a person is led who has just set a password."""

from flask import Blueprint

from authserver.selfservice.account_page import AccountDeps, AccountPage, AccountVisit, account_pages, go_to, show
from authserver.web.pages.form_page import Reply

PAGE = "second_factor"
PATH = "/account/second-factor"


def second_factor_page(deps: AccountDeps) -> Blueprint:
    """Return the page at `/account/second-factor`."""
    return account_pages(deps, "account_second_factor", AccountPage(PATH, lambda visit: _ask(deps, visit)))


def _ask(deps: AccountDeps, visit: AccountVisit) -> Reply:
    return go_to("/account") if visit.enrolled.has_second_factor else show(deps, visit, PAGE, {})
