"""The device code grant: a device asks again and again, until a person has answered."""

from authserver.clock import is_fresh
from authserver.db.engine import Database
from authserver.grants.model import DeviceAuthorization
from authserver.grants.store.codes import find_code
from authserver.grants.store.devices import find_by_device_code, note_poll
from authserver.issuance.issue import Redemption
from authserver.protocol.errors import AccessDenied, AuthorizationPending, ExpiredToken, InvalidGrant, SlowDown
from authserver.protocol.handles import hash_handle
from authserver.tokens.code_redemption import check_alive, redeem_code, replayed
from authserver.tokens.grant_type import TokenRequest
from authserver.values import Value

_REFUSAL = "The device_code is not valid."
_CLAUSE = "RFC8628-3.5"
_SLOWER_SECONDS = 5
_LONGEST_INTERVAL_SECONDS = 120


class DeviceCodeGrant(Value, frozen=True):
    """Redeems a device code once a person has allowed it, and says meanwhile that nobody has.

    Spec: RFC8628-3.4, RFC8628-3.5
    """

    def redeem(self, database: Database, request: TokenRequest) -> Redemption:
        """Return what the person allowed.

        Raises AuthorizationPending or SlowDown while nobody has answered, AccessDenied where somebody refused,
        ExpiredToken where nobody answered in time, InvalidGrant for a code that is unknown or another client's, and
        Replayed where it is spent.
        """
        presented = request.params.require("device_code", clause="RFC8628-3.4")
        with database.read() as connection:
            device = find_by_device_code(connection, presented)
            if device is None or device.client_id != request.client.client_id:
                reason = "the device code is unknown" if device is None else "the device code is another client's"
                raise InvalidGrant(_REFUSAL, reason=reason, clause=_CLAUSE)
            if device.answered_at is not None:
                found = find_code(connection, hash_handle(presented))
                if found is None:
                    raise InvalidGrant(_REFUSAL, reason="its grant is gone", clause=_CLAUSE)
                code, grant = found
                if code.claimed_at is not None:
                    raise replayed(grant, request)
                check_alive(code, grant, request)
                return redeem_code(connection, code, grant, request)
        raise _not_yet(database, device, request.now)


def _not_yet(database: Database, device: DeviceAuthorization, now: int) -> Exception:
    """Return why nothing is issued; a poll is noted, so that one who polls too often is told to wait longer.

    Spec: RFC8628-3.5
    """
    if device.refused_with is not None:
        return AccessDenied("The request was refused.", reason=f"it ended in {device.refused_with}", clause=_CLAUSE)
    if not device.is_open(now):
        return ExpiredToken("The device_code has expired.", clause=_CLAUSE)
    # A second is forgiven: both moments are cut to whole seconds, and the way to us is not always as long.
    patience = device.interval_seconds - 1
    is_early = device.polled_at is not None and is_fresh(device.polled_at, patience, now)
    slower = min(device.interval_seconds + _SLOWER_SECONDS, _LONGEST_INTERVAL_SECONDS)
    with database.single() as connection:
        note_poll(connection, device.device_code_hash, now, slower if is_early else device.interval_seconds)
    if is_early:
        return SlowDown("The device asks too often: wait five seconds longer than before.", clause=_CLAUSE)
    return AuthorizationPending("Nobody has answered yet.", clause=_CLAUSE)
