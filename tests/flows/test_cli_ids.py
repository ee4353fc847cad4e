"""Ids are random and may begin with a hyphen; a command about one takes it for what it is."""

import json
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine

_ID = "-kbGERWh1T3_gs4DKgyp2lo37jx6aeEdmtKv-1heTLU"
_CLIENT = {
    "client_id": _ID,
    "grant_types": ["client_credentials"],
    "scope": "accounts",
    "token_endpoint_auth_method": "tls_client_auth",
    "tls_client_auth_subject_dn": "CN=app",
    "tls_client_certificate_bound_access_tokens": True,
}


@pytest.fixture
def deployed(tmp_path: Path) -> CommandLine:
    """A prompt with a deployment on SQLite."""
    prompt = CommandLine(tmp_path / "data")
    prompt.init()
    return prompt


def test_a_client_whose_id_begins_with_a_hyphen_is_kept_like_any_other(deployed: CommandLine) -> None:
    text = json.dumps(_CLIENT)
    deployed.done("client", "add", "-", given=text)
    assert deployed.data("client", "show", _ID)["client_id"] == _ID
    deployed.done("client", "update", _ID, "-", given=text)
    assert "disabled" in deployed.done("client", "disable", _ID)
    assert "enabled" in deployed.done("client", "enable", "--", _ID)
    arriving = {"TRUSTED_PROXIES": "unix", "CLIENT_CERT_HEADER": "nginx", "CLIENT_CA_FILE": "ca.pem"}
    assert deployed.run("assess", _ID, **arriving).exit_code == 0
    assert _ID in deployed.done("client", "delete", _ID, "--yes")


@pytest.mark.spec("RFC7591-3.2.1")
def test_nobody_is_registered_under_the_id_of_our_own_pages(deployed: CommandLine) -> None:
    refused = deployed.refused("client", "add", "-", given=json.dumps({**_CLIENT, "client_id": "authserver-account"}))
    assert refused == "client_id: authserver-account is this server itself. [RFC7591-3.2.1]"
    assert deployed.data("client", "list") == []


def test_a_key_whose_id_begins_with_a_hyphen_is_looked_for(deployed: CommandLine) -> None:
    for arguments in ((_ID, "--compromised"), ("--compromised", _ID)):
        assert f"there is no key {_ID}" in deployed.refused("keys", "retire", *arguments)


def test_a_misspelt_option_is_still_told(deployed: CommandLine) -> None:
    result = deployed.run("keys", "retire", "some-key", "--compromized")
    assert (result.exit_code, "No such option" in result.output) == (2, True)


def test_an_approval_whose_id_begins_with_a_hyphen_is_looked_for(deployed: CommandLine) -> None:
    for arguments in ((_ID, "--output", "proof.json"), ("--output", "proof.json", _ID)):
        assert "there is no approval of that id" in deployed.refused("sca", "export", *arguments)
