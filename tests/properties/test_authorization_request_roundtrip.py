"""What is stored of a request is the request: nothing is lost, added or of another type when it comes back."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.authorization.answers.model import Delivery, OwnPage, Redirect
from authserver.authorization.asked import AuthorizationRequest
from authserver.authorization.serialization import dump_request, load_request
from authserver.protocol.claims_request import ClaimsRequest
from authserver.protocol.demand import AuthenticationDemand
from authserver.protocol.details.model import Details
from authserver.protocol.details.parse import parse_authorization_details
from authserver.protocol.names import ACR_LADDER
from tests.support.details import Document, account_reads, fund_checks, payments, text_of


def _details(documents: list[Document]) -> Details:
    return parse_authorization_details(text_of(*documents)) if documents else ()


_text = st.text(max_size=20)
_some = st.none() | _text
_many = st.lists(_text, max_size=4).map(tuple)
requests = st.builds(
    AuthorizationRequest,
    client_id=_text,
    scope=_many,
    resources=_many,
    demand=st.builds(
        AuthenticationDemand,
        prompts=st.frozensets(st.sampled_from(["none", "login", "consent", "select_account"])),
        max_age=st.none() | st.integers(0, 10**9),
        acr=st.none() | st.sampled_from(ACR_LADDER),
        acr_essential=st.booleans(),
    ),
    login_hint=_some,
    hinted_subject=_some,
    ui_locales=_many,
    claims=st.builds(ClaimsRequest, id_token=_many, userinfo=_many, acr_values=_many, acr_essential=st.booleans()),
    authorization_details=st.builds(
        lambda paid, others: _details([*paid, *others]),
        st.lists(payments, max_size=1),
        st.lists(account_reads | fund_checks, max_size=3),
    ),
)

deliveries = st.builds(OwnPage, url=_text) | st.builds(
    Redirect,
    redirect_uri=_text,
    redirect_uri_sent=st.booleans(),
    response_type=st.just("code"),
    response_mode=st.sampled_from(["query", "form_post"]),
    state=_some,
    nonce=_some,
    code_challenge=_some,
    dpop_jkt=_some,
)
stored = st.tuples(requests, deliveries)


@given(stored)
def test_a_request_comes_back_as_it_was_stored(asked: tuple[AuthorizationRequest, Delivery]) -> None:
    text = dump_request(*asked)
    assert load_request(text) == asked
    assert hash(load_request(text)) == hash(asked)
    assert text.isascii()
    assert "\x00" not in text


@given(stored, st.sampled_from(["demand", "claims"]))
def test_what_a_later_release_demands_is_not_left_out(asked: tuple[AuthorizationRequest, Delivery], part: str) -> None:
    members = json.loads(dump_request(*asked))
    members[part]["of_a_later_release"] = True
    with pytest.raises(ValueError, match="of_a_later_release"):
        load_request(json.dumps(members))


@given(stored, stored)
def test_two_requests_are_stored_alike_only_if_they_are_one(
    one: tuple[AuthorizationRequest, Delivery], other: tuple[AuthorizationRequest, Delivery]
) -> None:
    assert (dump_request(*one) == dump_request(*other)) == (one == other)
