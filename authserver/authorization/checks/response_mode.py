"""The response mode: in the query, in the fragment, or posted by a form."""

from authserver.clients.model import Client
from authserver.protocol.errors import InvalidRequest
from authserver.protocol.params import Params


def check_response_mode(params: Params, client: Client) -> None:
    """Return where the response mode is one the profile permits, or none where the profile has one of its own.

    Raises InvalidRequest.

    Spec: OAUTH-FORM-POST-2, RFC9700-2.1, FAPI2-MS-FINAL-5.4
    """
    mode = params.get("response_mode")
    if mode is None and client.profile.response_mode_required:
        raise InvalidRequest("The response_mode is required.", clause=client.profile.clause("response_mode_required"))
    if mode is not None and mode not in client.profile.response_modes:
        permitted = ", ".join(sorted(client.profile.response_modes))
        raise InvalidRequest(
            f"The response_mode must be one of: {permitted}.", clause=client.profile.clause("response_modes")
        )
