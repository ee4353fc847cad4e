"""Where clients register themselves, as the settings say."""

from typing import Any

from authserver.app.operations import operation_parts
from authserver.app.parts import Parts
from authserver.events.model import Actor
from authserver.operations.acts import Act
from authserver.operations.perform import perform
from authserver.protocol.urls import REGISTRATION
from authserver.registration.endpoints.registration import ClientRegistration
from authserver.web.machine.cors import Readers
from authserver.web.machine.router import Route

_OPEN_PROFILE = "oidc"


def registration_routes(parts: Parts) -> tuple[Route, ...]:
    """Return the endpoint at which clients register themselves; none where a deployment lets none.

    Any script may ask there: a token of its own is all that speaks for it, and a browser app has no client yet.
    """
    settings = parts.settings
    if settings.registration == "off":
        return ()
    works_with = operation_parts(settings, parts.database, lambda: parts.envelope, parts.journal)

    def do(act: Act[Any], actor: Actor, now: int, secret: str | None) -> object:
        outcome: object = perform(act, actor, now, works_with, secret=secret)
        return outcome

    is_open = settings.registration == "open" and _OPEN_PROFILE in settings.profiles
    endpoint = ClientRegistration(
        parts.database,
        parts.clock,
        parts.limits.machine,
        parts.journal.tell,
        settings.issuer,
        _OPEN_PROFILE if is_open else None,
        do,
    )
    return (Route(REGISTRATION, ("POST", "GET", "PUT", "DELETE"), endpoint, Readers.ANYONE),)
