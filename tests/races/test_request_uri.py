"""One pushed request opened in two browsers: each may sign in, one code comes of it."""

from functools import partial

import pytest
from sqlalchemy import func, select

from authserver.db.tables.grants import authorization_codes
from tests.support.deployment import Deployment
from tests.support.person import Person
from tests.support.races import at_once
from tests.support.relying_party import REDIRECT_URI, register, register_bank

_ROUNDS = 4


def count_codes(deployment: Deployment) -> int:
    """Return how many codes were ever issued."""
    with deployment.database.read() as connection:
        return connection.execute(select(func.count()).select_from(authorization_codes)).scalar_one()


@pytest.mark.spec("RFC9126-7.3-1", "FAPI2-SP-FINAL-5.3.2.2-12")
def test_two_browsers_that_finish_one_request_get_one_code(either: Deployment) -> None:
    register_bank(either)
    app = register(either)
    browsers = [Person(either), Person(either)]
    for round_number in range(1, _ROUNDS + 1):
        url = app.authorization_url(scope="openid", prompt="consent")
        pages = [browser.open(url) for browser in browsers]
        ready = [
            browser.sign_in(page) if page.request.path == "/login" else page
            for browser, page in zip(browsers, pages, strict=True)
        ]
        assert [page.request.path for page in ready] == ["/consent", "/consent"]

        acts = [partial(browser.decide, page, "approve") for browser, page in zip(browsers, ready, strict=True)]
        ends = at_once(acts)

        assert sorted(end.status_code for end in ends) == [303, 400], [end.text for end in ends]
        sent = next(end for end in ends if end.status_code == 303)
        assert sent.headers["Location"].startswith(REDIRECT_URI + "?code=")
        assert count_codes(either) == round_number
        assert browsers[0].open(url).status_code == 400
