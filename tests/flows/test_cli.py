"""The command line, end to end: a deployment made from nothing, its clients, its people and its keys."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from authserver.accounts.factors.totp.codes import parse_seed
from authserver.accounts.invitations import find_invited
from authserver.clock import system_clock
from authserver.db.engine import Database
from authserver.db.one_time_ids import claim_id, id_hash
from authserver.db.revision import HEAD
from authserver.db.tables.outbound import letters
from tests.support import databases
from tests.support.command_line import CommandLine
from tests.support.deployment import PASSWORD, SEED
from tests.support.jose import private_key, public_jwk
from tests.support.servers import free_port

_DAY = 86_400


@pytest.fixture(scope="module")
def postgresql(worker_id: str) -> str:
    """URL of an empty PostgreSQL database that no migration has touched."""
    return databases.new_postgresql_database(f"command_line_{worker_id}")


@pytest.fixture
def prompt(tmp_path: Path) -> CommandLine:
    """A prompt on a machine without a deployment."""
    return CommandLine(tmp_path / "data")


@pytest.fixture
def deployed(prompt: CommandLine) -> CommandLine:
    """A prompt with a deployment on SQLite."""
    prompt.init()
    return prompt


@pytest.fixture
def database(deployed: CommandLine) -> Iterator[Database]:
    """The deployment's database."""
    with databases.connected(databases.sqlite_url(deployed.folder / "authserver.sqlite")) as connected:
        yield connected


_SELF_SIGNED = "self_signed_tls_client_auth"


def _app(**changes: object) -> str:
    metadata = {
        "client_id": "app",
        "client_name": "Tiny Ledger",
        "redirect_uris": ["https://app.example/callback"],
        "scope": "openid accounts",
        "jwks": {"keys": [public_jwk(private_key("ES256"))]},
        "dpop_bound_access_tokens": True,
        **changes,
    }
    return json.dumps({name: value for name, value in metadata.items() if value is not None})


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_init_makes_everything_private_and_repeats_itself_without_harm(prompt: CommandLine) -> None:
    first = json.loads(prompt.init("--json").stdout)
    assert len(first["new_signing_keys"]) == 3
    made = {path.name: path.read_bytes() for path in prompt.folder.iterdir()}
    assert {"authserver.toml", "master.key", "authserver.sqlite"} <= set(made)
    assert _mode(prompt.folder) == 0o700
    assert {_mode(path) for path in prompt.folder.iterdir()} == {0o600}
    again = json.loads(prompt.init("--json").stdout)
    assert again == {**first, "new_signing_keys": []}
    assert all((prompt.folder / name).read_bytes() == made[name] for name in ("authserver.toml", "master.key"))


def test_init_leaves_no_configuration_behind_that_it_refused(prompt: CommandLine) -> None:
    line = prompt.refused("init", "--dir", str(prompt.folder), "--issuer", "http://login.example.com/")
    assert line.startswith("ISSUER was 'http://login.example.com/'; it may be: an https origin")
    assert not prompt.config.exists()
    prompt.init("--issuer", "https://login.example.com")
    assert 'issuer = "https://login.example.com"\n' in prompt.config.read_text(encoding="utf-8")


def test_init_does_not_pretend_to_change_the_issuer(deployed: CommandLine) -> None:
    line = deployed.refused("init", "--dir", str(deployed.folder), "--issuer", "https://other.example")
    assert "https://localhost:8443 already" in line


def test_init_writes_a_folder_with_quotes_in_its_name_as_toml(tmp_path: Path) -> None:
    prompt = CommandLine(tmp_path / 'a "quoted" \\ folder')
    prompt.init()
    assert len(prompt.data("keys", "list")) == 3


