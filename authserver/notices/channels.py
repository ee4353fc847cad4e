"""The ways a letter leaves: into a folder, onto standard error, or to a mail server."""

import os
import smtplib
import ssl
import sys
from collections.abc import Callable
from email.message import Message as Letter
from hashlib import sha256
from pathlib import Path
from typing import Final

from authserver.protocol.handles import new_handle
from authserver.values import Hidden, Value

Channel = Callable[[Letter], None]
"""Sends one letter; raises OSError or smtplib.SMTPException where it cannot."""

_TIMEOUT_SECONDS: Final = 10.0


class MailServer(Value, frozen=True):
    """A mail server, how TLS begins with it, whose word for it is taken, and as whom to speak to it.

    `authorities` is a file of certificates in PEM; where there is none the system's are believed.
    """

    host: str
    port: int
    tls_at_once: bool = False
    authorities: Path | None = None
    user: str = ""
    password: Hidden[str] = ""


def into_folder(path: Path) -> Channel:
    """Return the channel that writes each letter as a file of its own, for its owner's eyes alone.

    The file is there whole or not at all, and a letter that comes twice is one file.
    """

    def write(letter: Letter) -> None:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = path / f".{new_handle()}"
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(bytes(letter))
        name = sha256(letter["Message-ID"].encode()).hexdigest() if "Message-ID" in letter else new_handle()
        unfinished.replace(path / f"{name}.eml")

    return write


def onto_console(letter: Letter) -> None:
    """Print a letter on standard error."""
    sys.stderr.write(f"--- notice\n{letter.as_string()}---\n")
    sys.stderr.flush()


def by_mail(server: MailServer) -> Channel:
    """Return the channel that hands letters to a mail server, over TLS alone; who has no address gets none."""

    def send(letter: Letter) -> None:
        if "To" not in letter:
            return
        with _connect(server) as connection:
            if server.user:
                connection.login(server.user, server.password)
            if "Message-ID" not in letter:
                letter["Message-ID"] = f"<{new_handle()}@{str(letter['From']).rpartition('@')[2]}>"
            connection.send_message(letter)

    return send


def _connect(server: MailServer) -> smtplib.SMTP:
    """Return a connection under TLS: from the first byte, or by STARTTLS before anything else is said."""
    context = ssl.create_default_context(cafile=server.authorities)
    if server.tls_at_once:
        return smtplib.SMTP_SSL(server.host, server.port, timeout=_TIMEOUT_SECONDS, context=context)
    connection = smtplib.SMTP(server.host, server.port, timeout=_TIMEOUT_SECONDS)
    try:
        connection.starttls(context=context)
    except (OSError, smtplib.SMTPException):
        connection.close()
        raise
    return connection
