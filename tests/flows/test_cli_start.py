"""The command line before and around the server: settings read once, a start refused in one line, serving for real."""

import http.client
import json
import signal
import socket
import ssl
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.authority import NOW, create_authority
from tests.support.command_line import CommandLine
from tests.support.servers import ROOT, accepts, free_port, probe_command, running, wait_until

_SECRET = "s3cret"
_HEAVY = {"alembic", "authlib", "cryptography", "flask", "granian", "gunicorn", "joserfc", "pydantic", "sqlalchemy"}


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """A prompt with a deployment that no test here changes."""
    prompt = CommandLine(tmp_path_factory.mktemp("deployed"))
    prompt.init()
    return prompt


def test_help_loads_no_part_of_the_server() -> None:
    words = "import sys; sys.argv = ['authserver', '--help']; from authserver.cli.main import main\n"
    words += "try: main()\nexcept SystemExit as end: assert not end.code\n"
    words += "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    ended = subprocess.run([sys.executable, "-c", words], cwd=ROOT, check=True, capture_output=True, text=True)
    *shown, loaded = ended.stdout.splitlines()
    assert "  serve   Serve, with our own TLS or behind a proxy." in shown
    assert "click" in loaded.split()
    assert not _HEAVY & set(loaded.split())


def test_a_server_on_sqlite_carries_no_driver_of_postgresql_and_no_terminal_colours(deployed: CommandLine) -> None:
    words = "import sys; from authserver.app.create import create_configured_app; create_configured_app()\n"
    words += "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    environment = {"AUTHSERVER_CONFIG": str(deployed.config), "PATH": ""}
    ended = subprocess.run(
        [sys.executable, "-c", words], cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
    loaded = ended.stdout.split()
    assert {"flask", "sqlalchemy", "sqlite3"} <= set(loaded)
    assert not [name for name in loaded if name.startswith(("psycopg", "rich", "pygments"))]


@pytest.mark.parametrize(
    ("words", "code"), [(("--help",), 0), (("keys",), 2), (("keys", "lst"), 2), (("nonsense",), 2), (("init", "x"), 2)]
)
def test_wrong_usage_is_told_from_refusal(words: tuple[str, ...], code: int) -> None:
    assert CommandLine(Path()).run(*words).exit_code == code


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("CODE_LIFETIME", "abc", "CODE_LIFETIME was 'abc'; it may be: a whole number from 5 to 600"),
        ("CODE_LIFETIME", "601", "CODE_LIFETIME was '601'; it may be: a whole number from 5 to 600"),
        ("CODE_LIFETIME", "", "CODE_LIFETIME was ''; it may be: a whole number from 5 to 600"),
        ("GRANT_LIFETIME", "1", "GRANT_LIFETIME was '1'; it may be: a whole number from 60 to 157680000"),
        ("SCOPE_DESCRIPTIONS", "invoices", "it may be: a table of scopes"),
        ("SCOPE_DESCRIPTIONS", '{"invoices": {"de": "Ihre Rechnungen"}}', "English must be there"),
        ("SCOPE_DESCRIPTIONS", '{"invoices": {"en": "Invoices", "xx": "?"}}', "it may be: a table of scopes"),
        ("SCOPE_DESCRIPTIONS", '{"in voices": "Invoices"}', "it may be: a table of scopes"),
        ("REFRESH_ROTATION", "often", "it may be: `confirm`, `strict`, `never`"),
        ("CLIENT_CERT_HEADER", "xfcc", "`haproxy`, `alb`; or empty"),
        ("ISSUER", "http://login.example.com", "it may be: an https origin"),
        ("ISSUER", "https://login.example.com/", "it may be: an https origin"),
        ("ISSUER", "https://login.example.com?", "it may be: an https origin"),
        ("ISSUER", "https://me@login.example.com", "it may be: an https origin"),
        ("ISSUER", "https://login.example.com:0", "it may be: an https origin"),
        ("MTLS_ORIGIN", "login.example.com", "it may be: an https origin"),
        (
            "PROFILES",
            "fapi9",
            (
                "PROFILES was 'fapi9'; it may be: "
                "`fapi1_advanced` or `fapi2` or `fapi2_message_signing` or `oidc`, or several of them"
            ),
        ),
        ("PROFILES", "", "PROFILES was ''"),
        ("DEFAULT_PROFILE", "oidc", "DEFAULT_PROFILE was 'oidc'; it may be: one of PROFILES"),
        ("TRUSTED_PROXIES", "0.0.0.0/0", "of the public internet not more together than an IPv4 /8 or an IPv6 /16"),
        ("TRUSTED_PROXIES", "0.0.0.0/1,128.0.0.0/1", "of the public internet not more together"),
        ("TRUSTED_PROXIES", "::/0", "of the public internet not more together"),
        ("TRUSTED_PROXIES", "2000::/4,3000::/4", "of the public internet not more together"),
        ("TRUSTED_PROXIES", "::ffff:10.0.0.0/104", "networks such as `10.0.0.0/8`"),
        ("PAYMENT_UNLINKED_LIMIT", "30 XXX", "each currency of today once"),
        ("PAYMENT_UNLINKED_LIMIT", "30.00 BGN", "each currency of today once"),
        ("PAYMENT_UNLINKED_LIMIT", "30.00 JPY", "with no more decimals than it has"),
        ("LISTEN", "8443", "LISTEN was '8443'; it may be: `address:port`, `:port` or `unix:/path`"),
        ("LISTEN", f"unix:/{'a' * 200}", "it may be: `address:port`, `:port` or `unix:/path`"),
        ("LISTEN_MTLS", "unix:/run/mtls.sock", "LISTEN_MTLS was 'unix:/run/mtls.sock'; it may be: `address:port` or"),
        ("LISTEN_MTLS", "localhost:1", "LISTEN_MTLS was 'localhost:1'; it may be: `address:port` or `:port`; or empty"),
        ("TRUSTED_PROXIES", "10.0.0.1/8", "networks such as `10.0.0.0/8`"),
        ("FETCH_ALLOW", "keys.internal", "`host:port` entries"),
        ("SCOPE_ACR", "payments=gold", "`scope=acr` pairs"),
        ("LIMIT_CLIENT", "many", "limits such as `10/minute;100/hour`"),
        ("LIMIT_CLIENT", "0/minute", "limits such as `10/minute;100/hour`"),
        ("LOG_LEVEL", "loud", "`debug`, `info`, `warning`, `error`"),
        ("TLS_KEY_FILE", "key.pem", "TLS_CERT_FILE was not set"),
        ("TLS_CERT_FILE", "cert.pem", "TLS_KEY_FILE was not set"),
        ("CLIENT_CERT_HEADER", "nginx", "TRUSTED_PROXIES was not set"),
        ("CLIENT_CERT_HEADER_NAME", "Client-Cert", "it may be: a name of letters and digits alone; or empty"),
        ("CLIENT_CERT_HEADER_NAME", "ClientCert5f0c", "CLIENT_CERT_HEADER was not set"),
        ("CLIENT_ADDRESS_HEADER", "X-Real-IP", "it may be: a name of letters and digits alone; or empty"),
        ("CLIENT_ADDRESS_HEADER", "ClientAddress", "TRUSTED_PROXIES was not set"),
        ("CODE_LIFTIME", "30", "AUTHSERVER_CODE_LIFTIME in the environment is no setting of this server; did you mean"),
        ("ZZZ", "30", "AUTHSERVER_ZZZ in the environment is no setting of this server"),
        ("SITE_NAME", "", "SITE_NAME was ''; it may be: a name of 1 to 100 characters, in one line"),
        ("SITE_NAME", "a\nb", "it may be: a name of 1 to 100 characters, in one line"),
        ("SITE_NAME", "a" * 101, "it may be: a name of 1 to 100 characters, in one line"),
        ("HELP_URL", "javascript:alert(1)", "HELP_URL was 'javascript:alert(1)'; it may be: an address that begins"),
        ("LIMIT_CLIENT", "1/999999999999 year", "LIMIT_CLIENT was '1/999999999999 year'; it may be: limits such as"),
        ("LIMIT_CLIENT", f"{10**20}/minute", "it may be: limits such as"),
        ("CONFIG", "/nonexistent.toml", "AUTHSERVER_CONFIG names a file that cannot be read: /nonexistent.toml"),
    ],
)
def test_a_wrong_setting_stops_the_command(deployed: CommandLine, name: str, value: str, said: str) -> None:
    assert said in deployed.refused("keys", "list", **{name: value})