def test_a_deployment_is_made_from_nothing_on_postgresql(prompt: CommandLine, postgresql: str) -> None:
    prompt.settings["DATABASE_URL"] = postgresql
    prompt.init()
    assert not (prompt.folder / "authserver.sqlite").exists()
    assert prompt.data("db", "check") == {"revision": HEAD, "differences": []}
    prompt.done("user", "add", "alice", "--password-stdin", given=PASSWORD)
    assert [row["username"] for row in prompt.data("user", "list")] == ["alice"]
    assert prompt.data("client", "add", "-", given=_app())["client_id"] == "app"
    assert prompt.refused("client", "add", "-", given=_app()) == "client_id: app is already taken"
    assert prompt.data("client", "update", "app", "-", given=_app(client_name="Big Ledger"))["client_name"]
    assert prompt.data("assess") == []
    assert set(prompt.data("db", "purge").values()) == {0}
    assert len(prompt.data("keys", "list")) == 3


def test_migrations_run_once_and_their_lack_is_told(prompt: CommandLine, tmp_path: Path) -> None:
    url = databases.sqlite_url(tmp_path / "other.sqlite")
    prompt.init()
    assert prompt.refused("keys", "list", DATABASE_URL=url).endswith("run: authserver db upgrade")
    assert prompt.data("db", "upgrade", DATABASE_URL=url) == {"before": None, "now": HEAD}
    assert prompt.data("db", "upgrade", DATABASE_URL=url) == {"before": HEAD, "now": HEAD}
    assert prompt.data("keys", "list", DATABASE_URL=url) == []


def test_a_database_that_was_changed_by_hand_is_noticed(deployed: CommandLine, database: Database) -> None:
    with database.transaction() as connection:
        connection.exec_driver_sql("ALTER TABLE clients ADD COLUMN colour TEXT")
    result = deployed.run("db", "check", "--json")
    assert result.exit_code == 1
    assert "colour" in json.loads(result.stdout)["differences"][0]
    assert "differs from the schema" in result.stderr


def test_a_purge_deletes_what_has_expired_and_nothing_else(deployed: CommandLine, database: Database) -> None:
    now = system_clock()
    with database.transaction() as connection:
        for number in range(7):
            assert claim_id(connection, id_hash("old", str(number)), now - 2 * _DAY)
        assert claim_id(connection, id_hash("new"), now + _DAY)
    purged = deployed.data("db", "purge", "--batch", "2")
    assert purged.pop("claimed_ids") == 7
    assert set(purged.values()) == {0}
    assert deployed.run("db", "purge").stdout == ""
    assert not _is_free(database, id_hash("new"))


def _is_free(database: Database, one: bytes) -> bool:
    with database.transaction() as connection:
        return claim_id(connection, one, system_clock())


