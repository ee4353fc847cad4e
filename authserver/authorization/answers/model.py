"""How an authorization request is answered: by a redirect to the client, to a device, or by the way to a page of ours.

The pages and the rules before the answer know of none of them.
"""

from collections.abc import Mapping

from authserver.values import Value


class Redirect(Value, frozen=True):
    """To a redirect URI that is registered: with a code, and what that code will be bound to, or with a refusal.

    `redirect_uri_sent` says whether the request named it. `state` and `nonce` are kept exactly as they came.

    Spec: RFC6749-4.1.1, OIDCC-3.1.2.1, OAUTH-MRT-2.1
    """

    redirect_uri: str
    redirect_uri_sent: bool
    response_type: str
    response_mode: str
    state: str | None = None
    nonce: str | None = None
    code_challenge: str | None = None
    dpop_jkt: str | None = None


class OwnPage(Value, frozen=True):
    """To one of this server's own pages, by its whole URL: nothing is issued for it."""

    url: str


class Device(Value, frozen=True):
    """To the device that shows a code and polls: by what its row says from then on.

    `device_code` is the device code's hash in hexadecimal digits.

    Spec: RFC8628-3.3
    """

    device_code: str

    @property
    def device_code_hash(self) -> bytes:
        """Return the hash under which the device's row is found."""
        return bytes.fromhex(self.device_code)


ToClient = Redirect | Device
"""How a client is answered."""

Delivery = ToClient | OwnPage


class AuthorizationResponse(Value, frozen=True):
    """The parameters of an authorization response, and how they travel.

    `app_name` is what a page calls the app that it leads to, where a page takes them there.
    """

    delivery: Delivery
    parameters: Mapping[str, str]
    app_name: str = ""
