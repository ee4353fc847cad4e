"""A PostgreSQL of a test's own, to be made read-only, stopped in mid-request, or to lose its standby."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.support.postgresql_server import USER, find_programs, run_as, unprivileged_user
from tests.support.servers import free_port

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "16MB",
    "max_connections": "60",
    "wal_level": "replica",
}


@dataclass(frozen=True, slots=True)
class PostgresqlCluster:
    """A running server: its folder, which holds its Unix socket too, and its port."""

    folder: Path
    port: int

    @property
    def place(self) -> str:
        """Return `host:port` as a URL may list several."""
        return f"127.0.0.1:{self.port}"

    def url(self, name: str = "postgres", *, user: str = USER, query: str = "") -> str:
        """Return a database's URL; `query` is added to it."""
        return f"postgresql+psycopg://{user}@/{name}?host={self.place}{query and '&'}{query}"

    def execute(self, *statements: str) -> list[tuple[object, ...]]:
        """Run statements, each in a transaction of its own, whatever the server's defaults; return the last's rows."""
        options = "-c default_transaction_read_only=off -c synchronous_commit=local"
        with psycopg.connect(
            host=str(self.folder), port=self.port, user=USER, dbname="postgres", autocommit=True, options=options
        ) as connection:
            rows: list[tuple[object, ...]] = []
            for statement in statements:
                cursor = connection.execute(statement.encode())
                rows = cursor.fetchall() if cursor.description else []
            return rows

    def configure(self, name: str, value: str) -> None:
        """Change one setting in every session, and return when it is in force."""
        before = self.execute(f"ALTER SYSTEM SET {name} = '{value}'", "SELECT pg_conf_load_time()")
        self.execute("SELECT pg_reload_conf()")
        deadline = time.monotonic() + 10
        while self.execute("SELECT pg_conf_load_time()") == before:
            assert time.monotonic() < deadline, f"{name} was not applied"
            time.sleep(0.02)
        time.sleep(0.2)  # a session takes the change up with its next command, the processes beside it a moment later

    def processes(self) -> list[int]:
        """Return the ids of the server's processes, the first of them the postmaster's."""
        postmaster = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        return [postmaster, *map(int, children)]

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Stop every process of the server, as a frozen machine would, until the body ends."""
        stopped = self.processes()
        for process in stopped:
            os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in stopped:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGCONT)

    def stop(self) -> None:
        """Stop at once, without a word to those who are connected."""
        _control(self, "-m", "immediate", "-w", "stop")

    def start(self) -> None:
        """Start again, and return when it answers."""
        options = " ".join(f"-c {name}={value!r}" for name, value in self._settings().items())
        _control(self, "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def _settings(self) -> dict[str, str]:
        return {**_SETTINGS, "unix_socket_directories": str(self.folder), "port": str(self.port)}


@contextmanager
def postgresql_cluster() -> Iterator[PostgresqlCluster]:
    """Make a server of its own and run it until the body ends."""
    with _folder() as folder:
        _program(folder, "initdb", "-D", folder / "data", "-U", USER, "-A", "trust", "-E", "UTF8", "--no-sync")
        cluster = PostgresqlCluster(folder, free_port())
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()


@contextmanager
def standby_of(primary: PostgresqlCluster) -> Iterator[PostgresqlCluster]:
    """Run a standby that follows a primary until the body ends."""
    with _folder() as folder:
        source = ("-h", str(primary.folder), "-p", str(primary.port), "-U", USER)
        _program(folder, "pg_basebackup", "-D", folder / "data", *source, "-R", "-c", "fast", "--no-sync")
        standby = PostgresqlCluster(folder, free_port())
        standby.start()
        try:
            yield standby
        finally:
            standby.stop()


@contextmanager
def _folder() -> Iterator[Path]:
    """Make a folder for the server's own user, whose path is short enough for a socket."""
    folder = Path(tempfile.mkdtemp(prefix="as-pg-", dir="/tmp"))
    if user := unprivileged_user():
        shutil.chown(folder, user)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _control(cluster: PostgresqlCluster, *arguments: str) -> None:
    _program(cluster.folder, "pg_ctl", "-D", cluster.folder / "data", *arguments)


def _program(folder: Path, name: str, *arguments: str | Path) -> None:
    user = unprivileged_user()
    run_as(user, find_programs(folder, user) / name, *arguments)
