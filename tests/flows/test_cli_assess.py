"""`authserver assess --production`: a deployment as it was made is told what it lacks, and one that has it is not."""

from pathlib import Path

import pytest

from tests.support.command_line import CommandLine

READY = {
    "ISSUER": "https://login.bank.org",
    "SITE_NAME": "Bank",
    "HELP_URL": "https://bank.org/help",
    "NOTICES": "smtp",
    "SMTP_HOST": "mail.bank.org",
    "SMTP_FROM": "no-reply@bank.org",
    "TRUSTED_PROXIES": "unix",
    "CLIENT_CERT_HEADER": "rfc9440",
}


@pytest.fixture
def prompt(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path / "deployment")


def _found(prompt: CommandLine) -> set[str]:
    """Return the settings that the findings begin with."""
    result = prompt.run("assess", "--production", "--json")
    assert result.exit_code == 1
    rows = [line.split('"finding": "')[1] for line in result.stdout.splitlines() if '"finding"' in line]
    return {row.split()[0] for row in rows}


def test_a_deployment_as_it_was_made_is_told_what_it_lacks(prompt: CommandLine) -> None:
    prompt.init()
    assert prompt.data("assess") == []
    assert _found(prompt) == {"ISSUER", "SITE_NAME", "HELP_URL", "NOTICES", "There"}


def test_one_that_has_it_all_is_found_nothing_of(prompt: CommandLine) -> None:
    prompt.settings.update(READY)
    prompt.init()
    assert prompt.data("assess", "--production") == []


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"ISSUER": "https://192.0.2.1"}, "ISSUER"),
        ({"ISSUER": "https://[2001:db8::1]"}, "ISSUER"),
        ({"ISSUER": "https://login.localhost"}, "ISSUER"),
        ({"SMTP_FROM": "no-reply@localhost"}, "SMTP_FROM"),
        ({"NOTICES": "none"}, "NOTICES"),
        ({"TRUSTED_PROXIES": "", "CLIENT_CERT_HEADER": ""}, "There"),
        ({"CLIENT_CERT_HEADER": ""}, "The"),
        ({"HELP_URL": ""}, "HELP_URL"),
        ({"WORKERS": "2"}, "Several"),
        *(
            ({"CLIENT_CERT_HEADER": proxy}, "CLIENT_CERT_HEADER_NAME")
            for proxy in ("haproxy", "envoy", "traefik", "alb")
        ),
        ({"CLIENT_CERT_HEADER": "haproxy", "CLIENT_CERT_HEADER_NAME": "ClientCert5f0c"}, "CLIENT_ADDRESS_HEADER"),
    ],
)
def test_each_lack_is_found_by_itself(prompt: CommandLine, change: dict[str, str], word: str) -> None:
    prompt.settings.update({**READY, **change})
    prompt.init()
    assert _found(prompt) == {word}


def test_headers_with_names_of_their_own_have_no_second_spelling_anywhere(prompt: CommandLine) -> None:
    names = {"CLIENT_CERT_HEADER_NAME": "ClientCert5f0c", "CLIENT_ADDRESS_HEADER": "ClientAddress5f0c"}
    prompt.settings.update({**READY, "CLIENT_CERT_HEADER": "haproxy", **names})
    prompt.init()
    assert prompt.data("assess", "--production") == []


def test_production_is_asked_of_the_deployment_and_not_of_a_client(prompt: CommandLine) -> None:
    prompt.init()
    assert prompt.run("assess", "--production", "somebody").exit_code == 2
