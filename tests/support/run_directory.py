"""The folder of one test run, which all its workers share."""

import os
import shutil
import tempfile
from pathlib import Path

_RUN_DIRECTORY = "AS_TEST_RUN_DIRECTORY"
_OWNER = "AS_TEST_RUN_OWNER"


def begin_run() -> None:
    """Make the folder, in the process that owns the run, and note for its workers where it is."""
    # Not below a private TMPDIR: the PostgreSQL server's own user must reach it, and a socket's path must be short.
    os.environ[_RUN_DIRECTORY] = tempfile.mkdtemp(prefix="as-tests-", dir="/tmp")
    os.environ[_OWNER] = str(os.getpid())


def end_run() -> None:
    """Remove the folder, unless a server lives in it: that one's watcher does."""
    if not (run_directory() / "postgresql").exists():
        shutil.rmtree(run_directory(), ignore_errors=True)


def run_directory() -> Path:
    """Return the folder."""
    return Path(os.environ[_RUN_DIRECTORY])


def run_owner() -> int:
    """Return the id of the process that owns the run."""
    return int(os.environ[_OWNER])
