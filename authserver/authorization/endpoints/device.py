"""Device authorization: a device without a browser leaves its request and gets two codes."""

from collections.abc import Callable

from authserver.authorization.answers.model import Device
from authserver.authorization.parse import RequestPolicy, parse_device_request
from authserver.authorization.serialization import dump_request
from authserver.clients.authenticated_request import RequestAuthenticator
from authserver.clock import Clock
from authserver.db.engine import Database
from authserver.db.writes import Writes
from authserver.grants.model import DeviceAuthorization
from authserver.grants.store.devices import device_row, find_by_user_code
from authserver.protocol.errors import UnauthorizedClient
from authserver.protocol.handles import hash_handle, new_handle
from authserver.protocol.names import GRANT_DEVICE_CODE
from authserver.protocol.user_code import new_user_code
from authserver.sessions.browsers import describe_browser
from authserver.values import Assembly
from authserver.web.machine.model import MachineRequest, MachineResponse
from authserver.web.machine.responses import json_no_store

INTERVAL_SECONDS = 5


class DeviceAuthorizationEndpoint(Assembly, frozen=True):
    """`POST /device_authorization`: the device polls with one code, and shows the other to a person.

    `verification_uri` is where they type it.

    Spec: RFC8628-3.1, RFC8628-3.2
    """

    database: Database
    clock: Clock
    reception: RequestAuthenticator
    policy: Callable[[], RequestPolicy]
    verification_uri: str
    lifetime_seconds: int

    def __call__(self, request: MachineRequest) -> MachineResponse:
        """Answer one device."""
        now = self.clock()
        received = self.reception.receive(request, now)
        client = received.client
        if GRANT_DEVICE_CODE not in client.grant_types:
            raise UnauthorizedClient("This client may not use the device authorization grant.", clause="RFC8628-3.1")
        asked = parse_device_request(received.params, client, self.policy())
        device_code, user_code = new_handle(), self._free_user_code()
        code_hash = hash_handle(device_code)
        device = DeviceAuthorization(
            device_code_hash=code_hash,
            user_code_hash=hash_handle(user_code),
            client_id=client.client_id,
            request=dump_request(asked, Device(code_hash.hex())),
            asked_from=_describe(request),
            created_at=now,
            expires_at=now + self.lifetime_seconds,
            interval_seconds=INTERVAL_SECONDS,
        )
        self.database.write(Writes(received.one_time_ids(), rows=(device_row(device),)))
        members = {
            "device_code": device_code,
            "user_code": user_code,
            "verification_uri": self.verification_uri,
            "verification_uri_complete": f"{self.verification_uri}?user_code={user_code}",
            "expires_in": self.lifetime_seconds,
            "interval": INTERVAL_SECONDS,
        }
        return json_no_store(members, headers=self.reception.nonce_headers(received, now))

    def _free_user_code(self) -> str:
        """Return a user code that no device shows or showed lately: a person would answer another one's request.

        Spec: RFC8628-6.1
        """
        while True:
            user_code = new_user_code()
            with self.database.read() as connection:
                if find_by_user_code(connection, user_code) is None:
                    return user_code


def _describe(request: MachineRequest) -> str:
    """Return what is known of a device without believing it: what it says it is, in our own words, and its address."""
    words = describe_browser(request.headers.get("user-agent", ""))
    return ", ".join(word for word in (words, request.remote_address) if word)
