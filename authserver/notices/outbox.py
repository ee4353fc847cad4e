"""The notices that wait to be sent, and the one thread that sends them."""

import queue
import smtplib
import threading
from collections.abc import Mapping
from typing import Final

from authserver.clock import Clock
from authserver.events import Event, EventSink
from authserver.notices.channels import Channel
from authserver.notices.model import Notice, Sender
from authserver.notices.words import write_letter

MOST_WAITING: Final = 256


class Outbox:
    """Takes notices at once and sends them in the background; what finds it full is dropped, and said so.

    Its thread starts with the first notice, so a process that forks before it has none to lose.
    """

    def __init__(self, channel: Channel, sender: Sender, events: EventSink, clock: Clock) -> None:
        self._channel, self._sender, self._events, self._clock = channel, sender, events, clock
        self._waiting: queue.Queue[Notice] = queue.Queue(MOST_WAITING)
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def tell(self, notice: Notice) -> None:
        """Take a notice; never waits and never raises."""
        try:
            self._waiting.put_nowait(notice)
        except queue.Full:
            self._report("notice.dropped", {"notice": notice.name})
            return
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._send_all, name="notices", daemon=True)
                self._thread.start()

    def wait(self) -> None:
        """Return once everything taken so far has been sent or has failed."""
        self._waiting.join()

    def _send_all(self) -> None:
        while True:
            notice = self._waiting.get()
            try:
                self._channel(write_letter(notice, self._sender))
            except (OSError, smtplib.SMTPException, ValueError) as error:
                self._report("notice.failed", {"notice": notice.name, "error": type(error).__name__})
            finally:
                self._waiting.task_done()

    def _report(self, name: str, detail: Mapping[str, str]) -> None:
        self._events(Event(name, self._clock(), detail=detail))
