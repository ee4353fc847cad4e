"""The types of authorization details that a client registers."""

import pytest

from authserver.clients.registration import prepare_registration
from authserver.protocol.errors import InvalidClientMetadata

_LOGIN_APP = {
    "client_id": "app",
    "profile": "oidc",
    "redirect_uris": ["https://app.example/callback"],
    "token_endpoint_auth_method": "client_secret_basic",
}


def _register(**members: object) -> object:
    return prepare_registration({**_LOGIN_APP, **members}, default_profile="fapi2").metadata.get(
        "authorization_details_types"
    )


@pytest.mark.spec("RFC9396-10", "RFC7591-2")
def test_a_client_with_bound_tokens_may_register_types() -> None:
    types = ["account_information"]
    assert _register(dpop_bound_access_tokens=True, authorization_details_types=types) == types


@pytest.mark.parametrize(
    "members",
    [
        {"authorization_details_types": ["account_information"]},
        {"authorization_details_types": ["unknown"], "dpop_bound_access_tokens": True},
        {"authorization_details_types": "account_information", "dpop_bound_access_tokens": True},
        {"authorization_details_types": [["account_information"]], "dpop_bound_access_tokens": True},
    ],
)
@pytest.mark.spec("RFC9396-10", "RFC9700-2.2.1")
def test_unknown_types_and_types_without_bound_tokens_are_refused(members: dict[str, object]) -> None:
    with pytest.raises(InvalidClientMetadata) as refused:
        _register(**members)
    assert refused.value.member == "authorization_details_types"
