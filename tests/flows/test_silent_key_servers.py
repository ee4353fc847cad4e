"""Clients whose `jwks_uri` says nothing: they wait for themselves alone."""

import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPSConnection
from pathlib import Path
from secrets import token_urlsafe
from urllib.parse import urlencode

from joserfc.jwk import Key

from tests.support.jose import forge, private_key, public_jwk
from tests.support.live_server import LiveServer, live_server
from tests.support.relying_party import ASSERTION_TYPE

_SILENT = 30


def test_thirty_clients_whose_key_server_says_nothing_keep_no_other_waiting(tmp_path: Path) -> None:
    """One client's tokens are as quick as before, while as many as you like wait for keys that never come."""
    key = private_key("ES256", "silent")
    with socket.create_server(("127.0.0.1", 0), backlog=256) as silent:
        authority = f"localhost:{silent.getsockname()[1]}"
        with live_server(tmp_path, fetch_allow=[authority], workers=1) as server:
            _add(server, "honest", jwks={"keys": [public_jwk(key)]})
            for number in range(_SILENT):
                _add(server, f"silent-{number}", jwks_uri=f"https://{authority}/{number}")
            quiet = _slowest(server, key)
            with ThreadPoolExecutor(_SILENT) as strangers:
                asked = [strangers.submit(_ask, server, f"silent-{n}", key) for n in range(_SILENT)]
                time.sleep(0.2)
                disturbed = _slowest(server, key)
                statuses = {answer.result()[0] for answer in asked}
    assert statuses <= {401, 503}
    # Twice as long is what is promised; here other tests share the processor, and five seconds is what it was.
    assert disturbed < max(2 * quiet, 1.0), (quiet, disturbed)


def _add(server: LiveServer, client_id: str, **keys: object) -> None:
    members = {"client_id": client_id, "grant_types": ["client_credentials"], "scope": "accounts"}
    server.add_client(**members, token_endpoint_auth_method="private_key_jwt", **keys)


def _slowest(server: LiveServer, key: Key) -> float:
    """Return the seconds of the slowest of forty honest requests, one after another."""
    answers = [_ask(server, "honest", key) for _ in range(40)]
    assert {status for status, _ in answers} == {200}
    return max(seconds for _, seconds in answers)


def _ask(server: LiveServer, client_id: str, key: Key) -> tuple[int, float]:
    """Give back a token that never was, authenticated by an assertion; returns the status and the seconds it took."""
    now = int(time.time())
    claims = {"iss": client_id, "sub": client_id, "aud": server.issuer, "iat": now, "exp": now + 60}
    assertion = forge({"alg": "ES256"}, {**claims, "jti": token_urlsafe()}, key, "ES256")
    form = {"token": "unknown", "client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    context = ssl.create_default_context(cadata=server.authority.pem.decode())
    began = time.monotonic()
    with closing(HTTPSConnection("localhost", server.port, context=context, timeout=30)) as connection:
        connection.request("POST", "/revoke", urlencode(form), headers)
        response = connection.getresponse()
        response.read()
    return response.status, time.monotonic() - began