def test_a_client_is_added_shown_changed_and_deleted(deployed: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "client.json"
    file.write_text(_app(), encoding="utf-8")
    added = deployed.data("client", "add", str(file))
    assert added == {"profile": "fapi2", **json.loads(_app())}
    assert deployed.data("client", "show", "app") == added
    updated = deployed.data("client", "update", "app", "-", given=_app(client_name="Big Ledger"))
    assert updated == {**added, "client_name": "Big Ledger"}
    assert "Big Ledger" in deployed.done("client", "list")
    deployed.done("client", "disable", "app")
    assert [row["state"] for row in deployed.data("client", "list")] == ["disabled"]
    deployed.done("client", "enable", "app")
    assert [row["state"] for row in deployed.data("client", "list")] == ["enabled"]
    assert deployed.run("client", "delete", "app", given="n\n").exit_code == 1
    deployed.done("client", "delete", "app", "--yes")
    assert deployed.data("client", "list") == []
    for verb in ("show", "disable", "enable"):
        assert deployed.refused("client", verb, "app") == "there is no client app"
    assert deployed.refused("client", "delete", "app", "--yes") == "there is no client app"
    assert deployed.refused("client", "add", str(file)) == (
        "client_id: app was a client that is deleted, and an id is never used again, or its next client would get what "
        "people allowed the last; choose another"
    )


def test_a_secret_is_shown_once_and_kept_as_its_hash(deployed: CommandLine) -> None:
    deployed.settings["PROFILES"] = "fapi2,oidc"
    deployed.done("keys", "rotate")  # RS256, which this app's ID tokens are signed with
    plain = _app(profile="oidc", token_endpoint_auth_method="client_secret_basic", jwks=None)
    result = deployed.run("client", "add", "-", "--json", given=plain)
    secret = json.loads(result.stdout)["client_secret"]
    assert len(secret) == 43
    assert "shown this once" in result.stderr
    shown = deployed.done("client", "show", "app") + deployed.done("client", "list")
    shown += deployed.done("client", "update", "app", "-", given=plain)
    assert "client_secret " not in shown
    stored = b"".join(path.read_bytes() for path in deployed.folder.glob("authserver.sqlite*"))
    assert secret not in shown
    assert secret.encode() not in stored


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"colour": "red"}, "colour: There is no such member. [RFC7591-2]"),
        ({"redirect_uri": "x"}, "redirect_uri: There is no such member; did you mean redirect_uris? [RFC7591-2]"),
        ({"grant_type": "x"}, "grant_type: There is no such member; did you mean grant_types? [RFC7591-2]"),
        (
            {"redirect_uris": "https://a.example"},
            "redirect_uris: The member redirect_uris is malformed: input should be a valid list.",
        ),
        ({"redirect_uris": ["http://a.example/cb"]}, "[FAPI2-SP-FINAL-5.3.2.2-8]"),
        ({"token_endpoint_auth_method": "client_secret_basic"}, "[FAPI2-SP-FINAL-5.3.2.1-6]"),
        ({"grant_types": ["implicit"]}, "grant_types: The profile fapi2 permits: authorization_code"),
        ({"profile": "oidc"}, "profile: this deployment has fapi2; see PROFILES [RFC7591-2]"),
        (
            {"profile": "fapi9"},
            "profile: The profile must be one of: fapi1_advanced, fapi2, fapi2_message_signing, oidc. [RFC7591-2]",
        ),
        ({"jwks": None}, "jwks: private_key_jwt needs jwks or jwks_uri. [RFC7591-2]"),
        (
            {"jwks": {"keys": [private_key("ES256").as_dict(private=True)]}},
            "jwks: The jwks must contain only public keys",
        ),
    ],
)
@pytest.mark.spec("RFC7591-3.2.2", "FAPI2-SP-FINAL-5.3.2.1-6", "FAPI2-SP-FINAL-5.3.2.2-8")
def test_a_client_is_refused_with_the_member_and_the_clause(
    deployed: CommandLine, changes: dict[str, object], line: str
) -> None:
    assert line in deployed.refused("client", "add", "-", given=_app(**changes))
    assert deployed.data("client", "list") == []


@pytest.mark.spec("RFC8705-2.2.2")
def test_a_self_signed_certificate_that_our_own_tls_cannot_know_is_refused(deployed: CommandLine) -> None:
    changes = {"jwks": None, "jwks_uri": "https://app.example/jwks", "token_endpoint_auth_method": _SELF_SIGNED}
    own_tls = {"TLS_CERT_FILE": "server.pem", "TLS_KEY_FILE": "server.key"}
    assert "jwks_uri: give jwks with x5c" in deployed.refused("client", "add", "-", given=_app(**changes), **own_tls)
    deployed.done("client", "add", "-", given=_app(**changes))


@pytest.mark.parametrize("text", ["", "{", "[]", '"app"', "[" * 100_000])
def test_what_is_no_json_object_is_refused(deployed: CommandLine, text: str) -> None:
    deployed.refused("client", "add", "-", given=text)


def test_an_update_keeps_the_id_and_asks_no_less_than_adding(deployed: CommandLine) -> None:
    deployed.done("client", "add", "-", given=_app())
    assert deployed.refused("client", "update", "nobody", "-", given=_app()) == "there is no client nobody"
    assert deployed.refused("client", "update", "app", "-", given=_app(client_id="b")).startswith("client_id: an id")
    assert "jwks: private_key_jwt needs" in deployed.refused("client", "update", "app", "-", given=_app(jwks=None))


