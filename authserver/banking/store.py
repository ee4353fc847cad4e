"""The table `approvals`: one for each interaction, claimed by whoever comes first, and kept as the person's record."""

from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from authserver.banking.document import load_evidence
from authserver.banking.evidence import Evidence, dump_evidence
from authserver.db.engine import DIALECTS
from authserver.db.tables.banking import approvals
from authserver.db.upsert import insert_for

# The interaction is the claim: its column is unique, so that of two approvals at the same moment one is no row.
_CLAIM: Final = {
    dialect: insert_for(dialect, approvals).on_conflict_do_nothing(index_elements=["interaction_hash"])
    for dialect in DIALECTS
}
_FIND: Final = select(approvals.c.evidence).where(approvals.c.approval_id == bindparam("wanted_id"))
_APPROVER: Final = select(approvals.c.account_id).where(approvals.c.approval_id == bindparam("wanted_id"))
_LATEST: Final = (
    select(approvals.c.evidence)
    .order_by(approvals.c.approved_at.desc(), approvals.c.approval_id)
    .limit(bindparam("most"))
)


def claim_approval(connection: Connection, interaction_hash: bytes, evidence: Evidence) -> bool:
    """Store an approval as the one of its interaction; false, and nothing stored, where it has one.

    Spec: RTS-SCA-4.1, RTS-SCA-5.1
    """
    row: dict[str, Any] = {
        "approval_id": evidence.approval_id,
        "interaction_hash": interaction_hash,
        "account_id": evidence.subject,
        "client_id": evidence.client_id,
        "method": evidence.method,
        "linked": int(evidence.linked),
        "evidence": dump_evidence(evidence),
        "approved_at": evidence.approved_at,
    }
    return connection.execute(_CLAIM[connection.dialect.name], row).rowcount == 1


def find_evidence(connection: Connection, approval_id: str) -> Evidence | None:
    """Return the evidence of an approval, or None."""
    text = connection.execute(_FIND, {"wanted_id": approval_id}).scalar_one_or_none()
    return None if text is None else load_evidence(text.encode())


def find_approver(connection: Connection, approval_id: str) -> str | None:
    """Return the id of the account whose approval it is, or None."""
    return connection.execute(_APPROVER, {"wanted_id": approval_id}).scalar_one_or_none()


def find_latest(connection: Connection, most: int) -> list[Evidence]:
    """Return the evidence of the latest approvals, latest first."""
    return [load_evidence(text.encode()) for text in connection.execute(_LATEST, {"most": most}).scalars()]
