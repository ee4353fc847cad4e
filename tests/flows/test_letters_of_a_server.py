"""A letter that was left behind goes out once any server runs."""

import sys
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine
from tests.support.deployment import PASSWORD
from tests.support.servers import free_port, running, wait_until

_PATIENCE_SECONDS = 60.0


@pytest.mark.spec("ASVS5-6.3.7")
def test_a_letter_that_a_command_left_is_sent_by_the_server_that_starts(tmp_path: Path) -> None:
    prompt = CommandLine(tmp_path)
    prompt.init()
    prompt.done("user", "add", "alice", "--password-stdin", "--email", "alice@example.com", given=PASSWORD)
    dead = {"NOTICES": "smtp", "SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(free_port())}
    assert "could not be told of it yet" in prompt.run("user", "totp", "alice", **dead).stderr
    outbox = tmp_path / "outbox"
    assert not outbox.exists()

    environment = prompt.environment(LISTEN=f"127.0.0.1:{free_port()}", TRUSTED_PROXIES="127.0.0.1/32", WORKERS="2")
    command = [sys.executable, "-m", "authserver.cli.main", "serve"]
    with running(command, tmp_path / "log", environment):
        wait_until(lambda: bool(list(outbox.glob("*.eml"))), "the letter", patience_seconds=_PATIENCE_SECONDS)
    (letter,) = outbox.glob("*.eml")
    assert b"authenticator app was added" in letter.read_bytes()
