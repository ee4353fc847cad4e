"""Behind a real PgBouncer, which gives a client another server connection for each transaction, or for each session."""

import http.client
import json
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import urlencode

import pytest
from sqlalchemy import bindparam, func, literal, select

from authserver.db.engine import Database
from authserver.db.statement import Statement
from authserver.db.tables.one_time_ids import claimed_ids
from authserver.db.writes import Row, Writes
from tests.support import databases
from tests.support.command_line import CommandLine
from tests.support.pgbouncer import SESSION, TRANSACTION, pgbouncer
from tests.support.postgresql_cluster import PostgresqlCluster, postgresql_cluster
from tests.support.servers import free_port, running, wait_until

pytestmark = pytest.mark.pgbouncer

_COUNT = Statement(select(func.count()).select_from(claimed_ids))
_ECHO = Statement(select(bindparam("value", type_=claimed_ids.c.expires_at.type) + literal(1)))
_CLIENT = {
    "client_id": "app",
    "redirect_uris": ["https://a.example/b"],
    "scope": "openid",
    "token_endpoint_auth_method": "client_secret_post",
}
_PUSHED = {
    "client_id": "app",
    "response_type": "code",
    "redirect_uri": "https://a.example/b",
    "scope": "openid",
    "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    "code_challenge_method": "S256",
}


@pytest.fixture(scope="module")
def cluster() -> Iterator[PostgresqlCluster]:
    with postgresql_cluster() as running_cluster:
        databases.migrate(running_cluster.url())
        yield running_cluster


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose parents the user of PgBouncer may pass."""
    with tempfile.TemporaryDirectory(prefix="as-pgb-", dir="/tmp") as name:
        yield Path(name)


def _work(database: Database, name: str) -> None:
    for number in range(8):
        assert database.write(
            Writes(rows=(Row(claimed_ids, {"id_hash": f"{name}{number}".encode(), "expires_at": 1}),))
        )
        with database.read() as connection:
            counted, echoed = _COUNT.row(connection, {}), _ECHO.row(connection, {"value": number})
            by_core = connection.execute(select(literal(number))).scalar_one()
        assert counted is not None
        assert counted[0] >= number
        assert echoed == (number + 1,)
        assert by_core == number
        with database.transaction() as connection:
            assert _ECHO.row(connection, {"value": number}) == (number + 1,)
            assert _COUNT.row(connection, {}) is not None


@pytest.mark.parametrize("mode", [TRANSACTION, SESSION])
def test_several_processes_share_a_few_connections(cluster: PostgresqlCluster, folder: Path, mode: str) -> None:
    with ExitStack() as stack:
        url = stack.enter_context(pgbouncer(folder, cluster, mode, size=3 if mode == TRANSACTION else 30))
        opened = [stack.enter_context(databases.connected(url, threads=2)) for _ in range(4)]
        databases.clear(opened[0])
        with ThreadPoolExecutor(8) as pool:
            for done in [pool.submit(_work, opened[n % 4], f"thread {n} ") for n in range(8)]:
                done.result()


def test_a_server_and_its_commands_work_in_transaction_mode(cluster: PostgresqlCluster, folder: Path) -> None:
    port = free_port()

    def status_of(path: str, form: str | None = None) -> int:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as link:
            link.request("POST" if form else "GET", path, form, headers)
            return link.getresponse().status

    def is_ready() -> bool:
        try:
            return status_of("/readyz") == 200
        except OSError:
            return False

    with pgbouncer(folder, cluster, TRANSACTION, size=3) as url:
        prompt = CommandLine(folder, {"DATABASE_URL": url, "PROFILES": "oidc", "DEFAULT_PROFILE": "oidc"})
        prompt.init()
        assert prompt.data("db", "check")["differences"] == []
        secret = prompt.data("client", "add", "-", given=json.dumps(_CLIENT))["client_secret"]
        environment = prompt.environment(LISTEN=f"127.0.0.1:{port}")
        with running([sys.executable, "-m", "authserver.cli.main", "serve"], folder / "log", environment) as process:
            wait_until(lambda: is_ready() or process.poll() is not None, "the first answer", patience_seconds=60)
            form = urlencode({**_PUSHED, "client_secret": secret})
            with ThreadPoolExecutor(8) as pool:
                assert set(pool.map(lambda _: status_of("/par", form), range(60))) == {201}
    assert "Traceback" not in (folder / "log").read_text()


def test_a_command_says_the_words_of_the_refusal(cluster: PostgresqlCluster, folder: Path) -> None:
    with pgbouncer(folder, cluster, TRANSACTION, more="") as url:
        prompt = CommandLine(folder, {"DATABASE_URL": url})
        for command in (("init", "--dir", str(folder)), ("db", "check"), ("client", "list")):
            said = prompt.refused(*command)
            assert "unsupported startup parameter: options" in said
            assert "not-to-be-shown" not in said
