"""`dpop_jkt`: the key a code is to be bound to."""

import re

from authserver.binding.demand import check_dpop_wanted
from authserver.clients.binding import binding_demand
from authserver.clients.model import Client
from authserver.protocol.errors import InvalidRequest
from authserver.protocol.params import Params

_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")


def check_dpop_jkt(params: Params, client: Client) -> None:
    """Return where `dpop_jkt`, if present, is a SHA-256 thumbprint, and of a client whose tokens may have such a key.

    Raises InvalidRequest.

    Spec: RFC9449-10
    """
    thumbprint = params.get("dpop_jkt")
    if thumbprint is None:
        return
    check_dpop_wanted(binding_demand(client))
    if not _THUMBPRINT.fullmatch(thumbprint):
        raise InvalidRequest("The dpop_jkt must be a JWK SHA-256 thumbprint.", clause="RFC9449-10")
