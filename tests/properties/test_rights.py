"""What is left of a grant under any registration of its client is within both, and never reaches further."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.clients.build import build_client
from authserver.clients.metadata import parse_metadata
from authserver.clients.model import Client
from authserver.grants.model import Authentication, Grant
from authserver.issuance.rights import usable_grant
from authserver.profiles.catalogue import PROFILES
from authserver.protocol.claims import SCOPE_CLAIMS, STANDARD_CLAIMS
from authserver.protocol.details.registry import TYPES, find_payment, type_names
from authserver.protocol.errors import InvalidGrant
from authserver.protocol.names import SCOPES_OF_OPENID
from authserver.values import replace
from tests.support.details import ACCOUNTS, FUNDS, PAYMENT, RECURRING

SCOPES = ("openid", "profile", "email", "offline_access", "accounts", "payments")
RESOURCES = ("https://bank.example/", "https://vault.example/")
CLAIMS = ("name", "email", "phone_number", "acr", "unheard_of")
BASE = build_client(
    parse_metadata(
        {
            "redirect_uris": ["https://app.example/callback"],
            "token_endpoint_auth_method": "tls_client_auth",
            "tls_client_auth_san_dns": "app.example",
        }
    ),
    client_id="app",
    secret_hash=None,
)


def some(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), unique=True).map(tuple)


GRANTS = st.builds(
    Grant,
    grant_id=st.just("grant"),
    client_id=st.just("app"),
    account_id=st.just("alice"),
    consent_id=st.just("consent"),
    scope=some(SCOPES),
    resources=some(RESOURCES),
    id_token_claims=some(CLAIMS),
    userinfo_claims=some(CLAIMS),
    authentication=st.just(Authentication("phr", ("hwk",), 0, "session")),
    created_at=st.just(0),
    expires_at=st.just(1),
    refresh_generation=st.just(0),
    refresh_expires_at=st.just(1),
    authorization_details=st.lists(st.sampled_from([ACCOUNTS, FUNDS, PAYMENT, RECURRING]), max_size=3).map(tuple),
)
REGISTRATIONS = st.builds(
    lambda profile, scope, types, dpop: replace(
        BASE,
        profile=PROFILES[profile],
        scope=frozenset(scope),
        authorization_details_types=frozenset(types),
        dpop_bound_access_tokens=dpop,
    ),
    st.sampled_from(sorted(PROFILES)),
    some(SCOPES),
    some(tuple(TYPES)),
    st.booleans(),
)


@pytest.mark.spec("RFC6749-5.1", "RFC6749-5.2", "RFC9396-10", "RFC9700-2.2.1", "RFC8707-2.2", "OIDCC-5.5")
@given(grant=GRANTS, client=REGISTRATIONS, audiences=some(RESOURCES).map(frozenset))
def test_what_is_left_is_within_grant_and_registration_and_reaches_no_further(
    grant: Grant, client: Client, audiences: frozenset[str]
) -> None:
    try:
        left = usable_grant(grant, client, audiences)
    except InvalidGrant:
        return

    assert set(left.scope) == set(grant.scope) & client.scope
    assert type_names(left.authorization_details) <= client.authorization_details_types
    assert all(detail in grant.authorization_details for detail in left.authorization_details)
    # A named resource never becomes every resource, nor a person's choice of accounts all of them.
    assert set(left.resources) == set(grant.resources) & audiences
    assert bool(left.resources) == bool(grant.resources)
    if set(left.scope) - set(SCOPES_OF_OPENID) and ACCOUNTS in grant.authorization_details:
        assert ACCOUNTS in left.authorization_details
    assert find_payment(left.authorization_details) == find_payment(grant.authorization_details)
    registered = {claim for scope in client.scope for claim in SCOPE_CLAIMS.get(scope, ())}
    told = {*left.id_token_claims, *left.userinfo_claims}.intersection(STANDARD_CLAIMS)
    assert told <= registered
    if not client.binds_tokens:
        assert set(grant.scope) <= client.profile.bearer_scopes
        assert not grant.authorization_details
    # What identifies the grant, and when it ends, is as it was.
    assert replace(left, **_reach(grant)) == grant


@pytest.mark.spec("RFC6749-6")
@given(grant=GRANTS)
def test_a_registration_that_took_nothing_away_leaves_a_grant_as_it_is(grant: Grant) -> None:
    types = frozenset(TYPES)
    client = replace(BASE, scope=frozenset({*SCOPES, "phone", "address"}), authorization_details_types=types)
    if grant.scope or grant.authorization_details:
        assert usable_grant(grant, client, frozenset(RESOURCES)) is grant


def _reach(grant: Grant) -> dict[str, Any]:
    names = ("scope", "resources", "id_token_claims", "userinfo_claims", "authorization_details")
    return {name: getattr(grant, name) for name in names}
