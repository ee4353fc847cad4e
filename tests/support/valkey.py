"""A Valkey of a test's own, which it may stop, hold up and start again."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.programs import find_program
from tests.support.servers import accepts, free_port, wait_until

_STOP_SECONDS = 10


@dataclass
class Valkey:
    """The server and its port, which stays the same when it is started anew."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return where nodes find it."""
        return f"valkey://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, empty, and wait until it listens."""
        program = find_program("valkey") or "valkey-server"
        arguments = ("--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder))
        with (self.folder / "valkey.log").open("ab") as log:
            self.process = subprocess.Popen([program, *arguments], stdout=log, stderr=log)
        wait_until(lambda: accepts(("127.0.0.1", self.port)), "valkey")

    def stop(self) -> None:
        """End it; whoever asks is refused the connection."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(_STOP_SECONDS)
            self.process = None

    @contextmanager
    def held_up(self) -> Iterator[None]:
        """Have it accept connections and answer none, as one does behind a network that drops packets."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


@contextmanager
def valkey(folder: Path) -> Iterator[Valkey]:
    """Run one until the body ends."""
    server = Valkey(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
