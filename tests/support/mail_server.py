"""A real mail server on loopback: with STARTTLS, with TLS from the first byte, or with none; what it took and heard."""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.support.authority import NOW, Authority
from tests.support.servers import free_port, wait_until

USER, SECRET = "bank-notices", "tide-over-the-harbour"


@dataclass
class MailServer:
    """A running server: the letters it took, and every command of an envelope that it heard, with TLS or without."""

    port: int
    refuses: str = ""
    letters: list[EmailMessage] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Note who a letter is from, and how much is known of the sender."""
        login = session.auth_data.login.decode() if isinstance(session.auth_data, LoginPassword) else "nobody"
        self.heard.append(f"MAIL from {address} by {login}")
        envelope.mail_from, envelope.mail_options = address, options
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take a recipient, or refuse the one that this server does not like."""
        self.heard.append(f"RCPT to {address}")
        if address == self.refuses:
            return "550 No such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Take a letter."""
        assert isinstance(envelope.content, bytes)
        self.letters.append(message_from_bytes(envelope.content, EmailMessage, policy=default))
        return "250 Taken"

    def check(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: object
    ) -> AuthResult:
        """Let the one user in."""
        assert isinstance(given, LoginPassword)
        is_right = (given.login.decode(), given.password.decode()) == (USER, SECRET)
        return AuthResult(success=is_right, handled=False, auth_data=given)


@contextmanager
def mail_server(folder: Path, tls: str, authority: Authority, host: str = "localhost") -> Iterator[MailServer]:
    """Run a server until the body ends; `tls` is `starttls`, `implicit` or `none`.

    Its certificate names `host`.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue_server((host,), NOW).save(folder, f"mail-{host}"))
    server = MailServer(free_port())
    controller = Controller(
        server,
        hostname="127.0.0.1",
        port=server.port,
        ssl_context=context if tls == "implicit" else None,
        tls_context=context if tls == "starttls" else None,
        require_starttls=tls == "starttls",
        auth_required=tls != "none",
        # It knows nothing of TLS that began outside of it, and would offer no AUTH under it.
        auth_require_tls=tls == "starttls",
        authenticator=server.check,
    )
    controller.start()
    try:
        yield server
    finally:
        wait_until(lambda: not asyncio.all_tasks(controller.loop), "the end of the conversations")
        controller.stop()