def test_a_person_is_added_with_claims_and_never_twice(deployed: CommandLine, tmp_path: Path) -> None:
    claims = tmp_path / "claims.json"
    claims.write_text('{"name": "Alice Example", "email_verified": true}', encoding="utf-8")
    words = ("user", "add", "alice", "--password-stdin", "--claims", str(claims), "--email", "alice@example.com")
    deployed.data(*words, given=f"{PASSWORD}\n")
    assert deployed.refused(*words, given=PASSWORD) == "the username alice is already taken"
    shown = deployed.data("user", "show", "alice")
    assert shown["claims"] == {"name": "Alice Example", "email": "alice@example.com", "email_verified": True}
    assert (shown["state"], shown["password"], shown["totp"]) == ("open", True, False)
    assert PASSWORD not in json.dumps(shown)


def test_a_password_is_asked_for_twice_and_a_weak_one_refused(deployed: CommandLine) -> None:
    assert "at least 8 characters" in deployed.refused("user", "add", "bob", "--password-stdin", given="short\n")
    result = deployed.run("user", "add", "bob", given=f"{PASSWORD}\n{PASSWORD}\n")
    assert result.exit_code == 0
    assert PASSWORD not in result.output


def test_a_person_is_locked_opened_and_given_a_second_factor(deployed: CommandLine) -> None:
    deployed.done("user", "add", "alice", "--password-stdin", given=PASSWORD)
    deployed.done("user", "lock", "alice")
    assert deployed.data("user", "list")[0]["state"] == "locked"
    deployed.done("user", "unlock", "alice")
    assert deployed.data("user", "list")[0]["state"] == "open"
    uri = deployed.data("user", "totp", "alice", "--secret", SEED)["otpauth_uri"]
    assert uri.startswith("otpauth://totp/")
    assert f"secret={SEED}" in uri
    assert deployed.data("user", "show", "alice")["totp"] is True
    assert SEED not in deployed.done("user", "show", "alice")
    assert "no second factor any more" in deployed.done("user", "reset-mfa", "alice")
    assert "had no second factor" in deployed.done("user", "reset-mfa", "alice")
    assert deployed.refused("user", "totp", "alice", "--secret", "not base32!").startswith("--secret: ")
    fresh = deployed.data("user", "totp", "alice")["otpauth_uri"].partition("secret=")[2].partition("&")[0]
    assert fresh != SEED
    assert parse_seed(fresh) == fresh
    assert deployed.done("user", "revoke", "alice", "--client", "app") == "0 grants of alice have ended.\n"
    for verb in ("show", "lock", "unlock", "revoke", "reset-mfa", "totp"):
        assert deployed.refused("user", verb, "nobody") == "there is no account 'nobody'"


@pytest.mark.spec("ASVS5-6.3.7")
def test_a_person_is_told_of_what_an_operator_does_to_their_factors(deployed: CommandLine, database: Database) -> None:
    deployed.settings["NOTICES"] = "console"
    deployed.done("user", "add", "alice", "--password-stdin", "--email", "alice@example.com", given=PASSWORD)

    added, reset, again = (deployed.run("user", verb, "alice") for verb in ("totp", "reset-mfa", "reset-mfa"))

    assert "An authenticator app was added to your account" in added.stderr
    assert "The second factors of your account were removed" in reset.stderr
    assert "To: alice@example.com" in reset.stderr
    assert again.stderr == ""
    with database.read() as connection:
        assert connection.execute(select(letters.c.letter_id)).all() == []


