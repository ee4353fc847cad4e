"""How people are told of changes to their account, as the settings describe it."""

import ssl
from collections.abc import Mapping
from functools import partial
from typing import Final

from authserver.accounts.store import people
from authserver.clock import Clock
from authserver.db.engine import Database
from authserver.events.journal import Post
from authserver.events.model import EventSink
from authserver.notices.channels import Channel, MailServer, by_mail, into_folder, onto_console
from authserver.notices.delivery import FAILURES, Delivery, queue_letter
from authserver.notices.model import INVITATION_SENT, Sender, notice_for
from authserver.notices.words import write_invitation
from authserver.outbound.sender import DeliveryWorker as QueueSender
from authserver.settings.load import SettingsError
from authserver.settings.model import Settings

_IMPLICIT_TLS_PORT: Final = 465


def build_queue(settings: Settings, database: Database, events: EventSink, clock: Clock) -> QueueSender | None:
    """Return the queue of letters and what empties it; None where nobody is told of anything."""
    channel = _channel(settings)
    if channel is None:
        return None

    def find_person(account_id: str) -> tuple[str, Mapping[str, object]] | None:
        with database.read() as connection:
            account = people.find(connection, account_id)
        return (account.username, account.claims) if account is not None else None

    delivery = Delivery(channel, _sender(settings), find_person)
    return QueueSender(database, delivery, FAILURES, events, clock)


def check_channel(settings: Settings) -> None:
    """Raise SettingsError where letters could never leave, as for want of a file."""
    _channel(settings)
    path = settings.smtp_ca_file if settings.notices == "smtp" else None
    try:
        if path is not None:
            ssl.create_default_context(cafile=path)
    except OSError as error:
        raise SettingsError(
            f"SMTP_CA_FILE was {str(path)!r}; it may be: a readable file of certificates in PEM"
        ) from error


def post_of(queue: QueueSender | None) -> Post | None:
    """Return what queues the letters of events; None where nobody is told of anything."""
    return None if queue is None else partial(queue_letter, queue)


def send_invitation(
    settings: Settings, username: str, claims: Mapping[str, object], link: str, times: tuple[int, int]
) -> bool:
    """Send a person their invitation and wait until it has left; `times` are now and until when it works.

    False where it could not, or where nobody is told of anything. It is not queued: a link would have to be stored.
    """
    channel, (now, until) = _channel(settings), times
    if channel is None:
        return False
    notice = notice_for(INVITATION_SENT, username, claims, now)
    try:
        channel(write_invitation(notice, link, until, _sender(settings)))
    except FAILURES:
        return False
    return True


def _sender(settings: Settings) -> Sender:
    return Sender(settings.site_name, settings.smtp_from, f"{settings.issuer}/account", settings.help_url)


def _channel(settings: Settings) -> Channel | None:
    if settings.notices == "none":
        return None
    if settings.notices == "file":
        return into_folder(settings.data_dir / "outbox")
    if settings.notices == "console":
        return onto_console
    usual = settings.smtp_tls == "by_port" and settings.smtp_port == _IMPLICIT_TLS_PORT
    is_implicit = settings.smtp_tls == "implicit" or usual
    return by_mail(
        MailServer(
            settings.smtp_host,
            settings.smtp_port,
            tls_at_once=is_implicit,
            authorities=settings.smtp_ca_file,
            user=settings.smtp_user,
            password=_password(settings),
        )
    )


def _password(settings: Settings) -> str:
    path = settings.smtp_password_file
    try:
        return path.read_text(encoding="utf-8").strip() if path is not None else ""
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"SMTP_PASSWORD_FILE was {str(path)!r}; it may be: a readable file") from error
