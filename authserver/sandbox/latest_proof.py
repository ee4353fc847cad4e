"""The proof of the latest approval by passkey, kept as a file while a person clicks through the demo.

The demo is the server's operator: it looks into the server's records as `authserver sca export` does, from outside the
server's process. Nothing in the server knows of it.
"""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from authserver.banking.evidence import Evidence, dump_evidence
from authserver.banking.store import find_latest
from authserver.db.engine import Database
from authserver.protocol.errors import TemporarilyUnavailable
from authserver.sandbox.layout import DemoLayout

_MOST = 50
"""Of how many approvals the latest by passkey is looked for: those by code between two looks are fewer."""


@dataclass(slots=True)
class LatestProof:
    """Where the proof is, and of which approval it is."""

    path: Path
    database: Database
    approval_id: str

    @classmethod
    def open(cls, places: DemoLayout) -> Self:
        """Begin after what was approved in earlier runs, by a person or by `--check`: that is no news."""
        database = Database.connect(places.database_url, threads=1)
        found = _latest_by_passkey(database)
        return cls(places.payment_proof, database, found.approval_id if found is not None else "")

    def renew(self) -> Evidence | None:
        """Write the proof of the latest approval by passkey, and return it; None where it is there already, or none is.

        A database that is busy just now is looked at again next time.
        """
        found = None
        with suppress(TemporarilyUnavailable):
            found = _latest_by_passkey(self.database)
        if found is None or found.approval_id == self.approval_id:
            return None
        whole = self.path.with_suffix(".part")
        whole.write_text(dump_evidence(found), encoding="utf-8")
        whole.replace(self.path)
        self.approval_id = found.approval_id
        return found


def _latest_by_passkey(database: Database) -> Evidence | None:
    with database.read() as connection:
        return next((each for each in find_latest(connection, _MOST) if each.linked), None)
