"""Revisions: the ingested deliveries of each settlement month, the newest of which is current."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, func, insert, select
from sqlalchemy.dialects.postgresql import distinct_on

from adapters.postgres.signatures import record_signature
from adapters.postgres.tables import revision, seller_amount, seller_snapshot
from domain.findings import Finding
from domain.months import SettlementMonth
from domain.refusal import Refused
from domain.sentence import sentence

if TYPE_CHECKING:  # it imports the engine, which most commands do not need
    from adapters.ingest.staged_month import StagedMonth


class SellerUnknown(Refused):
    """The seller is in no snapshot."""

    def __init__(self, seller_id: str) -> None:
        super().__init__(
            sentence(
                "No seller {seller_id!r} is in any month's snapshot; "
                "look the id up with: growth-points decisions MONTH",
                seller_id=seller_id,
            )
        )
        self.seller_id = seller_id


@dataclass(frozen=True, slots=True)
class Revision:
    """An accepted delivery of a settlement month."""

    revision_id: int
    settlement_month: SettlementMonth
    revision_no: int
    content_hash: str
    source: str
    lines: int
    amount_krw: int
    sellers: int
    accepted_at: datetime


_FACTS = tuple(revision.c[name] for name in Revision.__dataclass_fields__)


def current_revisions(
    connection: Connection, months: Iterable[SettlementMonth] | None = None
) -> Mapping[SettlementMonth, Revision]:
    """Return the current revisions of some or all months that were ingested."""
    newest = (
        select(*_FACTS)
        .ext(distinct_on(revision.c.settlement_month))
        .order_by(revision.c.settlement_month, revision.c.revision_no.desc())
    )
    if months is not None:
        newest = newest.where(revision.c.settlement_month.in_(tuple(months)))
    found = map(_revision, connection.execute(newest))
    return {each.settlement_month: each for each in found}


def recorded_findings(connection: Connection, revision_id: int) -> tuple[Finding, ...]:
    """Return the findings that were recorded with a revision."""
    recorded = connection.execute(
        select(revision.c.findings).where(revision.c.revision_id == revision_id)
    ).scalar_one()
    return tuple(map(Finding.of, recorded))


def record_revision(
    connection: Connection, staged: "StagedMonth", findings: Sequence[Finding], actor: str
) -> Revision:
    """Record a staged delivery as its month's next revision: signature, amounts and snapshot.

    The caller must hold the program's lock, so that the number is unique.
    """
    from adapters.postgres.bulk import copy_parquet, hash_files  # Arrow, which readers do not need

    month, profile = staged.settlement_month, staged.profile
    files = ((seller_amount, staged.totals), (seller_snapshot, staged.sellers))
    next_no = select(func.coalesce(func.max(revision.c.revision_no), 0) + 1).where(
        revision.c.settlement_month == month
    )
    row = connection.execute(
        insert(revision)
        .values(
            settlement_month=month,
            revision_no=next_no.scalar_subquery(),
            content_hash=staged.content_hash,
            source=staged.source,
            lines=profile.lines,
            amount_krw=profile.amount_krw,
            sellers=profile.sellers,
            profile=profile.as_data(),
            findings=[finding.stored() for finding in findings],
            actor=actor,
            rows_hash=hash_files(files),
        )
        .returning(*_FACTS)
    ).one()
    recorded = _revision(row)
    if staged.signed is not None:
        record_signature(connection, recorded.revision_id, staged.signed)
    number = ("revision_id", recorded.revision_id)
    for table, file in files:
        copy_parquet(connection, table.fullname, file, number)
    return recorded


def seller_is_known(connection: Connection, seller_id: str) -> bool:
    """Return whether any revision's snapshot has a seller."""
    known = select(revision.c.revision_id).join(
        seller_snapshot,
        (seller_snapshot.c.revision_id == revision.c.revision_id)
        & (seller_snapshot.c.seller_id == seller_id),
    )
    return connection.execute(known.limit(1)).first() is not None


def require_seller(connection: Connection, seller_id: str) -> None:
    """Raise SellerUnknown if no revision's snapshot has a seller."""
    if not seller_is_known(connection, seller_id):
        raise SellerUnknown(seller_id)


def _revision(row: Row[Any]) -> Revision:
    return Revision(**row._mapping)  # noqa: SLF001 the documented way to a row's names
