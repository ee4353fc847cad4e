"""The challenge of an API that wants a person to sign in better, as an app reads it."""

import re

from authserver.sandbox.third_party.http import HttpResponse

_MEMBER = re.compile(r'\b([a-z_]+)="([^"\\]*)"')
_UNAUTHORIZED = 401
_WANTED = ("acr_values", "max_age")


def read_step_up(answer: HttpResponse) -> dict[str, str]:
    """Return the parameters with which the app is to ask again, or nothing where the answer asks for no better sign-in.

    They go into the new authorization request as they came.
    """
    members = dict(_MEMBER.findall(answer.headers.get("www-authenticate", "")))
    if answer.status != _UNAUTHORIZED or members.get("error") != "insufficient_user_authentication":
        return {}
    return {name: members[name] for name in _WANTED if name in members}
