"""`authserver client new` and `rotate-secret`: a client by questions, and another secret for one that has one."""

import json
import stat
import time
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from authserver.clients.shared_secrets import hash_secret
from authserver.clients.store import find_client
from authserver.keys.jwks import thumbprint
from tests.support.command_line import CommandLine
from tests.support.databases import connected, sqlite_url


@pytest.fixture
def deployed(tmp_path: Path) -> CommandLine:
    prompt = CommandLine(tmp_path / "deployment", {"PROFILES": "fapi2,oidc"})
    prompt.init()
    return prompt


def _private_key(folder: Path, client_id: str) -> dict[str, object]:
    path = folder / f"{client_id}.private.jwk.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    document: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    return document


def test_what_no_option_says_is_asked(deployed: CommandLine, tmp_path: Path) -> None:
    typed = "app\nPenny Planner\npenny\nhttps://penny.example/a https://penny.example/b\nopenid accounts\n"
    shown = deployed.data("client", "new", "--keys", str(tmp_path), given=typed)
    assert shown["redirect_uris"] == ["https://penny.example/a", "https://penny.example/b"]
    assert shown["dpop_bound_access_tokens"]
    private = _private_key(tmp_path, "penny")
    (public,) = shown["jwks"]["keys"]
    assert set(public) == {"kty", "crv", "x", "y", "kid", "alg", "use"}
    assert public["kid"] == thumbprint(private)
    assert ECKey.import_key({name: str(value) for name, value in private.items()}).is_private
    assert deployed.data("client", "show", "penny") == shown
    assert deployed.data("assess", "penny") == []


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("service", ["--scope", "accounts"]),
        ("api", ["--scope", "accounts", "--resource", "https://bank.example/"]),
        (
            "app",
            ["--scope", "openid", "--redirect-uri", "https://a.example/b", "--redirect-uri", "https://a.example/c"],
        ),
    ],
)
def test_with_options_nothing_is_asked(deployed: CommandLine, tmp_path: Path, kind: str, options: list[str]) -> None:
    said = ["--kind", kind, "--name", "One", "--client-id", "one/../two", "--keys", str(tmp_path), *options]
    shown = deployed.data("client", "new", *said)
    assert shown["client_id"] == "one/../two"
    assert _private_key(tmp_path, "one%2F..%2Ftwo")


def test_a_refused_client_leaves_no_key_and_a_key_that_is_there_is_kept(deployed: CommandLine, tmp_path: Path) -> None:
    said = ["client", "new", "--kind", "app", "--name", "One", "--client-id", "one", "--scope", "openid"]
    said += ["--keys", str(tmp_path), "--redirect-uri"]
    assert deployed.refused(*said, "http://a.example/b").startswith("redirect_uris: ")
    assert not list(tmp_path.glob("*.jwk.json"))
    deployed.done(*said, "https://a.example/b")
    kept = _private_key(tmp_path, "one")
    assert "File exists" in deployed.refused(*said, "https://a.example/b")
    assert _private_key(tmp_path, "one") == kept


def test_a_secret_is_changed_and_shown_once(deployed: CommandLine) -> None:
    app: dict[str, object] = {
        "client_id": "-app-with-a-long-id-of-its-own",
        "redirect_uris": ["https://a.example/b"],
        "profile": "oidc",
        "scope": "openid",
        "token_endpoint_auth_method": "client_secret_basic",
        "grant_types": ["authorization_code"],
        "id_token_signed_response_alg": "RS256",
    }
    first = deployed.data("client", "add", "-", given=json.dumps(app))["client_secret"]
    second = deployed.data("client", "rotate-secret", str(app["client_id"]))
    assert second["client_secret"] not in {first, ""}
    assert second["previous_secret_ends"].endswith("UTC")
    third = deployed.data("client", "rotate-secret", str(app["client_id"]), "--at-once")
    assert third["previous_secret_ends"] == "at once"
    shown = deployed.done("client", "show", str(app["client_id"]))
    assert not any(secret in shown for secret in (first, second["client_secret"], third["client_secret"]))


def test_a_client_without_a_secret_gets_none(deployed: CommandLine, tmp_path: Path) -> None:
    deployed.done(
        "client", "new", "--kind", "service", "--name", "S", "--client-id", "s", "--scope", "x", "--keys", str(tmp_path)
    )
    assert "s has no secret: it authenticates by private_key_jwt" in deployed.refused("client", "rotate-secret", "s")
    assert "there is no client" in deployed.refused("client", "rotate-secret", "nobody")


LOGIN_APP: dict[str, object] = {
    "client_id": "login",
    "redirect_uris": ["https://a.example/b"],
    "profile": "oidc",
    "scope": "openid",
    "token_endpoint_auth_method": "client_secret_basic",
}
IMPORTED = "f3k2A9-from-another-server-0xZ"


