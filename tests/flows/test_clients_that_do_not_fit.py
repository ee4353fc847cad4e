"""Clients that this deployment can never let in, or lets in with a risk: named where they are made, and afterwards."""

import json
from pathlib import Path

import pytest

from tests.support.authority import NOW, create_authority
from tests.support.command_line import CommandLine
from tests.support.servers import free_port

_OUTSIDE = "https://app.example/jwks"
_INSIDE = "https://keys.internal:8443/jwks"
_ALLOW = {"FETCH_ALLOW": "keys.internal:8443"}


@pytest.fixture
def deployed(tmp_path: Path) -> CommandLine:
    prompt = CommandLine(tmp_path / "deployment")
    prompt.init()
    return prompt


def _app(client_id: str, **changes: object) -> str:
    document = {
        "client_id": client_id,
        "redirect_uris": ["https://app.example/cb"],
        "scope": "openid",
        "token_endpoint_auth_method": "private_key_jwt",
        "dpop_bound_access_tokens": True,
        **changes,
    }
    return json.dumps(document)


def _own_tls(folder: Path) -> dict[str, str]:
    authority = create_authority("a test's authority", NOW)
    certificate, key = authority.issue_server(("localhost",), NOW).save(folder, "server")
    return {"TLS_CERT_FILE": str(certificate), "TLS_KEY_FILE": str(key)}


def _findings(deployed: CommandLine, *words: str, **settings: str) -> list[str]:
    found = json.loads(deployed.run("assess", *words, "--json", **settings).stdout)
    return [row["finding"] for row in found]


@pytest.mark.spec("RFC9700-4.11")
def test_keys_on_an_address_that_only_a_setting_permits_are_told_of(deployed: CommandLine) -> None:
    added = deployed.run("client", "add", "-", given=_app("app", jwks_uri=_INSIDE), **_ALLOW)
    assert added.exit_code == 0
    assert "FETCH_ALLOW lists keys.internal:8443" in added.stderr
    updated = deployed.run("client", "update", "app", "-", given=_app("app", jwks_uri=_INSIDE), **_ALLOW)
    assert "FETCH_ALLOW lists keys.internal:8443" in updated.stderr
    for words in (("app",), ()):
        (finding,) = _findings(deployed, *words, **_ALLOW)
        assert "FETCH_ALLOW lists keys.internal:8443" in finding
        assert "it is never fetched: keys.internal:8443 is not on the HTTPS port" in _findings(deployed, *words)[0]


@pytest.mark.parametrize(
    "url", [_INSIDE, "https://127.0.0.1/jwks", "https://[::1]/jwks", "https://10.0.0.1/jwks", "https://localhost/jwks"]
)
@pytest.mark.spec("RFC9700-4.11")
def test_keys_that_are_never_fetched_are_refused(deployed: CommandLine, url: str) -> None:
    line = deployed.refused("client", "add", "-", given=_app("app", jwks_uri=url))
    assert line.startswith("jwks_uri: it is never fetched: ")
    assert line.endswith("Add it to FETCH_ALLOW. [RFC9700-4.11]")


def test_keys_on_the_public_network_are_no_finding(deployed: CommandLine) -> None:
    assert deployed.run("client", "add", "-", given=_app("app", jwks_uri=_OUTSIDE)).stderr == ""
    assert _findings(deployed) == []


@pytest.mark.spec("RFC8705-2.2.2")
def test_who_was_registered_before_and_cannot_come_in_is_named_by_serve_and_assess(
    deployed: CommandLine, tmp_path: Path
) -> None:
    by_uri = _app("by-uri", jwks_uri=_OUTSIDE, token_endpoint_auth_method="self_signed_tls_client_auth")
    proxied = {"TRUSTED_PROXIES": "unix", "CLIENT_CERT_HEADER": "rfc9440"}
    assert deployed.run("client", "add", "-", given=by_uri, **proxied).stderr == ""
    by_subject = _app("by-subject", token_endpoint_auth_method="tls_client_auth", tls_client_auth_subject_dn="CN=app")
    assert "CLIENT_CA_FILE" in deployed.run("client", "add", "-", given=by_subject, **proxied).stderr
    deployed.done("client", "add", "-", given=_app("other", jwks_uri=_OUTSIDE))

    own_tls = _own_tls(tmp_path)
    found = {line.partition(":")[0]: line for line in _findings(deployed, **own_tls)}
    assert set(found) == {"client by-uri", "client by-subject"}
    assert "our own TLS lets no self-signed certificate in" in found["client by-uri"]
    assert "no authority of certificates is known" in found["client by-subject"]
    # A start that is refused after all clients were looked at, so that the test need not stop a server.
    ended = deployed.process("serve", **own_tls, LISTEN="192.0.2.1:1", LISTEN_MTLS=f"127.0.0.1:{free_port()}")
    assert "Warning: client by-uri: jwks_uri: our own TLS lets no self-signed certificate in" in ended.stderr
    assert "Register jwks with x5c instead" in ended.stderr
    assert "Warning: client by-subject: " in ended.stderr
    assert "client other" not in ended.stderr
    deployed.done("client", "disable", "by-uri")
    assert [line.partition(":")[0] for line in _findings(deployed, **own_tls)] == ["client by-subject"]


@pytest.mark.spec("RFC8705-2")
def test_certificates_that_never_arrive_are_told_of(deployed: CommandLine, tmp_path: Path) -> None:
    bound = {"dpop_bound_access_tokens": False, "tls_client_certificate_bound_access_tokens": True}
    method = _app("app", jwks_uri=_OUTSIDE, **bound)
    said = deployed.run("client", "add", "-", given=method).stderr
    assert "it needs a certificate, and none ever arrives here. Set CLIENT_CERT_HEADER." in said
    own_tls = {**_own_tls(tmp_path), "LISTEN_MTLS": ""}
    assert "none ever arrives here" in _findings(deployed, "app", **own_tls)[0]
    assert _findings(deployed, "app", **{**own_tls, "LISTEN_MTLS": "127.0.0.1:8444"}) == []
