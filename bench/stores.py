"""The databases of the bench: an SQLite file, and a PostgreSQL server of its own that syncs what it confirms."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[1]
_STARTER = ROOT / "tests" / "support" / "postgresql_server.py"
_USER = "authserver"


@dataclass(frozen=True, slots=True)
class Store:
    """A database by its name in the tables, its URL, and the process that is it; none for a file."""

    name: str
    url: str
    process_id: int | None = None


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Make a folder for one run; where PostgreSQL lives in it, the server's watcher removes it after us."""
    # Not below a private TMPDIR: the server's own user must reach it, and a socket's path must be short.
    with tempfile.TemporaryDirectory(prefix="as-bench-", dir="/tmp", ignore_cleanup_errors=True) as name:
        yield Path(name)


def sqlite_store(folder: Path) -> Store:
    """Return an SQLite file in a folder."""
    return Store("SQLite", f"sqlite:///{folder / 'authserver.sqlite'}")


def start_postgresql() -> Store:
    """Start a PostgreSQL server for this process's lifetime, with fsync on, listening on a Unix socket alone."""
    folder = Path(tempfile.mkdtemp(prefix="as-bench-pg-", dir="/tmp"))
    subprocess.run([sys.executable, _STARTER, folder, str(os.getpid()), "durable"], check=True)
    sockets = Path((folder / "socket_directory").read_text(encoding="utf-8"))
    process_id = int((sockets / "data" / "postmaster.pid").read_text(encoding="ascii").split("\n", 1)[0])
    url = f"postgresql+psycopg://{_USER}@/postgres?host={quote(str(sockets), safe='')}"
    return Store("PostgreSQL", url, process_id)
