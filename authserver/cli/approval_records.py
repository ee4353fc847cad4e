"""The approvals of the deployment that the settings name; apart from `sca`, so that checking a proof needs none."""

from authserver.banking import store
from authserver.banking.evidence import Evidence
from authserver.cli.deployment import open_deployment


def read_latest(most: int) -> list[Evidence]:
    """Return the latest approvals, or end the command where there is no deployment."""
    _, database = open_deployment()
    with database.read() as connection:
        return store.find_latest(connection, most)


def read_one(approval_id: str) -> Evidence | None:
    """Return one approval, or end the command where there is no deployment."""
    _, database = open_deployment()
    with database.read() as connection:
        return store.find_evidence(connection, approval_id)
