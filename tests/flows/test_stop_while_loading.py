"""A stop that comes while a worker still loads the application: nobody waits for a worker that nothing was asked of."""

import signal
import time
from pathlib import Path

import pytest

from tests.support.authority import NOW, create_authority
from tests.support.probe import LOADING
from tests.support.servers import free_port, probe_command, running, wait_until


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("shape", ["own_tls", "behind_proxy"])
def test_a_stop_is_not_lost_on_a_worker_that_still_loads(tmp_path: Path, shape: str, number: signal.Signals) -> None:
    arguments = [f"127.0.0.1:{free_port()}"]
    if shape == "own_tls":
        authority = create_authority("a test's authority", NOW)
        (tmp_path / "authority.pem").write_bytes(authority.pem)
        authority.issue_server(("localhost", "127.0.0.1"), NOW).save(tmp_path, "server")
        arguments = [str(tmp_path), *arguments, f"127.0.0.1:{free_port()}"]
    command = [*probe_command(shape, *arguments), "--target", "tests.support.slow_probe:application"]
    with running(command, tmp_path / "log") as process:
        wait_until(lambda: LOADING in (tmp_path / "log").read_text(), "a worker that loads")
        asked = time.monotonic()
        process.send_signal(number)
        assert process.wait(25) == 0
    assert time.monotonic() - asked < 10, "the time that a running request may take was waited for"
    assert "server.stopped" in (tmp_path / "log").read_text()
    assert "Unexpected exit" not in (tmp_path / "log").read_text()