@pytest.mark.spec("RFC6749-10.10", "RFC6749-2.3.1")
def test_a_secret_from_another_server_is_taken_in_and_not_shown(deployed: CommandLine) -> None:
    first = deployed.data("client", "add", "-", given=json.dumps(LOGIN_APP))["client_secret"]
    said = ("client", "rotate-secret", "login", "--import-from-stdin", "--overlap", "48", "--json")
    result = deployed.run(*said, given=IMPORTED + "\n")
    assert result.exit_code == 0, result.output
    assert IMPORTED not in result.output
    assert set(json.loads(result.stdout)) == {"client_id", "previous_secret_ends"}
    url = sqlite_url(next(deployed.folder.rglob("authserver.sqlite")))
    with connected(url) as database, database.read() as connection:
        record = find_client(connection, "login")
    assert record is not None
    assert record.secret_hash == hash_secret(IMPORTED)
    assert record.previous_secret_hash == hash_secret(first)
    assert abs((record.previous_secret_until or 0) - time.time() - 48 * 3600) < 60


@pytest.mark.parametrize(
    "secret", ["", "short", "a" * 40, "with a space in it 0123456789", "ünicode-0123456789abcdefghij", "x" * 256]
)
@pytest.mark.spec("RFC6749-10.10")
def test_a_secret_that_could_be_guessed_or_sent_by_nobody_is_refused_unseen(deployed: CommandLine, secret: str) -> None:
    deployed.done("client", "add", "-", given=json.dumps(LOGIN_APP))
    result = deployed.run("client", "rotate-secret", "login", "--import-from-stdin", given=secret + "\n")
    assert result.exit_code == 1
    assert "the secret on standard input: it must" in result.stderr
    assert not secret or secret not in result.output


def test_two_secrets_are_not_good_together_for_ever(deployed: CommandLine) -> None:
    deployed.done("client", "add", "-", given=json.dumps(LOGIN_APP))
    assert "--overlap: at most 2160 hours" in deployed.refused("client", "rotate-secret", "login", "--overlap", "2161")
    assert deployed.data("client", "rotate-secret", "login", "--overlap", "0")["previous_secret_ends"] == "at once"


@pytest.mark.parametrize(
    ("kind", "redirect_uri", "application_type"),
    [("browser", "https://spa.example/", "web"), ("native", "http://127.0.0.1/callback", "native")],
)
@pytest.mark.spec("RFC6749-2.1", "RFC8252-8.4")
def test_an_app_that_keeps_no_secret_is_registered_without_a_key(
    deployed: CommandLine, tmp_path: Path, kind: str, redirect_uri: str, application_type: str
) -> None:
    said = ["client", "new", "--keys", str(tmp_path)]
    shown = deployed.data(*said, given=f"{kind}\nReader\nreader\n{redirect_uri}\n\n")
    assert (shown["token_endpoint_auth_method"], shown["profile"]) == ("none", "oidc")
    assert (shown["application_type"], shown["redirect_uris"], shown["scope"]) == (
        application_type,
        [redirect_uri],
        "openid",
    )
    assert not list(tmp_path.glob("*.jwk.json"))
    assert deployed.data("assess", "reader") == []
    options = ["--kind", kind, "--name", "R", "--client-id", "r2", "--redirect-uri"]
    assert deployed.refused(*said, *options, "http://a.example/", "--scope", "openid").startswith("redirect_uris: ")
    assert deployed.refused(*said, *options, redirect_uri, "--scope", "openid accounts").startswith("scope: ")


@pytest.mark.spec("RFC8705-2.1.2")
def test_a_subject_in_the_order_of_openssl_is_taken_and_told_of(deployed: CommandLine) -> None:
    app: dict[str, object] = {
        "client_id": "by-certificate",
        "redirect_uris": ["https://a.example/b"],
        "scope": "openid",
        "token_endpoint_auth_method": "tls_client_auth",
        "tls_client_certificate_bound_access_tokens": True,
        "tls_client_auth_subject_dn": "C=DE,O=Example,CN=client",
    }
    words = ("client", "add", "-", "--json"), ("client", "update", "by-certificate", "-", "--json")
    for command in words:
        result = deployed.run(*command, given=json.dumps(app))
        assert result.exit_code == 0, result.output
        assert "tls_client_auth_subject_dn" in result.stderr
        assert "CN=client,O=Example,C=DE" in result.stderr
        assert json.loads(result.stdout)["tls_client_auth_subject_dn"] == app["tls_client_auth_subject_dn"]
    # Where certificates arrive and their authority is known, nothing else is found.
    arriving = {"TRUSTED_PROXIES": "unix", "CLIENT_CERT_HEADER": "nginx", "CLIENT_CA_FILE": "ca.pem"}
    found = deployed.run("assess", "by-certificate", "--json", **arriving)
    assert found.exit_code == 1
    assert [(row["severity"], row["clause"]) for row in json.loads(found.stdout)] == [("warning", "RFC4514-2.1")]
    app["tls_client_auth_subject_dn"] = "CN=client,O=Example,C=DE"
    assert deployed.run(*words[1], given=json.dumps(app), **arriving).stderr == ""
    assert deployed.data("assess", "by-certificate", **arriving) == []
