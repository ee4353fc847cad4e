"""When PKCE is demanded; how it works is in `protocol.pkce`."""

from authserver.clients.model import Client
from authserver.protocol.errors import InvalidRequest
from authserver.protocol.params import Params
from authserver.protocol.pkce import parse_challenge


def check_pkce(params: Params, client: Client) -> None:
    """Return where an S256 challenge is present, or absent and the client need not use PKCE.

    Raises InvalidRequest.

    Spec: FAPI2-SP-FINAL-5.3.2.2-5, RFC9700-2.1.1, RFC7636-4.4.1
    """
    challenge = parse_challenge(params.get("code_challenge"), params.get("code_challenge_method"))
    if challenge is None and client.must_use_pkce:
        raise InvalidRequest("A code_challenge is required.", clause=client.profile.clause("pkce_required"))
