"""What a token costs at the very least: its cryptography, one durable statement, and the server around nothing.

Each is measured alone on the server's core, in processor time; what PostgreSQL itself takes is not in it, nor in the
server's figure that it is compared with.
"""

import secrets
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from statistics import median

import orjson
import psycopg
from cryptography.hazmat.primitives.asymmetric import ec

from bench.cores import Cores, pinned
from bench.generator import CONNECTIONS, Expected, Job, Request, drive
from bench.measure import Target, summarize, usage
from bench.messages import BenchClient, get, sign_jwt, verify_jwt
from bench.peer import plain_url
from bench.processes import Command, running
from bench.scene import THREADS, Scene
from bench.stores import ROOT

_ROUNDS, _CHUNK = 7, 300
_SECONDS = 1.5
_TABLES = """
CREATE TABLE IF NOT EXISTS bench_ids (id bytea PRIMARY KEY, expires_at bigint NOT NULL);
CREATE TABLE IF NOT EXISTS bench_tokens (id bytea PRIMARY KEY, client_id text NOT NULL, claims bytea NOT NULL);
"""
_STATEMENT = """
WITH claimed AS (INSERT INTO bench_ids VALUES (%s, %s) ON CONFLICT DO NOTHING RETURNING id)
INSERT INTO bench_tokens SELECT %s, %s, %s FROM claimed
"""


def bare(_: object, start_response: Callable[..., object]) -> Iterable[bytes]:
    """Answer anything with two bytes: the least that a WSGI application does."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"]


def lower_bound(target: Target, port: int, token_us: float) -> Mapping[str, float]:
    """Return the parts of the bound in microseconds, and how many times the bound a token takes here."""
    scene, cores = target.scene, target.cores
    with pinned({cores.server}):
        parts = {
            "an assertion verified, a token signed, with their JSON": _cryptography(scene.clients.app),
            "one statement that claims and records, durable": _statement(scene),
        }
    parts["granian around nothing"] = _server(scene, cores, port)
    bound = sum(parts.values())
    return {**parts, "lower bound": bound, "a token here": token_us, "times the bound": token_us / bound}


def _cryptography(client: BenchClient) -> float:
    """Verify one JWT and sign another, with no library between us and OpenSSL."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key()
    claims = {"iss": client.client_id, "jti": secrets.token_urlsafe(16), "exp": int(time.time()) + 300}
    assertion = sign_jwt("eyJhbGciOiJFUzI1NiJ9", claims, key)
    return _median_us(lambda: (verify_jwt(assertion, public), sign_jwt("eyJhbGciOiJFUzI1NiJ9", claims, key)))


def _statement(scene: Scene) -> float:
    with psycopg.connect(plain_url(scene.store), autocommit=True) as connection:
        connection.execute(_TABLES)
        claims, now = orjson.dumps({"aud": "https://bank.example/", "scope": "accounts"}), int(time.time())

        def record() -> None:
            ids = secrets.token_bytes(32), secrets.token_bytes(32)
            connection.execute(_STATEMENT, (ids[0], now, ids[1], "bench-app", claims), prepare=True)

        return _median_us(record)


def _median_us(work: Callable[[], object]) -> float:
    """Return the median microseconds of this thread's processor time for one call, over some chunks of many."""
    chunks = []
    for _ in range(_ROUNDS):
        started = time.thread_time_ns()
        for _ in range(_CHUNK):
            work()
        chunks.append((time.thread_time_ns() - started) / _CHUNK / 1000)
    return median(chunks)


def _server(scene: Scene, cores: Cores, port: int) -> float:
    command = Command(
        arguments=[
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)),
            *("--blocking-threads", str(THREADS), "--no-ws", "--log-level", "warning", "bench.bound:bare"),
        ],
        folder=scene.command.folder,
        environment={**scene.command.environment, "PYTHONPATH": str(ROOT)},
        address=("127.0.0.1", port),
        ready_path="/",
    )
    jobs = [Job("bare", Request(get("/").wire(), Expected(200, b"ok")))] * 100_000
    with running(command, frozenset({cores.server})) as server:
        target = Target(scene, server.process_id, cores)
        before = usage(target)
        load = drive(command.address, jobs, seconds=_SECONDS, keep=1, connections=CONNECTIONS)
        return summarize(target, "bare", load, before, usage(target)).server_us
