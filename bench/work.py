"""The kinds of work: how the jobs of each are made, and what a right answer shows. The same for both sides."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import orjson

from bench.backstage import Wanted
from bench.flow import CREATED, ISSUED, Browser, Crowd, code_flow
from bench.generator import CONNECTIONS, BenchFailed, Expected, Job, Request, drive, show
from bench.messages import (
    BANK,
    JWT_INTROSPECTION_TYPE,
    REDIRECT_URI,
    VERIFIER,
    BenchClient,
    Message,
    authorization_request,
    get,
)
from bench.scene import SIGNED_VAULT, VAULT, Scene
from bench.verify import (
    Facts,
    verify_description,
    verify_discovery,
    verify_identity,
    verify_keys,
    verify_pushed_answer,
    verify_refresh_answer,
    verify_signed_description,
    verify_token_answer,
)

_TOKENS = 32
_TOLD = Expected(200, b'"active":true')
_SIGNED = Expected(200, b"introspection+jwt")
_IDENTITY = Expected(200, b'"sub":"')
_KEYS = Expected(200, b'"keys":[')
_METADATA = Expected(200, b'"token_endpoint":"')
MIXTURE: Mapping[str, float] = {"introspect": 0.4, "refresh": 0.3, "token_client_credentials": 0.2, "code_flow": 0.1}


@dataclass(frozen=True, slots=True)
class Work:
    """One kind of work; `build` makes so many jobs for a side before the clock starts.

    `verify` takes the body of an answer and returns what no other answer may repeat, if anything; `client` is whom the
    tokens are for. `once` says that a request sent again must be refused.
    """

    kind: str
    title: str
    build: Callable[[Scene, int], list[Job]]
    verify: Callable[[bytes, Facts], str | None]
    client: Callable[[Scene], BenchClient]
    once: bool = False


def _jobs(kind: str, messages: list[Message], expected: Expected) -> list[Job]:
    return [Job(kind, Request(message.wire(), expected)) for message in messages]


def _round_and_round(job: Job, count: int) -> list[Job]:
    return [job] * count


def _tokens_for_app(scene: Scene, count: int) -> list[Job]:
    messages = _for_itself(scene.clients.app, "accounts", BANK, count)
    return _jobs("token_client_credentials", messages, ISSUED)


def _tokens_for_tls_app(scene: Scene, count: int) -> list[Job]:
    job = _jobs("token_tls_client_auth", _for_itself(scene.clients.tls_app, "accounts", BANK, 1), ISSUED)[0]
    return _round_and_round(job, count)


def _for_itself(client: BenchClient, scope: str, resource: str, count: int) -> list[Message]:
    form = {"grant_type": "client_credentials", "scope": scope, "resource": resource}
    now = int(time.time())
    return [client.send("/token", form, now, certificate=True) for _ in range(count)]


def _pushes(scene: Scene, count: int) -> list[Job]:
    return _jobs("par", _push_messages(scene.clients.app, count), CREATED)


def _push_messages(client: BenchClient, count: int) -> list[Message]:
    now, form = int(time.time()), authorization_request(client.client_id)
    return [client.send("/par", form, now, certificate=True) for _ in range(count)]


def _refreshes(scene: Scene, count: int) -> list[Job]:
    app, now = scene.clients.app, int(time.time())
    tokens = scene.backstage.refresh_tokens(Wanted(app.client_id, count, "accounts", BANK))
    return _jobs("refresh", [_refresh(app, token, now) for token in tokens], ISSUED)


def _refresh(app: BenchClient, token: str, now: int) -> Message:
    form = {"grant_type": "refresh_token", "refresh_token": token}
    return app.send("/token", form, now, certificate=True)


def _flows(scene: Scene, count: int) -> list[Job]:
    app, now = scene.clients.app, int(time.time())
    crowd = Crowd([Browser(jar) for jar in scene.backstage.browsers(CONNECTIONS)])
    form = {"grant_type": "authorization_code", "redirect_uri": REDIRECT_URI, "code_verifier": VERIFIER}
    redemptions = [app.send("/token", form, now, certificate=True) for _ in range(count)]
    pushes = [message.wire() for message in _push_messages(app, count)]
    return [
        Job("code_flow", partial(code_flow, app.client_id, push, redemption, crowd))
        for push, redemption in zip(pushes, redemptions, strict=True)
    ]


def _questions(scene: Scene, count: int) -> list[Job]:
    """Return questions by a resource server; sent round and round, since nothing in them is used up."""
    vault, now = scene.clients.vault, int(time.time())
    tokens = _own_tokens(scene, "vault", VAULT)
    asked = _jobs(
        "introspect", [vault.send("/introspect", {"token": each}, now, certificate=True) for each in tokens], _TOLD
    )
    return [asked[number % len(asked)] for number in range(count)]


def _signed_questions(scene: Scene, count: int) -> list[Job]:
    vault, now = scene.clients.signed_vault, int(time.time())
    tokens = _own_tokens(scene, "signed-vault", SIGNED_VAULT)
    messages = [
        vault.send("/introspect", {"token": each}, now, certificate=True, accept=JWT_INTROSPECTION_TYPE)
        for each in tokens
    ]
    asked = _jobs("introspect_jwt", messages, _SIGNED)
    return [asked[number % len(asked)] for number in range(count)]


def _own_tokens(scene: Scene, scope: str, resource: str) -> list[str]:
    """Ask the server for tokens of the app's own, in the form that this resource server takes."""
    return _access_tokens(scene, _jobs("", _for_itself(scene.clients.app, scope, resource, _TOKENS), ISSUED))


