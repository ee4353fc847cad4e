"""How the sample app reads the challenge of an API that wants a better sign-in."""

import pytest

from authserver.sandbox.third_party.challenge import read_step_up
from authserver.sandbox.third_party.http import HttpResponse

BETTER = 'error="insufficient_user_authentication", error_description="A stronger sign-in is required."'


@pytest.mark.spec("RFC9470-4")
@pytest.mark.parametrize(
    ("status", "header", "read"),
    [
        (401, f'Bearer {BETTER}, acr_values="phr", max_age="300"', {"acr_values": "phr", "max_age": "300"}),
        (401, f'DPoP algs="ES256", {BETTER}, max_age="0"', {"max_age": "0"}),
        (401, f'Bearer {BETTER}, acr_values="a b"', {"acr_values": "a b"}),
        (401, f"Bearer {BETTER}", {}),
        (403, f'Bearer {BETTER}, max_age="0"', {}),
        (401, 'Bearer error="invalid_token", max_age="0"', {}),
        (401, "Bearer", {}),
        (401, "", {}),
    ],
)
def test_what_the_challenge_names_is_what_the_app_asks_for(status: int, header: str, read: dict[str, str]) -> None:
    assert read_step_up(HttpResponse(status, {"www-authenticate": header}, b"")) == read
