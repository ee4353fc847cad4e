"""The letters that a deployment has sent, read from its outbox."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from authserver.outbound.sender import DeliveryWorker
from tests.support.deployment import Deployment

_LATER = 60


def send_letters(deployment: Deployment) -> None:
    """Try every letter that waits, as a worker's thread does."""
    queue = deployment.app.extensions["authserver"].letters
    assert isinstance(queue, DeliveryWorker)
    while queue.send_due(deployment.now + _LATER):
        pass


def letters_of(deployment: Deployment) -> list[EmailMessage]:
    """Return every letter, once all that wait have been written."""
    send_letters(deployment)
    folder = Path(deployment.app.extensions["authserver"].settings.data_dir) / "outbox"
    return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in sorted(folder.glob("*.eml"))]


def subjects_of(deployment: Deployment) -> list[str]:
    """Return the subjects of every letter, in alphabetical order."""
    return sorted(str(letter["Subject"]) for letter in letters_of(deployment))
