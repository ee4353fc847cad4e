"""Apps that run in a browser, on a site of their own: whose scripts may read what the server answers them.

Nothing here is a credential or takes the place of one: a script may always ask, and whoever is no script may read
anything. What is kept from a script is the reading, on behalf of the person whose browser it is in.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from authserver.clients.authentication import claimed_client_id
from authserver.clients.model import Client
from authserver.clients.store import is_browser_origin
from authserver.clock import Clock, is_fresh
from authserver.db.engine import Database
from authserver.keys.model import BadJwt
from authserver.keys.verifier import read_unverified
from authserver.protocol.errors import OAuthError
from authserver.protocol.origin import is_origin
from authserver.resource.checks import read_authorization
from authserver.web.machine.evidence import Origins, read_evidence
from authserver.web.machine.forms import read_form
from authserver.web.machine.model import MachineRequest

_FRESH_SECONDS = 2
_MOST_KEPT = 1000


@dataclass(slots=True)
class BrowserApps:
    """Tells whose scripts may ask and read; what it says of an origin is at most two seconds old.

    `find_client` finds an enabled client of this deployment.
    """

    database: Database
    clock: Clock
    origins: Origins
    find_client: Callable[[str], Client | None]
    _kept: OrderedDict[str, tuple[int, bool]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def may_ask(self, origin: str) -> bool:
        """Return whether scripts of an origin may ask: whether any client registered it; who asks is not said yet."""
        now = self.clock()
        kept = self._kept.get(origin)
        if kept is not None and is_fresh(kept[0], _FRESH_SECONDS, now):
            return kept[1]
        if not is_origin(origin):
            return False
        with self.database.read() as connection:
            is_known = is_browser_origin(connection, origin)
        with self._lock:
            self._kept[origin] = (now, is_known)
            self._kept.move_to_end(origin)
            if len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return is_known

    def may_read(self, origin: str, request: MachineRequest) -> bool:
        """Return whether scripts of an origin may read the answer to a request: whether its client registered it.

        A request that names no client we know is refused, and the refusal is for whoever may ask.
        """
        client_id = self._claimed_client(request)
        client = self.find_client(client_id) if client_id else None
        return self.may_ask(origin) if client is None else origin in client.browser_origins

    def _claimed_client(self, request: MachineRequest) -> str:
        """Return whose request it says it is; nothing of it is verified, and nothing is given for it but a reading."""
        presented = read_authorization(request.headers.get("authorization"))
        if presented is not None:
            try:
                return str(read_unverified(presented.token).claims.get("client_id", ""))
            except BadJwt:
                return ""
        try:
            return claimed_client_id(read_evidence(request, read_form(request), self.origins))
        except OAuthError:
            return ""
