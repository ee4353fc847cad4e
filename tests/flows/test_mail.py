"""Letters by a real mail server over TLS: they arrive whole, or nothing does, and nobody before a page waits for it."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from authserver.db.engine import Database
from authserver.notices import channels
from tests.flows.test_account import add_generator
from tests.support.authority import NOW, Authority, create_authority
from tests.support.deployment import Deployment, deploy
from tests.support.mail_server import SECRET, USER, MailServer, mail_server
from tests.support.person import Person
from tests.support.servers import free_port, wait_until

# aiosmtpd warns of what it cannot see: TLS that began outside of it.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")

NewDeployment = Callable[..., Deployment]


@pytest.fixture(scope="module")
def authority() -> Authority:
    """The authority of the mail servers' certificates."""
    return create_authority("Mail authority", NOW)


@pytest.fixture
def new_deployment(sqlite_database: Database, sqlite_url: str, tmp_path: Path, authority: Authority) -> NewDeployment:
    """What makes a deployment that tells people by email."""
    (tmp_path / "mail.pem").write_bytes(authority.pem)
    (tmp_path / "mail.password").write_text(f"{SECRET}\n")

    def make(port: int, **settings: object) -> Deployment:
        values: dict[str, object] = {
            "site_name": "Bänk am Hafen",
            "notices": "smtp",
            "smtp_host": "localhost",
            "smtp_port": port,
            "smtp_ca_file": tmp_path / "mail.pem",
            "smtp_user": USER,
            "smtp_password_file": tmp_path / "mail.password",
            "smtp_from": "no-reply@harbour.example",
            **settings,
        }
        return deploy(sqlite_database, sqlite_url, **values)

    return make


def add_a_factor(deployment: Deployment) -> None:
    """Have bob add an authenticator app, which works whether or not he can be told of it."""
    assert add_generator(Person(deployment, "bob")).request.path == "/account/recovery-codes"
    assert "generator.added" in deployment.event_names()


def failure(deployment: Deployment) -> str:
    """Return the error of which the operator is told, and hold that nothing else is said with it."""
    queue = deployment.app.extensions["authserver"].letters
    assert queue.send_due(deployment.now) == 1
    (event,) = (event for event in deployment.events if event.name == "notice.failed")
    # The random id of an account may well have the three digits of a reply in it.
    said = repr(event).replace(event.subject, "")
    assert not [each for each in (SECRET, USER, "alice@example.com", "bob", "550", "Hafen") if each in said]
    assert set(event.detail) == {"notice", "error"}
    return event.detail["error"]


@pytest.mark.spec("ASVS5-6.3.7")
@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_letter_arrives_whole(new_deployment: NewDeployment, tmp_path: Path, authority: Authority, tls: str) -> None:
    with mail_server(tmp_path, tls, authority) as server:
        deployment = new_deployment(server.port, smtp_tls=tls)
        deployment.add_person("zoë", totp=False, claims={"email": "zoe@people.example", "locale": "fr"})
        add_generator(Person(deployment, "zoë"))
        deployment.app.extensions["authserver"].letters.start()
        wait_until(lambda: bool(server.letters), "the letter")
    assert server.heard == [f"MAIL from no-reply@harbour.example by {USER}", "RCPT to zoe@people.example"]
    (letter,) = server.letters
    happened = "Une application d\N{RIGHT SINGLE QUOTATION MARK}authentification a été ajoutée à votre compte"
    assert letter["Subject"] == f"Bänk am Hafen: {happened}"
    assert (letter["To"], letter["From"]) == ("zoe@people.example", "no-reply@harbour.example")
    assert (letter["Content-Language"], letter["Auto-Submitted"]) == ("fr", "auto-generated")
    assert letter["Message-ID"].endswith("@harbour.example>")
    text = letter.get_content().replace("\r\n", "\n")
    assert text.startswith(f"Bonjour zoë,\n\n{happened}.\n")
    assert text.endswith("\n\nBänk am Hafen\n")
    assert "notice.failed" not in deployment.event_names()


def test_a_server_without_tls_gets_nothing(new_deployment: NewDeployment, tmp_path: Path, authority: Authority) -> None:
    with mail_server(tmp_path, "none", authority) as server:
        deployment = new_deployment(server.port)
        add_a_factor(deployment)
        assert failure(deployment) == "SMTPNotSupportedError"
        assert_heard_nothing(server)


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
@pytest.mark.parametrize("wrong", ["another name", "an unknown authority"])
def test_a_server_with_a_wrong_certificate_gets_nothing(
    new_deployment: NewDeployment, tmp_path: Path, authority: Authority, tls: str, wrong: str
) -> None:
    stranger = authority if wrong == "another name" else create_authority("Nobody knows it", NOW)
    host = "elsewhere.example" if wrong == "another name" else "localhost"
    with mail_server(tmp_path, tls, stranger, host) as server:
        deployment = new_deployment(server.port, smtp_tls=tls)
        add_a_factor(deployment)
        assert failure(deployment) == "SSLCertVerificationError"
        assert_heard_nothing(server)


def test_a_wrong_password_is_said_and_not_shown(
    new_deployment: NewDeployment, tmp_path: Path, authority: Authority
) -> None:
    (tmp_path / "other").write_text("another")
    with mail_server(tmp_path, "starttls", authority) as server:
        deployment = new_deployment(server.port, smtp_password_file=tmp_path / "other")
        add_a_factor(deployment)
        assert failure(deployment) == "SMTPAuthenticationError"
        assert_heard_nothing(server)


def test_a_refused_recipient_fails_the_letter_and_not_the_act(
    new_deployment: NewDeployment, tmp_path: Path, authority: Authority
) -> None:
    with mail_server(tmp_path, "starttls", authority) as server:
        server.refuses = "alice@example.com"
        deployment = new_deployment(server.port)
        add_a_factor(deployment)
        assert failure(deployment) == "SMTPRecipientsRefused"
    assert server.letters == []


def test_nobody_waits_for_a_server_that_says_nothing(
    new_deployment: NewDeployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Only here: a server that does speak may take its time on a busy machine.
    monkeypatch.setattr(channels, "_TIMEOUT_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        deployment = new_deployment(silent.getsockname()[1])
        add_a_factor(deployment)
        assert "notice.failed" not in deployment.event_names(), "the act was over first"
        assert failure(deployment) in {"TimeoutError", "SMTPServerDisconnected"}


def test_a_dead_server_is_told_of(new_deployment: NewDeployment) -> None:
    deployment = new_deployment(free_port())
    add_a_factor(deployment)
    assert failure(deployment) == "ConnectionRefusedError"


def assert_heard_nothing(server: MailServer) -> None:
    """Hold that a server learned neither of a letter nor of whom it is for."""
    assert (server.heard, server.letters) == ([], [])