@pytest.mark.spec("ASVS5-6.3.7")
def test_a_letter_that_a_command_could_not_send_waits_for_the_server(deployed: CommandLine, database: Database) -> None:
    deployed.done("user", "add", "alice", "--password-stdin", "--email", "alice@example.com", given=PASSWORD)
    deployed.settings |= {"NOTICES": "smtp", "SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(free_port())}
    added = deployed.run("user", "totp", "alice")
    assert added.exit_code == 0
    assert "could not be told of it yet" in added.stderr
    with database.read() as connection:
        (letter,) = connection.execute(select(letters.c.name, letters.c.attempts)).all()
    assert tuple(letter) == ("generator.added", 1)


def test_a_seed_is_read_from_standard_input_and_warned_of_as_an_argument(deployed: CommandLine) -> None:
    deployed.settings["NOTICES"] = "none"
    deployed.done("user", "add", "alice", "--password-stdin", given=PASSWORD)
    quiet = deployed.run("user", "totp", "alice", "--secret", "-", "--json", given=f"{SEED}\n")
    assert f"secret={SEED}" in json.loads(quiet.stdout)["otpauth_uri"]
    assert quiet.stderr == ""
    shown = deployed.run("user", "totp", "alice", "--secret", SEED, "--json")
    assert f"secret={SEED}" in json.loads(shown.stdout)["otpauth_uri"]
    assert "process list" in shown.stderr
    assert SEED not in shown.stderr
    assert deployed.refused("user", "totp", "alice", "--secret", "-", given="none\n").startswith("--secret: ")


def test_a_person_is_invited_by_a_link_until_they_have_a_second_factor(deployed: CommandLine) -> None:
    first = deployed.data("user", "invite", "carol", "--email", "carol@example.com")
    again = deployed.data("user", "invite", "carol")
    assert first["link"] != again["link"]
    assert "/invitation?invitation=" in again["link"]
    shown = deployed.data("user", "show", "carol")
    assert (shown["password"], shown["claims"]) == (False, {"email": "carol@example.com"})
    deployed.data("user", "totp", "carol")
    assert "reset-mfa" in deployed.refused("user", "invite", "carol")
    deployed.done("user", "reset-mfa", "carol")
    assert deployed.data("user", "invite", "carol")["username"] == "carol"


@pytest.mark.spec("ASVS5-6.4.1")
def test_a_lock_ends_an_invitation_that_is_still_out(deployed: CommandLine, database: Database) -> None:
    link = deployed.data("user", "invite", "carol")["link"]
    handle, now = link.partition("invitation=")[2], system_clock()
    with database.read() as connection:
        assert find_invited(connection, handle, now) is not None
    deployed.done("user", "lock", "carol")
    deployed.done("user", "unlock", "carol")
    with database.read() as connection:
        assert find_invited(connection, handle, now) is None


def test_keys_are_listed_planned_rotated_and_retired(deployed: CommandLine) -> None:
    keys = deployed.data("keys", "list")
    assert {key["algorithm"] for key in keys} == {"ES256", "PS256", "Ed25519"}
    assert '"d"' not in json.dumps(keys)
    assert deployed.data("keys", "plan") == deployed.data("keys", "rotate") == []
    kid = next(key["kid"] for key in keys if key["algorithm"] == "ES256")
    deployed.done("keys", "retire", kid)
    assert deployed.refused("keys", "retire", kid) == f"{kid} is retired already"
    assert deployed.refused("keys", "retire", "nope") == "there is no key nope"
    states = {key["kid"]: key["state"] for key in deployed.data("keys", "list")}
    assert states[kid] == "retired"
    assert sorted(states.values()) == ["retired", "signing", "signing", "signing"]
    assert "nothing it signed is believed" in deployed.done("keys", "retire", kid, "--compromised")
    assert kid not in {key["kid"] for key in deployed.data("keys", "list")}


def test_an_assessment_ends_in_one_where_something_is_found(deployed: CommandLine) -> None:
    deployed.done("client", "add", "-", given=_app())
    assert "keeps its profile" in deployed.done("assess")
    assert deployed.data("assess", "app") == []
    deployed.done("client", "update", "app", "-", given=_app(dpop_bound_access_tokens=False))
    result = deployed.run("assess", "app", "--json")
    assert result.exit_code == 1
    assert [finding["clause"] for finding in json.loads(result.stdout)] == ["FAPI2-SP-FINAL-5.3.2.1-4"]
    result = deployed.run("assess", "--json", CODE_LIFETIME="61")
    assert result.exit_code == 1
    assert [finding["clause"] for finding in json.loads(result.stdout)] == ["FAPI2-SP-FINAL-5.3.2.1-11"]
    assert deployed.refused("assess", "nobody") == "there is no client nobody"
