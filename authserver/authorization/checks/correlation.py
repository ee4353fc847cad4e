"""State and nonce: returned exactly, so refused rather than cut where they are beyond any use."""

from authserver.clients.model import Client
from authserver.protocol.errors import InvalidRequest
from authserver.protocol.params import Params

MAX_STATE_CHARACTERS = 2048
MAX_NONCE_CHARACTERS = 1024


def check_correlation(params: Params, _client: Client) -> None:
    """Return where state and nonce are of a length that can be returned whole.

    Raises InvalidRequest.

    Spec: RFC6749-4.1.1, OIDCC-3.1.2.1, FAPI2-SP-FINAL-5.3.2.2-14
    """
    if len(params.get("state") or "") > MAX_STATE_CHARACTERS:
        raise InvalidRequest("The state is too long.", clause="RFC6749-4.1.1")
    if len(params.get("nonce") or "") > MAX_NONCE_CHARACTERS:
        raise InvalidRequest("The nonce is too long.", clause="OIDCC-3.1.2.1")
