"""Signatures of revisions: what a sender signed, kept as it was delivered."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, insert, select

from adapters.postgres.tables import revision, revision_signature
from domain.months import SettlementMonth

if TYPE_CHECKING:  # it imports what most commands do not need
    from adapters.ingest.signed_manifest import SignedManifest


@dataclass(frozen=True, slots=True)
class KeptSignature:
    """A revision's signature; `manifest` and `signature` are as they were delivered."""

    revision_id: int
    settlement_month: SettlementMonth
    revision_no: int
    content_hash: str
    accepted_at: datetime
    sender: str
    public_key: str
    delivery_no: int
    manifest: bytes
    signature: str


def record_signature(connection: Connection, revision_id: int, signed: "SignedManifest") -> None:
    """Record who signed a revision, in the transaction that records it."""
    connection.execute(
        insert(revision_signature).values(
            revision_id=revision_id,
            sender=signed.sender.name,
            public_key=str(signed.sender.key),
            delivery_no=signed.delivery_no,
            manifest=signed.manifest,
            signature=signed.signature,
        )
    )


def last_delivery_no(connection: Connection, month: SettlementMonth) -> int:
    """Return the highest number of a month's signed deliveries, 0 if none was ingested."""
    numbers = (
        select(func.max(revision_signature.c.delivery_no))
        .join(revision, revision.c.revision_id == revision_signature.c.revision_id)
        .where(revision.c.settlement_month == month)
    )
    return connection.scalar(numbers) or 0


def kept_signatures(connection: Connection) -> Iterator[KeptSignature]:
    """Return the signatures of all revisions, by month and in their order."""
    columns = {**revision.c, **revision_signature.c}
    kept = (
        select(*(columns[name] for name in KeptSignature.__dataclass_fields__))
        .join(revision_signature, revision_signature.c.revision_id == revision.c.revision_id)
        .order_by(revision.c.settlement_month, revision.c.revision_no)
    )
    for row in connection.execute(kept):
        yield KeptSignature(*row)