@pytest.mark.parametrize(
    "url",
    [
        f"mysql://me:{_SECRET}@localhost/db",
        f"postgresql+psycopg://me:{_SECRET}@127.0.0.1:1/db",
        f"postgresql+psycopg://me:{_SECRET}/x@127.0.0.1/db",
        f"postgresql+psycopg://me:{_SECRET}/db",
        f"postgresql+psycopg://me:{_SECRET}@127.0.0.1:1/db?connect_timeout=soon",
        f"postgresql+psycopg://me:{_SECRET}@127.0.0.1:1/db?sslmod=require",
        f"://me:{_SECRET}@localhost",
        _SECRET,
    ],
)
def test_a_database_that_cannot_be_had_is_told_without_its_password(deployed: CommandLine, url: str) -> None:
    line = deployed.refused("keys", "list", DATABASE_URL=url)
    assert "DATABASE_URL" in line
    assert _SECRET not in line


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("{good}/db?sslmode=bogus", "sslmode may be disable, allow, prefer, require, verify-ca, verify-full"),
        ("{good}/db?sslmode=verify-full&sslrootcert=/none", "sslrootcert is the path of a file of certificates in PEM"),
        ("{good}/db?target_session_attrs=master", "target_session_attrs may be any, read-write, read-only, primary"),
        ("{good}/db?sslmod=require", 'invalid connection option "sslmod"'),
        ("{good}/db?keepalives_idle=soon", "keepalives_idle is a whole number"),
        ("{good}/db?service=none", 'definition of service "none" not found'),
        ("{good}/db?hostaddr=none", "hostaddr is an IP address"),
        ("{good}/db?host=a,b&port=1,2,3", "number of hosts and ports don't match"),
        ("{good}/db?host=a&port=x", "non-integer port"),
        (f"{{good}}/db?sslmode={_SECRET}", 'invalid sslmode value: "***"'),
        ("{good}:70000/db", "port may be a number from 1 to 65535"),
        ("{good}:0/db", "port may be a number from 1 to 65535"),
        ("sqlite:////{folder}/db.sqlite?mode=ro", "a URL of SQLite has no options: mode"),
    ],
)
def test_a_url_by_which_no_database_can_ever_be_had_is_not_waited_for(
    deployed: CommandLine, tmp_path: Path, url: str, said: str
) -> None:
    given = url.format(good=f"postgresql+psycopg://me:{_SECRET}@127.0.0.1", folder=tmp_path)
    line = deployed.refused("serve", DATABASE_URL=given, DATABASE_START_TIMEOUT="3600")
    assert line.startswith("DATABASE_URL: ")
    assert said in line
    assert _SECRET not in line
    assert "waiting for it" not in line


