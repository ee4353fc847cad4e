"""The kinds of work: how each request is made, what a right answer shows, and what it must have recorded."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Table, func, select

from authserver.db.engine import Database
from authserver.db.tables import issued_tokens, pushed_requests
from authserver.grants.model import Authentication, Grant
from authserver.grants.store.records import save_grant
from authserver.grants.store.tokens import save_tokens
from authserver.issuance.refresh_token import mint_refresh_token
from authserver.protocol.handles import new_handle
from authserver.protocol.names import ACR_TWO_FACTORS
from bench.generator import CONNECTIONS, BenchFailed, Expected, drive, show
from bench.messages import CODE_CHALLENGE, REDIRECT_URI, BenchClient, Message
from bench.scene import BANK, Scene
from bench.verify import (
    Facts,
    verify_description,
    verify_pushed_answer,
    verify_refresh_answer,
    verify_token_answer,
)

_GRANT_SECONDS = 86_400
_OPAQUE_TOKENS = 32
_ISSUED = Expected(200, b'"access_token":"')
_TOLD = Expected(200, b'"active":true')
_PUSHED = Expected(201, b'"request_uri":"')

Builder = Callable[[Scene, int], list[Message]]


@dataclass(frozen=True, slots=True)
class Work:
    """One kind of request; `rows` are what each answer must have left in `table`.

    `verify` takes an answer's members and returns what no other answer may repeat, if anything; `client` is whom the
    tokens are for. `once` says that a request sent again must be refused.
    """

    name: str
    build: Builder
    expected: Expected
    verify: Callable[[Mapping[str, Any], Facts], str | None]
    client: Callable[[Scene], BenchClient]
    table: Table | None = None
    rows: int = 0
    once: bool = True


def _tokens_for_app(scene: Scene, count: int) -> list[Message]:
    return _for_itself(scene.clients.app, "accounts", count)


def _tokens_for_tls_app(scene: Scene, count: int) -> list[Message]:
    return _for_itself(scene.clients.tls_app, "accounts", count)


def _for_itself(client: BenchClient, scope: str, count: int) -> list[Message]:
    now, form = int(time.time()), {"grant_type": "client_credentials", "scope": scope}
    return [client.send("/token", form, now, certificate=True) for _ in range(count)]


def _refreshes(scene: Scene, count: int) -> list[Message]:
    now = int(time.time())
    return [
        scene.clients.app.send("/token", {"grant_type": "refresh_token", "refresh_token": token}, now, certificate=True)
        for token in _new_refresh_tokens(scene, count, now)
    ]


def _new_refresh_tokens(scene: Scene, count: int, now: int) -> list[str]:
    """Store so many fresh grants, as the code flow would have, and return their first refresh tokens."""
    grants = [_new_grant(scene, now) for _ in range(count)]
    minted = [mint_refresh_token(grant, 0, now, None) for grant in grants]
    database = Database.connect(scene.store.url, threads=1)
    try:
        with database.transaction() as connection:
            for grant in grants:
                save_grant(connection, grant)
            save_tokens(connection, [each.record for each in minted])
    finally:
        database.dispose()
    return [each.token for each in minted]


def _new_grant(scene: Scene, now: int) -> Grant:
    return Grant(
        grant_id=new_handle(),
        client_id=scene.clients.app.client_id,
        account_id=scene.account_id,
        consent_id=new_handle(),
        scope=("openid", "accounts"),
        resources=(),
        id_token_claims=(),
        userinfo_claims=(),
        authentication=Authentication(ACR_TWO_FACTORS, ("pwd", "otp"), now, new_handle()),
        created_at=now,
        expires_at=now + _GRANT_SECONDS,
        refresh_generation=0,
        refresh_expires_at=now + _GRANT_SECONDS,
    )


def _questions_by_certificate(scene: Scene, count: int) -> list[Message]:
    """Return questions by a caller that needs no assertion; sent round and round, since nothing in them is used up."""
    tokens, now = _opaque_tokens(scene, "vault"), int(time.time())
    asked = [scene.clients.vault.send("/introspect", {"token": token}, now, certificate=True) for token in tokens]
    return [asked[number % len(asked)] for number in range(count)]


def _questions_by_assertion(scene: Scene, count: int) -> list[Message]:
    tokens, now, vault = _opaque_tokens(scene, "keyed-vault"), int(time.time()), scene.clients.keyed_vault
    return [
        vault.send("/introspect", {"token": tokens[number % len(tokens)]}, now, certificate=False)
        for number in range(count)
    ]


def _opaque_tokens(scene: Scene, scope: str) -> list[str]:
    """Ask the server for tokens of the app's own, in the form that this scope's resource server takes."""
    requests = [message.wire() for message in _for_itself(scene.clients.app, scope, _OPAQUE_TOKENS)]
    load = drive(scene.address, requests, _ISSUED, seconds=10, keep=_OPAQUE_TOKENS, connections=CONNECTIONS)
    if load.wrong:
        raise BenchFailed(f"the server issues no opaque tokens:\n{show(load.wrong_answers[0])}")
    return [orjson.loads(body)["access_token"] for body in load.kept]


def _pushes(scene: Scene, count: int) -> list[Message]:
    now, form = int(time.time()), _authorization_request(scene.clients.app)
    return [scene.clients.app.send("/par", form, now, certificate=False) for _ in range(count)]


def _authorization_request(client: BenchClient) -> Mapping[str, str]:
    return {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": REDIRECT_URI,
        "scope": "openid accounts",
        "resource": BANK,
        "state": "af0ifjsldkj",
        "nonce": "n-0S6_WzA2Mj",
        "code_challenge": CODE_CHALLENGE,
        "code_challenge_method": "S256",
    }


def count_rows(scene: Scene, table: Table) -> int:
    """Return how many rows a table of a scene holds."""
    database = Database.connect(scene.store.url, threads=1)
    try:
        with database.read() as connection:
            return int(connection.execute(select(func.count()).select_from(table)).scalar_one())
    finally:
        database.dispose()


def _app(scene: Scene) -> BenchClient:
    return scene.clients.app


def _tls_app(scene: Scene) -> BenchClient:
    return scene.clients.tls_app


TOKEN = Work(
    "token, client_credentials, private_key_jwt", _tokens_for_app, _ISSUED, verify_token_answer, _app, issued_tokens, 1
)
TLS_TOKEN = Work(
    "token, client_credentials, tls_client_auth",
    _tokens_for_tls_app,
    _ISSUED,
    verify_token_answer,
    _tls_app,
    issued_tokens,
    1,
    once=False,
)
REFRESH = Work(
    "token, refresh with rotation, private_key_jwt", _refreshes, _ISSUED, verify_refresh_answer, _app, issued_tokens, 2
)
INTROSPECTION = Work(
    "introspect, opaque, tls_client_auth", _questions_by_certificate, _TOLD, verify_description, _app, once=False
)
KEYED_INTROSPECTION = Work(
    "introspect, opaque, private_key_jwt", _questions_by_assertion, _TOLD, verify_description, _app
)
PUSH = Work("par, private_key_jwt", _pushes, _PUSHED, verify_pushed_answer, _app, pushed_requests, 1)

EVERY_WORK = (TOKEN, TLS_TOKEN, REFRESH, INTROSPECTION, KEYED_INTROSPECTION, PUSH)
