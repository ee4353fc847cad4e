"""What every refusal of a machine endpoint looks like, whatever it refuses."""

import re

from tests.support.relying_party import Reply

_CODE = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+")
_MEMBERS = {"error", "error_description", "correlation_id"}


def refusal(reply: Reply) -> tuple[int, str]:
    """Return the status and error code of a refusal, having seen that its form is the one form there is.

    JSON, kept by no cache, both texts within the characters of RFC 6749 (so no quote, backslash or line break), and
    401 for nothing but a client that did not authenticate.
    """
    assert reply.headers["Content-Type"] == "application/json", reply.text
    assert reply.headers["Cache-Control"] == "no-store"
    assert set(reply.json) == _MEMBERS, reply.text
    assert _CODE.fullmatch(reply.json["error"])
    assert _CODE.fullmatch(reply.json["error_description"])
    assert reply.json["correlation_id"] == reply.headers["X-Correlation-Id"]
    assert (reply.status_code == 401) == (reply.json["error"] == "invalid_client"), reply.text
    return reply.status_code, reply.json["error"]


def challenge(reply: Reply) -> tuple[int, str]:
    """Return the status and error code with which a protected resource refuses, having seen its challenges."""
    schemes = [value.partition(" ")[0] for value in reply.headers.getlist("WWW-Authenticate")]
    assert schemes == ["DPoP", "Bearer"], reply.headers
    assert 'algs="' in reply.headers["WWW-Authenticate"]
    assert reply.headers["Cache-Control"] == "no-store"
    code = reply.json.get("error", "")
    assert all(f'error="{code}"' in value for value in reply.headers.getlist("WWW-Authenticate")) == bool(code)
    return reply.status_code, code
