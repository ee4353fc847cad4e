"""Notices of a sign-out: several senders share them, none is told twice, an app that hangs holds up no other."""

import threading
import time
from collections import Counter

import pytest
from sqlalchemy import insert

from authserver.db.engine import Database
from authserver.db.tables.outbound import logout_notices
from authserver.events import catalogue as kinds
from authserver.events.model import Event
from authserver.outbound.queue_worker import QueueWorker, Sending
from authserver.signals.model import LogoutNotice
from authserver.signals.store import MOST_OF_ONE_CLIENT, LogoutQueue
from tests.support.races import at_once

NOW = 1_800_000_000


class Node:
    """A sender of one node, and what it has told."""

    def __init__(self, database: Database, *, hangs: str = "") -> None:
        self.told: list[LogoutNotice] = []
        self.events: list[Event] = []
        self.hung = threading.Event()
        self._hangs = hangs
        sending = Sending(
            (OSError,),
            kinds.LOGOUT_FAILED,
            kinds.LOGOUT_GIVEN_UP,
            kinds.LOGOUT_SENDER_FAILED,
            kinds.LOGOUTS_BEHIND,
            threads=16,
            most_of_one_client=MOST_OF_ONE_CLIENT,
        )
        self.worker = QueueWorker(database, LogoutQueue(), self._tell, sending, self.events.append, lambda: NOW)

    def _tell(self, notice: LogoutNotice) -> None:
        if notice.client_id == self._hangs:
            self.hung.wait(20)
            raise OSError
        time.sleep(0.01)
        self.told.append(notice)

    def send(self) -> None:
        """Send until nothing is due."""
        while self.worker.send_due(NOW) or self.worker._under_way:  # noqa: SLF001 - what is slow goes on beside the next
            pass


def queue(database: Database, *client_ids: str) -> None:
    rows = [
        {
            "notice_id": f"session-{number}.{client_id}", "session_id": f"session-{number}", "account_id": "alice",
            "client_id": client_id, "happened_at": NOW, "attempts": 0, "due_at": NOW,
        }
        for number, client_id in enumerate(client_ids)
    ]  # fmt: skip
    with database.transaction() as connection:
        connection.execute(logout_notices.delete())
        connection.execute(insert(logout_notices), rows)


@pytest.mark.spec("OIDCBCL-2.5")
def test_several_senders_tell_each_app_once(database: Database) -> None:
    queue(database, *(f"app-{number % 20}" for number in range(100)))
    nodes = [Node(database) for _ in range(3)]
    at_once([node.send for node in nodes])
    told = Counter(notice.notice_id for node in nodes for notice in node.told)
    assert (len(told), set(told.values())) == (100, {1})


def test_an_app_that_hangs_holds_up_no_other(database: Database) -> None:
    queue(database, *["hangs"] * 200, *(f"app-{number}" for number in range(60)))
    node = Node(database, hangs="hangs")
    began = time.monotonic()
    while len(node.told) < 60 and time.monotonic() - began < 10:
        node.worker.send_due(NOW)
    assert len(node.told) == 60
    assert list(node.worker._under_way.values()) == ["hangs"] * MOST_OF_ONE_CLIENT  # noqa: SLF001
    node.hung.set()
    while node.worker._under_way:  # noqa: SLF001
        node.worker.send_due(NOW)
    with database.read() as connection:
        found = LogoutQueue().find_due(connection, NOW, 300)
    assert [notice for notice in found if notice.attempts == 0] == [], "what was not tried yet waits with what failed"
