"""A process that becomes another user and runs commands as that user: `python second_user.py FOLDER < COMMANDS`.

It first runs each command as it is, in a folder that is thrown away, so that every module is loaded while the
interpreter's own files can still be read: a developer's Python may lie in a home that no other user may enter.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

from click.testing import CliRunner

from authserver.cli.main import main

SECOND_USER = 65534


def run(folder: Path, commands: list[list[str]]) -> list[tuple[int, str]]:
    """Run commands with the settings and the credential of a folder; return each exit code with its output."""
    os.environ["AUTHSERVER_CONFIG"] = str(folder / "state" / "authserver.toml")
    os.environ["CREDENTIALS_DIRECTORY"] = str(folder / "credentials")
    runner = CliRunner()
    results = (
        runner.invoke(main, [word.replace("STATE", str(folder / "state")) for word in words]) for words in commands
    )
    return [(result.exit_code, result.output) for result in results]


def become_second_user() -> None:
    """Give up every right of root."""
    os.setgroups([])
    os.setgid(SECOND_USER)
    os.setuid(SECOND_USER)


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    with tempfile.TemporaryDirectory() as rehearsal:
        (Path(rehearsal) / "state").mkdir()
        run(Path(rehearsal), asked)
    become_second_user()
    sys.stdout.write(json.dumps(run(Path(sys.argv[1]), asked)))
