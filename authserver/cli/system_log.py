"""The system's log, where the lines of a command go: its standard error is for whoever called it."""

import socket
from contextlib import suppress
from syslog import LOG_AUTHPRIV, LOG_NOTICE, LOG_WARNING
from typing import Final

import orjson

from authserver.events.model import Event
from authserver.web.request_log import describe_event

ADDRESS: Final = "/dev/log"
_SECONDS: Final = 1.0


def tell_system_log(event: Event) -> None:
    """Hand the line of an event to the system's log, where there is one: its record is the row, written already."""
    level = LOG_WARNING if event.kind.is_alarm else LOG_NOTICE
    line = orjson.dumps({"event": "event", **describe_event(event)})
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel, suppress(OSError):
        channel.settimeout(_SECONDS)
        # In the form of RFC 3164, which every such log reads; the time and the machine are added there.
        channel.sendto(f"<{LOG_AUTHPRIV | level}>authserver: ".encode() + line, ADDRESS)
