"""`authserver init` beside an environment: the file it writes says what is in force, or the command refuses."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.support import databases
from tests.support.command_line import CommandLine

PASSWORD = "a-long-enough-and-unusual-phrase\n"


@pytest.fixture
def prompt(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path / "deployment")


def test_the_file_holds_what_the_environment_said(prompt: CommandLine, tmp_path: Path) -> None:
    elsewhere = databases.sqlite_url(tmp_path / "elsewhere.sqlite")
    key = tmp_path / "elsewhere.key"
    said = {"DATABASE_URL": elsewhere, "MASTER_KEY_FILE": str(key), "PROFILES": "fapi2,oidc", "SITE_NAME": "Bank"}
    prompt.settings.update(said)
    prompt.init()
    prompt.settings = {"CONFIG": str(prompt.config)}
    assert {row["algorithm"] for row in prompt.data("keys", "list")} == {"ES256", "PS256", "Ed25519", "RS256"}
    prompt.done("user", "add", "alice", "--password-stdin", given=PASSWORD)
    uri = prompt.data("user", "totp", "alice")["otpauth_uri"]
    assert unquote(urlsplit(uri).path) == "/Bank:alice"
    prompt.init()
    assert not (prompt.folder / "master.key").exists()
    assert not (prompt.folder / "authserver.sqlite").exists()


def test_a_relative_path_in_the_environment_is_written_whole(
    prompt: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    prompt.settings["DATA_DIR"] = "deployment"
    prompt.init()
    monkeypatch.chdir("/")
    prompt.settings = {"CONFIG": str(prompt.config)}
    assert len(prompt.data("keys", "list")) == 3


@pytest.mark.parametrize("name", ["DATABASE_URL", "MASTER_KEY_FILE", "DATA_DIR", "ISSUER", "PROFILES"])
def test_repeated_with_another_environment_it_makes_nothing(prompt: CommandLine, tmp_path: Path, name: str) -> None:
    prompt.init()
    made = {path.name for path in prompt.folder.iterdir()}
    other = {
        "DATABASE_URL": databases.sqlite_url(tmp_path / "other.sqlite"),
        "MASTER_KEY_FILE": str(tmp_path / "other.key"),
        "DATA_DIR": str(tmp_path),
        "ISSUER": "https://other.example",
        "PROFILES": "oidc,fapi2",
    }[name]
    line = prompt.refused("init", "--dir", str(prompt.folder), **{name: other})
    assert line == f"{name} in the environment says something else than {prompt.config}; make them agree"
    assert {path.name for path in prompt.folder.iterdir()} == made
    assert {path.name for path in tmp_path.iterdir()} == {"deployment"}


@pytest.mark.parametrize(
    "issuer",
    ["https://login.example.com:443", "https://login.example.com:08443", "https://login..example.com", "https://login.",
     "https://[0:0:0:0:0:0:0:1]:8443"],
)  # fmt: skip
def test_an_issuer_that_browsers_would_write_otherwise_is_refused(prompt: CommandLine, issuer: str) -> None:
    line = prompt.refused("init", "--dir", str(prompt.folder), "--issuer", issuer)
    assert line.startswith(f"ISSUER was {issuer!r}; it may be: an https origin in lower case, without a path")
    assert not prompt.config.exists()


def test_names_with_the_separators_of_a_label_enrol_under_one_label(prompt: CommandLine) -> None:
    prompt.settings["SITE_NAME"] = "Bank: Private/Business"
    prompt.init()
    prompt.done("user", "add", "corp:alice/2", "--password-stdin", given=PASSWORD)
    uri = prompt.data("user", "totp", "corp:alice/2")["otpauth_uri"]
    assert unquote(urlsplit(uri).path) == "/Bank Private Business:corp alice 2"
    assert "issuer=Bank%20Private%20Business" in uri


@pytest.mark.parametrize("sender", ["Bank <no-reply@bank.example>", "no-reply", "ä@bank.example"])
def test_a_sender_that_makes_no_letter_does_not_start(prompt: CommandLine, sender: str) -> None:
    line = prompt.refused("init", "--dir", str(prompt.folder), SMTP_FROM=sender)
    assert line.startswith(f"SMTP_FROM was {sender!r}; it may be: one plain address")


def test_an_address_that_no_letter_reaches_is_refused_where_it_is_given(prompt: CommandLine) -> None:
    prompt.init()
    line = prompt.refused("user", "add", "alice", "--email", "jürgen@bank.example", "--password-stdin", given=PASSWORD)
    assert line == "--email: email: must be one plain address in ASCII, an international domain in its xn-- form"
