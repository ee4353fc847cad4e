"""No API is told of a scope without every detail that was granted beside it, nor of more than was granted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.clients.model import ResourceServer
from authserver.issuance.audience import Audience, Reach, resolve_audience, scope_told, serves_detail
from authserver.protocol.details.model import Detail, Details
from authserver.protocol.details.narrowing import narrow
from authserver.protocol.errors import InvalidTarget
from authserver.protocol.names import SCOPES_OF_OPENID
from tests.support.details import CURRENT, SAVINGS
from tests.support.hypothesis_profiles import budget

ISSUER = "https://as.example"
PLACES = ("https://bank.example/", "https://vault.example/", "https://reports.example/")
TYPES = ("account_information", "funds_confirmation")
OVER_DATA = ("accounts", "payments")


def some(values: tuple[str, ...], least: int = 0) -> st.SearchStrategy[list[str]]:
    """Return any of some values, each once."""
    return st.lists(st.sampled_from(values), min_size=least, unique=True)


apis = st.builds(
    ResourceServer,
    name=st.just("An API"),
    audiences=some(PLACES, 1).map(tuple),
    scopes=some((*OVER_DATA, "profile")).map(frozenset),
    takes_jwt=st.booleans(),
    authorization_details_types=some(TYPES).map(frozenset),
)
places_named = some((*PLACES, "urn:x"), 1)
details = st.fixed_dictionaries(
    {"type": st.sampled_from(TYPES)},
    optional={
        "locations": places_named,
        "accounts": st.lists(st.sampled_from([{"iban": CURRENT}, {"iban": SAVINGS}]), min_size=1, max_size=2),
    },
)
scopes = some(("openid", "profile", *OVER_DATA)).map(tuple)


@st.composite
def reaches(draw: st.DrawFn) -> Reach:
    """Return what any token request makes of any grant: all of it, or less."""
    granted = tuple(draw(st.lists(details, max_size=3)))
    is_less = draw(st.booleans())
    kept = _shortened(draw, granted) if granted and is_less else granted
    scope = draw(scopes)
    resources = tuple(draw(st.just([]) | some((*PLACES, ISSUER))))
    named = tuple(draw(some(resources))) if resources else ()
    return Reach(scope, kept, granted, named, resources)


def _shortened(draw: st.DrawFn, granted: Details) -> Details:
    kept = draw(st.lists(st.sampled_from(granted), min_size=1, max_size=3))
    asked = ({**detail, "locations": draw(places_named)} if draw(st.booleans()) else detail for detail in kept)
    return narrow(granted, tuple(asked)) or granted[:1]


def _is_of(granted: Detail, told: Detail) -> bool:
    return narrow((granted,), (told,)) is not None


def _told(api: ResourceServer, audience: Audience) -> tuple[tuple[str, ...], Details]:
    """Return what an API learns: everything in a JWT, what introspection tells it otherwise."""
    if set(audience.names).isdisjoint(api.audiences):
        return (), ()
    if audience.as_jwt:
        return audience.scope, audience.authorization_details
    own = tuple(each for each in audience.authorization_details if serves_detail(api, each))
    return scope_told(api, audience.scope, audience.authorization_details), own


@pytest.mark.spec("RFC9396-9.1", "RFC9396-9.2", "RFC9396-6.1", "RFC8707-2.2")
@budget(600)
@given(reaches(), st.lists(apis, min_size=1, max_size=3))
def test_a_scope_goes_nowhere_without_the_details_beside_it(reach: Reach, servers: list[ResourceServer]) -> None:
    try:
        audience = resolve_audience(reach, servers, ISSUER)
    except InvalidTarget:
        return
    for api in servers:
        scope, told = _told(api, audience)
        assert set(scope) <= set(reach.scope)
        assert all(any(_is_of(granted, each) for granted in reach.granted_details) for each in told)
        assert all(serves_detail(api, each) for each in told), "nobody reads what is another's"
        if not set(scope) <= set(SCOPES_OF_OPENID):
            understood = [each for each in told if serves_detail(api, each)]
            assert all(any(_is_of(granted, each) for each in understood) for granted in reach.granted_details)
        assert api.takes_jwt or not audience.as_jwt or not scope


@pytest.mark.spec("RFC8707-2", "RFC9700-2.3")
@budget(600)
@given(reaches(), st.lists(apis, min_size=1, max_size=3))
def test_an_api_is_an_audience_where_it_serves_something_of_the_token(
    reach: Reach, servers: list[ResourceServer]
) -> None:
    try:
        audience = resolve_audience(reach, servers, ISSUER)
    except InvalidTarget:
        return
    assert audience.names
    assert set(reach.named) <= set(audience.names)
    assert set(audience.names) <= set(reach.named or reach.granted_resources or (*PLACES, ISSUER))
    for place in set(audience.names) - {ISSUER}:
        here = [api for api in servers if place in api.audiences]
        scopes_told = {name for api in here for name in scope_told(api, audience.scope, reach.details)}
        reached = any(serves_detail(api, each) for api in here for each in audience.authorization_details)
        assert reached or not scopes_told <= set(SCOPES_OF_OPENID)
    if ISSUER in audience.names and "openid" not in audience.scope:
        assert audience.names == (ISSUER,)


@pytest.mark.spec("RFC8707-2.2", "RFC7662-2.2")
@given(scopes, st.lists(apis, max_size=3))
def test_a_scope_without_details_is_what_those_who_read_it_serve(
    scope: tuple[str, ...], servers: list[ResourceServer]
) -> None:
    audience = resolve_audience(Reach(scope), servers, ISSUER)
    served = {name for api in audience.readers for name in scope_told(api, scope, ())}
    assert audience.scope == (
        tuple(name for name in scope if name in served or name in SCOPES_OF_OPENID) if audience.readers else scope
    )
