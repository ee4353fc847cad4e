"""The notifier that the settings describe."""

from authserver.clock import Clock
from authserver.events import EventSink
from authserver.notices.channels import Channel, MailServer, by_mail, into_folder, onto_console
from authserver.notices.model import Notifier, Sender, tell_nobody
from authserver.notices.outbox import Outbox
from authserver.settings.load import SettingsError
from authserver.settings.model import Settings


def build_notifier(settings: Settings, events: EventSink, clock: Clock) -> Notifier:
    """Return what tells people of changes to their account."""
    channel = _channel(settings)
    if channel is None:
        return tell_nobody
    sender = Sender(settings.site_name, settings.smtp_from, settings.help_url, f"{settings.issuer}/account")
    return Outbox(channel, sender, events, clock).tell


def _channel(settings: Settings) -> Channel | None:
    if settings.notices == "none":
        return None
    if settings.notices == "file":
        return into_folder(settings.data_dir / "outbox")
    if settings.notices == "console":
        return onto_console
    server = MailServer(settings.smtp_host, settings.smtp_port, settings.smtp_user, _password(settings))
    return by_mail(server)


def _password(settings: Settings) -> str:
    path = settings.smtp_password_file
    try:
        return path.read_text(encoding="utf-8").strip() if path is not None else ""
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"SMTP_PASSWORD_FILE was {str(path)!r}; it may be: a readable file") from error
