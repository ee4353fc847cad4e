"""A server whose PostgreSQL hangs, comes late, or is read-only: a 503 in time to whom it matters, and to no other."""

import http.client
import json
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.authority import NOW, create_authority
from tests.support.command_line import CommandLine
from tests.support.postgresql_cluster import PostgresqlCluster, postgresql_cluster
from tests.support.servers import free_port, running, wait_until

_BOUND_SECONDS = 2
_FREE_SECONDS = 2.5  # what needs no database: a second until the trouble is known, and two busy cores
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, and how long it took."""

    status: int
    retry_after: str | None
    body: bytes
    seconds: float


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: `connect` opens a connection to it."""

    connect: Callable[[], http.client.HTTPConnection]

    def get(self, path: str) -> Answer:
        """Ask for a document."""
        return self._ask("GET", path, None)

    def stranger(self, number: int) -> Answer:
        """Ask for a token as somebody whom only the database could tell to be nobody."""
        return self._ask("POST", "/token", f"grant_type=client_credentials&client_id=nobody-{number}&client_secret=x")

    def is_ready(self) -> bool:
        """Tell what the readiness probe says."""
        try:
            return self.get("/readyz").status == 200
        except OSError:
            return False

    def _ask(self, method: str, path: str, form: str | None) -> Answer:
        began = time.monotonic()
        with closing(self.connect()) as link:
            link.request(method, path, form, _FORM if form else {})
            response = link.getresponse()
            body = response.read()
        return Answer(response.status, response.headers["Retry-After"], body, time.monotonic() - began)


@pytest.fixture(scope="module")
def cluster() -> Iterator[PostgresqlCluster]:
    """A server that each test leaves as it found it."""
    with postgresql_cluster() as started:
        yield started


@pytest.fixture(scope="module")
def deployed(cluster: PostgresqlCluster, tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """A prompt with a deployment on that server."""
    settings = {"DATABASE_URL": cluster.url(), "DATABASE_TIMEOUT": str(_BOUND_SECONDS)}
    prompt = CommandLine(tmp_path_factory.mktemp("deployed"), settings)
    prompt.init()
    return prompt


@contextmanager
def _behind_a_proxy(deployed: CommandLine, folder: Path) -> Iterator[Server]:
    port = free_port()
    with _served(deployed, folder, LISTEN=f"127.0.0.1:{port}"):
        yield Server(lambda: http.client.HTTPConnection("127.0.0.1", port, timeout=30))


@contextmanager
def _with_own_tls(deployed: CommandLine, folder: Path) -> Iterator[Server]:
    authority = create_authority("a test's authority", NOW)
    certificate, key = authority.issue_server(("localhost", "127.0.0.1"), NOW).save(folder, "server")
    port, mtls_port = free_port(), free_port()
    context = ssl.create_default_context(cadata=authority.pem.decode())
    with _served(
        deployed,
        folder,
        LISTEN=f"127.0.0.1:{port}",
        LISTEN_MTLS=f"127.0.0.1:{mtls_port}",
        TLS_CERT_FILE=str(certificate),
        TLS_KEY_FILE=str(key),
    ):
        yield Server(lambda: http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=30))


@contextmanager
def _served(deployed: CommandLine, folder: Path, **settings: str) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "authserver.cli.main", "serve"]
    with running(command, folder / "log", deployed.environment(**settings)) as process:
        yield process


@pytest.fixture(params=[_behind_a_proxy, _with_own_tls], ids=["behind a proxy", "own TLS"])
def server(request: pytest.FixtureRequest, deployed: CommandLine, tmp_path: Path) -> Iterator[Server]:
    """The deployment, served."""
    with request.param(deployed, tmp_path) as served:
        wait_until(served.is_ready, "the first answer", patience_seconds=60)
        yield served


@pytest.mark.spec("RFC9110-15.6.4")
def test_while_the_database_hangs_strangers_are_told_so_in_time_and_the_rest_is_answered(
    cluster: PostgresqlCluster, server: Server
) -> None:
    with ThreadPoolExecutor(12) as pool:  # a server that has been busy
        assert {answer.status for answer in pool.map(server.stranger, range(30))} == {401}
    with ThreadPoolExecutor(12) as pool, cluster.paused():
        until = time.monotonic() + 3 * _BOUND_SECONDS
        asked = [pool.submit(_ask_until, until, lambda n=n: server.stranger(n)) for n in range(10)]  # type: ignore[misc]  # a default in a lambda has no type to infer
        free = [
            answer
            for _ in iter(lambda: time.monotonic() < until, False)
            for answer in (server.get("/healthz"), server.get("/jwks"), server.get("/.well-known/openid-configuration"))
        ]
        ready = server.get("/readyz")
        refused = [answer for each in asked for answer in each.result()]
    assert {answer.status for answer in free} == {200}
    assert max(answer.seconds for answer in free) < _FREE_SECONDS
    assert {(answer.status, answer.retry_after) for answer in refused} == {(503, "5")}
    # The queue before the threads comes on top of the bound.
    assert max(answer.seconds for answer in refused) < _BOUND_SECONDS + _FREE_SECONDS
    assert ready.seconds < _FREE_SECONDS
    assert (ready.status, ready.retry_after, json.loads(ready.body)["failed"]) == (503, "5", ["database"])
    wait_until(server.is_ready, "an end of the trouble")
    assert server.stranger(0).status == 401


def _ask_until(until: float, ask: Callable[[], Answer]) -> list[Answer]:
    answers = []
    while time.monotonic() < until:
        answers.append(ask())
        time.sleep(0.1)
    return answers


def test_readiness_asks_whether_it_can_write(cluster: PostgresqlCluster, deployed: CommandLine, tmp_path: Path) -> None:
    with _behind_a_proxy(deployed, tmp_path) as server:
        wait_until(server.is_ready, "the first answer", patience_seconds=60)
        cluster.configure("default_transaction_read_only", "on")
        try:
            wait_until(lambda: not server.is_ready(), "readiness lost")
        finally:
            cluster.configure("default_transaction_read_only", "off")
        wait_until(server.is_ready, "readiness won back")


def test_a_server_started_during_a_failover_waits_for_its_database(
    cluster: PostgresqlCluster, deployed: CommandLine, tmp_path: Path
) -> None:
    port = free_port()
    server = Server(lambda: http.client.HTTPConnection("127.0.0.1", port, timeout=30))
    log = tmp_path / "log"
    cluster.stop()
    try:
        with _served(deployed, tmp_path, LISTEN=f"127.0.0.1:{port}") as process:
            wait_until(lambda: b"waiting for it" in log.read_bytes(), "a word of it", patience_seconds=30)
            assert process.poll() is None
            cluster.start()
            wait_until(server.is_ready, "the first answer", patience_seconds=60)
    finally:
        if not (cluster.folder / "data" / "postmaster.pid").exists():
            cluster.start()


def test_a_server_whose_database_never_comes_ends_with_a_word(deployed: CommandLine) -> None:
    url = f"postgresql+psycopg://me:s3cret@127.0.0.1:{free_port()}/db"
    began = time.monotonic()
    ended = deployed.process("serve", DATABASE_URL=url, DATABASE_START_TIMEOUT="2")
    assert time.monotonic() - began > 2
    assert ended.returncode == 1
    assert "the database does not answer" in ended.stderr
    assert "s3cret" not in ended.stderr