def _access_tokens(scene: Scene, jobs: list[Job]) -> list[str]:
    load = drive(scene.address, jobs, seconds=10, keep=len(jobs), connections=CONNECTIONS)
    if load.wrong:
        raise BenchFailed(f"{scene.name} issues no tokens:\n{show(load.wrong_answers[0])}")
    return [orjson.loads(body)["access_token"] for _, body in load.kept]


def _visits_to_userinfo(scene: Scene, count: int) -> list[Job]:
    """Return visits with the tokens of people who allowed `openid` alone."""
    app, now = scene.clients.app, int(time.time())
    refreshed = scene.backstage.refresh_tokens(Wanted(app.client_id, _TOKENS))
    tokens = _access_tokens(scene, _jobs("", [_refresh(app, token, now) for token in refreshed], ISSUED))
    messages = [get("/userinfo", Authorization=f"Bearer {token}", Client_Cert=app.header) for token in tokens]
    asked = _jobs("userinfo", messages, _IDENTITY)
    return [asked[number % len(asked)] for number in range(count)]


def _visits_to_keys(_: Scene, count: int) -> list[Job]:
    return _round_and_round(_jobs("jwks", [get("/jwks")], _KEYS)[0], count)


def _visits_to_metadata(_: Scene, count: int) -> list[Job]:
    return _round_and_round(_jobs("discovery", [get("/.well-known/openid-configuration")], _METADATA)[0], count)


def _mixture(scene: Scene, count: int) -> list[Job]:
    """Return the mixture in an order that is random and the same for every run."""
    jobs = [job for kind, share in MIXTURE.items() for job in WORKS[kind].build(scene, max(1, round(count * share)))]
    random.Random(count).shuffle(jobs)  # noqa: S311 - an order, not a secret
    return jobs


def _verify_any(_: bytes, __: Facts) -> None:
    """Stand in for a mixture, whose answers are verified each as its own kind."""


def _app(scene: Scene) -> BenchClient:
    return scene.clients.app


def _tls_app(scene: Scene) -> BenchClient:
    return scene.clients.tls_app


TOKEN = Work(
    "token_client_credentials",
    "token, client_credentials, private_key_jwt",
    _tokens_for_app,
    verify_token_answer,
    _app,
    once=True,
)
TLS_TOKEN = Work(
    "token_tls_client_auth",
    "token, client_credentials, tls_client_auth",
    _tokens_for_tls_app,
    verify_token_answer,
    _tls_app,
)
PUSH = Work("par", "PAR, private_key_jwt", _pushes, verify_pushed_answer, _app, once=True)
FLOW = Work("code_flow", "whole code flow", _flows, verify_refresh_answer, _app)
REFRESH = Work("refresh", "refresh with rotation, private_key_jwt", _refreshes, verify_refresh_answer, _app, once=True)
INTROSPECTION = Work("introspect", "introspection, opaque token", _questions, verify_description, _app)
SIGNED_INTROSPECTION = Work(
    "introspect_jwt", "introspection, signed answer", _signed_questions, verify_signed_description, _app
)
USERINFO = Work("userinfo", "userinfo", _visits_to_userinfo, verify_identity, _app)
JWKS = Work("jwks", "JWKS", _visits_to_keys, verify_keys, _app)
DISCOVERY = Work("discovery", "discovery", _visits_to_metadata, verify_discovery, _app)
MIXED = Work("mixed", "mixed traffic", _mixture, _verify_any, _app)

EVERY_WORK = (
    TOKEN,
    TLS_TOKEN,
    PUSH,
    FLOW,
    REFRESH,
    INTROSPECTION,
    SIGNED_INTROSPECTION,
    USERINFO,
    JWKS,
    DISCOVERY,
    MIXED,
)
WORKS: Mapping[str, Work] = {work.kind: work for work in EVERY_WORK}
