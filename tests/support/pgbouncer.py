"""A PgBouncer of a test's own before a PostgreSQL of its own."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.postgresql_cluster import PostgresqlCluster
from tests.support.postgresql_server import USER, unprivileged_user
from tests.support.programs import find_program
from tests.support.servers import accepts, free_port, running, wait_until

TRANSACTION, SESSION = "transaction", "session"
_SETTINGS = """
[databases]
postgres = host=127.0.0.1 port={cluster.port} dbname=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users
pool_mode = {mode}
default_pool_size = {size}
{more}
"""
IGNORES_OPTIONS = "ignore_startup_parameters = options"


@contextmanager
def pgbouncer(
    folder: Path, cluster: PostgresqlCluster, mode: str, *, size: int = 40, more: str = IGNORES_OPTIONS
) -> Iterator[str]:
    """Run one with `size` connections to the server until the body ends; yields the URL of the cluster behind it."""
    port, user = free_port(), unprivileged_user()
    settings = folder / "pgbouncer.ini"
    settings.write_text(_SETTINGS.format(cluster=cluster, folder=folder, port=port, mode=mode, size=size, more=more))
    (folder / "users").write_text(f'"{USER}" ""\n')
    command = [find_program("pgbouncer") or "pgbouncer", "-q", str(settings)]
    if user:  # it refuses to be root, and reads its files as whom it becomes
        for path in (folder, settings, folder / "users"):
            shutil.chown(path, user)
        command += ["-u", user]
    with running(command, folder / "pgbouncer.log"):
        wait_until(lambda: accepts(("127.0.0.1", port)), "PgBouncer")
        yield f"postgresql+psycopg://{USER}:not-to-be-shown@127.0.0.1:{port}/postgres"
