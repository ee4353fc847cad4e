"""Who asks, as a person should see it: a registered app, or one of our own pages."""

from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from authserver.authorization.answers.model import Device, OwnPage
from authserver.authorization.model import Interaction
from authserver.clients.model import Checked, Client
from authserver.values import Value

_OWN_PAGES: Final = "Your account"


class Requester(Value, frozen=True):
    """Who is asking, as a person should see it; `domain` is where the browser will be sent back to, if anywhere.

    `checked` is None where its registration does not say who checked it.
    """

    name: str
    domain: str
    policy_uri: str | None
    tos_uri: str | None
    is_ours: bool = False
    checked: Checked | None = None


def find_requester(interaction: Interaction, find_client: Callable[[str], Client | None]) -> Requester | None:
    """Return who is asking in an interaction; None where that client is gone or disabled."""
    delivery = interaction.delivery
    if isinstance(delivery, OwnPage):
        return Requester(_OWN_PAGES, urlsplit(delivery.url).hostname or "", policy_uri=None, tos_uri=None, is_ours=True)
    client = find_client(interaction.client_id)
    if client is None:
        return None
    return requester_of(client, "" if isinstance(delivery, Device) else delivery.redirect_uri)


def requester_of(client: Client, redirect_uri: str) -> Requester:
    """Return who is asking, by the registered name and the host that gets the answer; a device has none."""
    parts = urlsplit(redirect_uri)
    return Requester(
        name=client.client_name or client.client_id,
        domain=parts.hostname or parts.scheme,
        policy_uri=_web_page(client.policy_uri),
        tos_uri=_web_page(client.tos_uri),
        checked=client.checked,
    )


def _web_page(uri: str | None) -> str | None:
    """Return a URI that may stand in a link of ours: of a scheme that runs no script."""
    return uri if uri is not None and urlsplit(uri).scheme in {"https", "http"} else None
