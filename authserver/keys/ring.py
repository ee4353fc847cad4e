"""The signing keys in memory: opened once, looked up again every other second, opened anew only when they changed."""

from collections.abc import Callable, Mapping, Sequence
from threading import Lock

from authserver.bounded_wait import BoundedWait
from authserver.clock import Clock, is_fresh
from authserver.keys.at_rest import open_signer
from authserver.keys.compact import read_json
from authserver.keys.jwks import JwksDocument, parse_jwks, render_jwks
from authserver.keys.model import ARCHIVED, PublicKeys, StoredKey
from authserver.keys.rotation import signing_key
from authserver.keys.signer import SigningKeys
from authserver.protocol.errors import TemporarilyUnavailable
from authserver.sealing.envelope import Envelope

_RELOAD_SECONDS = 2
_LONGEST_LOAD_SECONDS = 0.25
_DEFAULT_ALGORITHM = "ES256"
_PUBLISHED_ORDER = ("signing", "announced", "retired")


class KeyRing:
    """Answers with the keys of the moment; safe to share between threads.

    A rotation made by another process is seen within two seconds. While the database is away the last keys serve on,
    and nobody waits for it longer than a load usually takes.
    """

    def __init__(self, load: Callable[[], Sequence[StoredKey]], envelope: Envelope, clock: Clock) -> None:
        self._load = load
        self._envelope = envelope
        self._clock = clock
        self._lock = Lock()
        self._loading = BoundedWait(_LONGEST_LOAD_SECONDS)
        self._rows: tuple[StoredKey, ...] = ()
        self._keys: SigningKeys | None = None
        self._loaded_at = 0

    def current(self) -> SigningKeys:
        """Return the keys; raises LookupError if none was ever provisioned."""
        if self._keys is None:
            with self._lock:
                return self._keys or self._reload()
        if self._is_due():
            self._loading.run(self._reload)
        return self._keys

    def jwks(self) -> JwksDocument:
        """Return the published keys, ready to send."""
        return self.current().document

    def archive(self) -> JwksDocument:
        """Return the keys that are published no more, ready to send."""
        return self.current().archive

    def _is_due(self) -> bool:
        return not is_fresh(self._loaded_at, _RELOAD_SECONDS, self._clock())

    def _reload(self) -> SigningKeys:
        try:
            rows = tuple(self._load())
        except TemporarilyUnavailable:
            if self._keys is None:
                raise
            rows = self._rows
        if self._keys is None or rows != self._rows:
            self._keys = assemble_keys(rows, self._envelope)
            self._rows = rows
        self._loaded_at = self._clock()
        return self._keys


def assemble_keys(rows: Sequence[StoredKey], envelope: Envelope) -> SigningKeys:
    """Open the keys that sign, publish all; raises LookupError if none signs, SealBroken under a wrong master key."""
    found = (signing_key(rows, algorithm) for algorithm in sorted({row.algorithm for row in rows}))
    signers = {key.algorithm: open_signer(key, envelope) for key in found if key is not None}
    if not signers:
        raise LookupError("there is no signing key: provision one first")
    default = _DEFAULT_ALGORITHM if _DEFAULT_ALGORITHM in signers else min(signers)
    published = sorted(
        (row for row in rows if row.state != ARCHIVED),
        key=lambda row: (_PUBLISHED_ORDER.index(row.state), row.created_at, row.kid),
    )
    public_jwks = tuple(_read_public_jwk(row) for row in published)
    archived = tuple(_read_public_jwk(row) for row in rows if row.state == ARCHIVED)
    verification = parse_jwks({"keys": list(public_jwks)})
    # One by one: an archive may hold more keys than a JWKS of others is allowed to.
    old = (member for jwk in archived for member in parse_jwks({"keys": [jwk]}).members)
    return SigningKeys(
        signers=signers,
        default_algorithm=default,
        public_jwks=public_jwks,
        verification=verification,
        document=render_jwks(public_jwks),
        archive=render_jwks(archived),
        ever=PublicKeys((*verification.members, *old)),
    )


def _read_public_jwk(row: StoredKey) -> Mapping[str, object]:
    public_jwk = read_json(row.public_jwk.encode())
    if not isinstance(public_jwk, dict):
        raise TypeError("a public key is a JSON object")
    return public_jwk