@pytest.mark.parametrize(
    "line", [f'database_ulr = "postgresql://me:{_SECRET}@h/db"', f'database_url = ["{_SECRET}"]', f'x = "{_SECRET}']
)
def test_a_file_that_is_wrong_about_a_secret_does_not_tell_it(tmp_path: Path, line: str) -> None:
    (tmp_path / "wrong.toml").write_text(line, encoding="utf-8")
    assert _SECRET not in CommandLine(tmp_path).refused("keys", "list", CONFIG=str(tmp_path / "wrong.toml"))


@pytest.mark.parametrize(
    ("words", "given"),
    [
        (("client", "show", "\udcff"), b""),
        (("client", "disable", "\udcff"), b""),
        (("client", "rotate-secret", "\udcff"), b""),
        (("assess", "\udcff"), b""),
        (("sca", "export", "\udcff"), b""),
        (("user", "add", "eve", "--password-stdin"), b"\xffs3cret\n"),
        (("user", "totp", "eve", "--secret", "-"), b"\xffs3cret\n"),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, tuple) else None,
)
def test_what_is_no_text_is_refused_in_one_line(deployed: CommandLine, words: tuple[str, ...], given: bytes) -> None:
    """A real process: its arguments and its input are octets."""
    ended = subprocess.run(
        [sys.executable, "-m", "authserver.cli.main", *words],
        cwd=ROOT,
        env={**deployed.environment(), "PYTHONUTF8": "1"},
        input=given,
        check=False,
        capture_output=True,
        timeout=60,
    )
    assert ended.returncode == 1
    assert b"Traceback" not in ended.stderr
    assert _SECRET.encode() not in ended.stderr
    assert ended.stderr.startswith(b"Error: ")


