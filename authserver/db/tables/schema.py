"""Every table: for migrations, and for whoever looks at the database as a whole."""

from typing import Final

from authserver.db.tables import (
    accounts,
    authorization,
    banking,
    clients,
    events,
    grants,
    keys,
    one_time_ids,
    outbound,
    sessions,
)
from authserver.db.tables.metadata import metadata as _metadata

# A table joins the metadata when its module is imported: of a slice missing here no new database would have the tables.
SLICES: Final = (accounts, authorization, banking, clients, events, grants, keys, one_time_ids, outbound, sessions)

metadata: Final = _metadata
