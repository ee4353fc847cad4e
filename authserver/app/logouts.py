"""How apps are told that a session has ended, as the settings describe it."""

from collections.abc import Callable
from typing import Final

from authserver.clients.model import Client
from authserver.clock import Clock
from authserver.db.engine import Database
from authserver.events import catalogue as kinds
from authserver.events.model import Event, EventSink
from authserver.keys.signer import SigningKeys
from authserver.outbound.fetch import FetchRefused, SafeFetcher
from authserver.outbound.queue_worker import QueueWorker, Sending
from authserver.settings.model import Settings
from authserver.signals.logout import LogoutDelivery
from authserver.signals.model import LogoutNotice
from authserver.signals.store import MOST_OF_ONE_CLIENT, LogoutQueue

_SENDING: Final = Sending(
    (FetchRefused,),
    kinds.LOGOUT_FAILED,
    kinds.LOGOUT_GIVEN_UP,
    kinds.LOGOUT_SENDER_FAILED,
    kinds.LOGOUTS_BEHIND,
    threads=32,
    most_of_one_client=MOST_OF_ONE_CLIENT,
    poll_seconds=1.0,  # what a command or another node queued is found by looking
)
_MAY_END_SESSIONS: Final = frozenset(
    {kinds.SIGN_OUT_DONE, kinds.SESSIONS_ENDED, kinds.SIGN_IN_SUCCEEDED, kinds.INVITATION_CLAIMED, kinds.PASSKEY_CLOSED}
)

Sources = tuple[Callable[[str], Client | None], Callable[[], SigningKeys], SafeFetcher]
"""What finds a client, the keys of the moment, and what posts."""


def build_logouts(
    settings: Settings, database: Database, sources: Sources, events: EventSink, clock: Clock
) -> QueueWorker[LogoutNotice]:
    """Return the queue of logout notices with what empties it."""
    find_client, keys, fetcher = sources
    delivery = LogoutDelivery(settings.issuer, find_client, keys, fetcher.post_form, events, clock)
    return QueueWorker(database, LogoutQueue(), delivery, _SENDING, events, clock)


def waking(logouts: QueueWorker[LogoutNotice], events: EventSink) -> EventSink:
    """Return a sink that also wakes the queue after what may have ended a session, so that its poll is not awaited."""

    def take(event: Event) -> None:
        events(event)
        if event.kind in _MAY_END_SESSIONS:
            logouts.wake()

    return take
