"""A server whose log cannot be written: it starts, and answers as ever."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path

from tests.support.command_line import CommandLine
from tests.support.servers import ROOT, free_port, wait_until

_ASKED = 400  # of some hundred octets each: more than a pipe holds


@contextmanager
def _logging_to(log: int, folder: Path) -> Iterator[int]:
    """Serve with this descriptor as standard error; yield the port."""
    port = free_port()
    prompt = CommandLine(folder, {"LISTEN": f"127.0.0.1:{port}"})
    prompt.init()
    command = [sys.executable, "-m", "authserver.cli.main", "serve"]
    with subprocess.Popen(command, cwd=ROOT, stderr=log, env=prompt.environment()) as process:
        try:
            wait_until(lambda: _status(port) == 200, "the first answer", patience_seconds=60)
            yield port
        finally:
            process.terminate()


def _status(port: int) -> int:
    with closing(HTTPConnection("127.0.0.1", port, timeout=5)) as link:
        try:
            link.request("GET", "/healthz")
            return link.getresponse().status
        except OSError:
            return 0


def test_a_log_on_a_full_disk_costs_no_answer(tmp_path: Path) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    with _logging_to(full, tmp_path) as port:
        assert [_status(port) for _ in range(5)] == [200] * 5
    os.close(full)


def test_a_log_that_nobody_reads_holds_up_no_answer(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    with _logging_to(writing, tmp_path) as port:
        assert {_status(port) for _ in range(_ASKED)} == {200}
    os.close(reading)
    os.close(writing)