def test_the_environment_goes_before_the_file(deployed: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "other.toml"
    lines = ["CODE_LIFETIME = 601", 'profiles = ["fapi2"]', 'AUTHSERVER_LIMIT_CLIENT = ""']
    file.write_text(f"{deployed.config.read_text()}{chr(10).join(lines)}\n", encoding="utf-8")
    assert tomllib.loads(file.read_text())["CODE_LIFETIME"] == 601
    assert "CODE_LIFETIME was 601" in deployed.refused("assess", CONFIG=str(file))
    assert deployed.data("assess", CONFIG=str(file), CODE_LIFETIME="60") == []


def test_a_machine_without_a_deployment_is_sent_to_init(tmp_path: Path) -> None:
    assert "authserver init" in CommandLine(tmp_path).refused("keys", "list", DATA_DIR=str(tmp_path / "none"))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"CODE_LIFETIME": "61"}, "[FAPI2-SP-FINAL-5.3.2.1-11] CODE_LIFETIME is 61 seconds"),
        ({"DATABASE_URL": "sqlite:////{folder}/empty.sqlite"}, "the database lacks migrations"),
        ({"MASTER_KEY_FILE": "/nonexistent"}, "MASTER_KEY_FILE was '/nonexistent'; it may be: a readable file"),
        ({"CLIENT_CA_FILE": "README.md"}, "CLIENT_CA_FILE was 'README.md'; it may be: a readable file of certificates"),
        ({"FETCH_CA_FILE": "README.md"}, "FETCH_CA_FILE was 'README.md'; it may be: a readable file of certificates"),
        ({"TLS_CERT_FILE": "none.pem", "TLS_KEY_FILE": "none.pem"}, "TLS_CERT_FILE was 'none.pem'; it may be: a file"),
        ({"TLS_CERT_FILE": "README.md", "TLS_KEY_FILE": "README.md"}, "TLS_CERT_FILE, TLS_KEY_FILE or CLIENT_CA_FILE"),
        (
            {"NOTICES": "smtp", "SMTP_HOST": "h", "SMTP_PASSWORD_FILE": "/nonexistent"},
            "SMTP_PASSWORD_FILE was '/nonexistent'; it may be: a readable file",
        ),
        (
            {"NOTICES": "smtp", "SMTP_HOST": "h", "SMTP_CA_FILE": "README.md"},
            "SMTP_CA_FILE was 'README.md'; it may be: a readable file of certificates in PEM",
        ),
        ({"LISTEN": "0.0.0.0:8443"}, "can be reached past the proxy"),
        ({"VALKEY_URL": f"valkey://me:{_SECRET}@h:port"}, "VALKEY_URL cannot be used"),
    ],
)
@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.1-11")
def test_a_start_is_refused_before_any_worker_runs(
    deployed: CommandLine, tmp_path: Path, settings: dict[str, str], said: str
) -> None:
    ended = deployed.process("serve", **{name: text.format(folder=tmp_path) for name, text in settings.items()})
    assert ended.returncode == 1
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
    assert _SECRET not in ended.stderr


def test_a_start_under_another_master_key_or_without_keys_is_refused(deployed: CommandLine, tmp_path: Path) -> None:
    other = tmp_path / "other.key"
    other.write_text("QUJBQkFCQUJBQkFCQUJBQkFCQUJBQkFCQUJBQkFCQUI=\n", encoding="ascii")
    assert "does not open the signing keys" in deployed.refused("serve", MASTER_KEY_FILE=str(other))
    empty = {"DATABASE_URL": f"sqlite:///{tmp_path / 'empty.sqlite'}"}
    deployed.done("db", "upgrade", **empty)
    assert "authserver init" in deployed.refused("serve", **empty)


