"""The `authserver` command for tests: run in this process with an environment of its own, or as a process."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from authserver.cli.main import main
from tests.support.servers import ROOT

PREFIX = "AUTHSERVER_"
_PATIENCE_SECONDS = 30


@dataclass
class CommandLine:
    """A person at a prompt: `settings` are the AUTHSERVER_ variables that stand in every command."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        """The configuration file that `init` writes."""
        return self.folder / "authserver.toml"

    def run(self, *words: str, given: str | None = None, **settings: str) -> Result:
        """Run a command; `given` is its standard input."""
        arranged: dict[str, str | None] = {name: None for name in os.environ if name.startswith(PREFIX)}
        arranged.update(self._variables(settings))
        return CliRunner().invoke(main, words, input=given, env=arranged, catch_exceptions=False)

    def init(self, *words: str) -> Result:
        """Set the deployment up; from here on its configuration file is read."""
        result = self.run("init", "--dir", str(self.folder), *words)
        assert result.exit_code == 0, result.output
        self.settings["CONFIG"] = str(self.config)
        return result

    def done(self, *words: str, given: str | None = None, **settings: str) -> str:
        """Run a command that succeeds and return what it printed."""
        result = self.run(*words, given=given, **settings)
        assert result.exit_code == 0, result.output
        return result.stdout

    def data(self, *words: str, given: str | None = None, **settings: str) -> Any:  # noqa: ANN401 - any JSON
        """Run a command that succeeds with --json and return the data, which must be all that it printed."""
        return json.loads(self.done(*words, "--json", given=given, **settings))

    def refused(self, *words: str, given: str | None = None, **settings: str) -> str:
        """Run a command that is refused in one line, and return the line."""
        result = self.run(*words, given=given, **settings)
        assert result.exit_code == 1, result.output
        return result.stderr.removeprefix("Error: ").rstrip("\n")

    def process(self, *words: str, **settings: str) -> "subprocess.CompletedProcess[str]":
        """Run a command as a process."""
        return subprocess.run(
            [sys.executable, "-m", "authserver.cli.main", *words],
            cwd=ROOT,
            env=self.environment(**settings),
            check=False,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_SECONDS,
        )

    def environment(self, **settings: str) -> dict[str, str]:
        """Return the environment of a process."""
        foreign = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        return {**foreign, **self._variables(settings)}

    def _variables(self, settings: Mapping[str, str]) -> dict[str, str]:
        return {PREFIX + name: value for name, value in {**self.settings, **settings}.items()}
