"""The letters that a deployment has sent, read from its outbox."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from authserver.notices.outbox import Outbox
from tests.support.deployment import Deployment


def letters_of(deployment: Deployment) -> list[EmailMessage]:
    """Return every letter, once all that wait have been written."""
    parts = deployment.app.extensions["authserver"]
    outbox = parts.notifier.__self__
    assert isinstance(outbox, Outbox)
    outbox.wait()
    folder = Path(parts.settings.data_dir) / "outbox"
    return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in sorted(folder.glob("*.eml"))]


def subjects_of(deployment: Deployment) -> list[str]:
    """Return the subjects of every letter, in alphabetical order."""
    return sorted(str(letter["Subject"]) for letter in letters_of(deployment))