def test_the_server_stands_behind_a_proxy_and_stops_when_told(
    deployed: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(tmp_path / "authserver.sock")
    for name, value in deployed.environment(LISTEN=f"unix:{path}").items():
        monkeypatch.setenv(name, value)
    with running([sys.executable, "-m", "authserver.cli.main", "serve"], tmp_path / "log") as process:
        wait_until(lambda: Path(path).exists() and accepts(path), "the socket")
        link = http.client.HTTPConnection("localhost", timeout=15)
        link.sock = socket.socket(socket.AF_UNIX)
        link.sock.settimeout(15)
        link.sock.connect(path)
        assert _get(link, "/readyz") == {"status": "ok"}
        assert _get(link, "/.well-known/openid-configuration")["issuer"] == "https://localhost:8443"
        link.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
    assert "Traceback" not in (tmp_path / "log").read_text()


@pytest.mark.parametrize("kind", ["tcp", "unix"])
def test_a_second_server_on_the_same_address_is_refused_in_one_line(
    deployed: CommandLine, tmp_path: Path, kind: str
) -> None:
    listen = f"127.0.0.1:{free_port()}" if kind == "tcp" else f"unix:{tmp_path}/own.sock"
    with running(probe_command("behind_proxy", listen), tmp_path / "log"):
        wait_until(lambda: "server.started" in (tmp_path / "log").read_text(), "the first server")
        line = deployed.refused("serve", LISTEN=listen)
    assert line.splitlines()[-1].endswith(f"cannot serve: another server listens on {listen} already")
    wait_until(lambda: "server.stopped" in (tmp_path / "log").read_text(), "its last line")
    assert [json.loads(line)["event"] for line in (tmp_path / "log").read_text().splitlines()] == [
        "server.started",
        "server.stopped",
    ]


def test_the_server_ends_tls_itself_and_stops_when_told(
    deployed: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = create_authority("a test's authority", NOW)
    certificate, key = authority.issue_server(("localhost", "127.0.0.1"), NOW).save(tmp_path, "server")
    port, mtls_port = free_port(), free_port()
    settings = {
        "LISTEN": f"127.0.0.1:{port}",
        "LISTEN_MTLS": f"127.0.0.1:{mtls_port}",
        "TLS_CERT_FILE": str(certificate),
        "TLS_KEY_FILE": str(key),
    }
    for name, value in deployed.environment(**settings).items():
        monkeypatch.setenv(name, value)
    with running([sys.executable, "-m", "authserver.cli.main", "serve"], tmp_path / "log") as process:
        for each in (port, mtls_port):
            wait_until(lambda at=each: accepts(("127.0.0.1", at)), "the listener")  # type: ignore[misc]  # a default in a lambda has no type to infer
            context = ssl.create_default_context(cadata=authority.pem.decode())
            link = http.client.HTTPSConnection("127.0.0.1", each, context=context, timeout=15)
            assert _get(link, "/readyz") == {"status": "ok"}
            link.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
    assert "Traceback" not in (tmp_path / "log").read_text()


def _get(link: http.client.HTTPConnection, path: str) -> dict[str, object]:
    link.request("GET", path, headers={"Host": "localhost"})
    answer: dict[str, object] = json.loads(link.getresponse().read())
    return answer


def test_the_words_of_a_database_that_cannot_be_reached_are_said_without_the_password(deployed: CommandLine) -> None:
    port = free_port()
    said = deployed.refused("db", "check", DATABASE_URL=f"postgresql+psycopg://me:s3cret@127.0.0.1:{port}/db")
    assert "Connection refused" in said
    # The driver quotes a parameter that it cannot use.
    said = deployed.refused("db", "check", DATABASE_URL="postgresql+psycopg://me:s3cret@127.0.0.1/db?sslmode=s3cret")
    assert 'invalid sslmode value: "***"' in said
    assert "s3cret" not in said
