"""A client that failed to prove itself is found in the log by the name it gave, of which nothing is believed."""

import pytest

from tests.support.deployment import Deployment
from tests.support.relying_party import ASSERTION_TYPE, Form, basic, register

FORM = {"grant_type": "client_credentials", "scope": "accounts"}


def _told(deployment: Deployment, form: Form, headers: Form | None = None) -> tuple[str, str]:
    """Send a token request that fails, and return whose it is said to be, and whom the caller claimed to be."""
    app = register(deployment, "ledger")
    sent = {name: str(value) for name, value in (headers or {}).items()}
    assert app.send("/token", {**FORM, **form}, headers=sent).status_code == 401
    (event,) = [each for each in deployment.events if each.name == "client.authentication_failed"]
    assert event.detail["reason"]
    return event.client, event.detail["claimed_client_id"]


def test_a_client_is_found_by_the_name_it_gave_in_the_form(deployment: Deployment) -> None:
    assert _told(deployment, {"client_id": "ledger"}) == ("", "ledger")


def test_a_client_is_found_by_the_name_in_its_basic_credentials(deployment: Deployment) -> None:
    assert _told(deployment, {}, {"Authorization": basic("ledger", "wrong")}) == ("", "ledger")


def test_a_client_is_found_by_the_subject_of_its_assertion(deployment: Deployment) -> None:
    stranger = register(deployment, "stranger")
    assertion = stranger.assertion(sub="ledger", iss="ledger")
    form = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}
    assert _told(deployment, form) == ("", "ledger")


def test_a_disabled_or_unknown_client_is_found_as_well(deployment: Deployment) -> None:
    assert _told(deployment, {}, {"Authorization": basic("nobody", "x")}) == ("", "nobody")


@pytest.mark.parametrize("claimed", ["a\nb", "é", "x" * 256, "\x1b[2J", " " * 300])
def test_what_no_client_id_can_be_does_not_reach_the_log(deployment: Deployment, claimed: str) -> None:
    assert _told(deployment, {"client_id": claimed}) == ("", "")


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Basic YQ=="])
def test_credentials_that_cannot_be_read_name_nobody(deployment: Deployment, header: str) -> None:
    assert _told(deployment, {}, {"Authorization": header}) == ("", "")


@pytest.mark.parametrize("assertion", ["", "a.b.c", "x" * 40_000])
def test_an_assertion_that_cannot_be_read_names_nobody(deployment: Deployment, assertion: str) -> None:
    assert _told(deployment, {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}) == ("", "")
