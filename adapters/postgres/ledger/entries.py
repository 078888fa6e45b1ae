"""Reading the ledger: its entries in order, and what stands, is pending and was paid."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Text,
    case,
    cast,
    func,
    select,
    text,
)

from adapters.postgres.ledger.tables import award, payout, posting, seal, transfer
from adapters.postgres.tables import Month
from domain.ledger import Account, Award, TransferKind
from domain.months import SettlementMonth


@dataclass(frozen=True, slots=True)
class Payout:
    """The payout of a settlement month; `posting_no` is None when it had no award to pay."""

    settlement_month: SettlementMonth
    posting_no: int | None
    sellers: int
    points: int
    paid_on: date
    actor: str
    paid_at: datetime


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One transfer as operators and other programs see it."""

    entry_no: int
    recorded_at: datetime
    effective_on: date
    kind: TransferKind
    seller_id: str
    tier: int | None
    settlement_month: SettlementMonth | None
    debit_account: Account
    credit_account: Account
    points: int
    reverses_entry_no: int | None


def entries(
    connection: Connection,
    *,
    seller_id: str | None = None,
    month: SettlementMonth | None = None,
    seal_no: int | None = None,
) -> Iterator[LedgerEntry]:
    """Yield the ledger's entries in order; without a seller they are streamed at constant memory.

    With `seal_no` it is the ledger as it stood at that seal.
    """
    query = _ENTRIES.order_by(transfer.c.entry_no)
    if seal_no is not None:
        query = query.where(_sealed_by(seal_no))
    if seller_id is not None:
        query = query.where(transfer.c.seller_id == seller_id)
    if month is not None:
        query = query.where(posting.c.settlement_month == month)
    # To stream a store's few entries, the planner would look for them among all, in order.
    streamed = {"yield_per": 10_000} if seller_id is None else {}
    for row in connection.execute(query, execution_options=streamed):
        yield _entry(row)


def newest_entries(
    connection: Connection, seller_id: str, most: int
) -> tuple[int, tuple[LedgerEntry, ...]]:
    """Count a store's entries, and list the newest of them, in order."""
    total, numbers = connection.execute(_NEWEST, {"seller_id": seller_id, "most": most}).one()
    query = _ENTRIES.where(transfer.c.entry_no.in_(numbers)).order_by(transfer.c.entry_no)
    return total, tuple(map(_entry, connection.execute(query)))


def _sealed_by(seal_no: int) -> ColumnElement[bool]:
    sealed = select(seal.c.subject_key).where(
        seal.c.subject == "posting", seal.c.seal_no <= seal_no
    )
    return cast(transfer.c.posting_no, Text).in_(sealed)


def _entry(row: Row[Any]) -> LedgerEntry:
    return LedgerEntry(
        entry_no=row.entry_no,
        recorded_at=row.recorded_at,
        effective_on=row.effective_on,
        kind=TransferKind(row.kind),
        seller_id=row.seller_id,
        tier=row.tier,
        settlement_month=row.settlement_month,
        debit_account=Account(row.debit_account),
        credit_account=Account(row.credit_account),
        points=row.points,
        reverses_entry_no=row.reverses_entry_no,
    )


def standing_awards(connection: Connection) -> set[Award]:
    """List the awards that were posted and not reversed."""
    query = select(award.c.settlement_month, award.c.seller_id, award.c.tier, award.c.points)
    query = query.where(award.c.state != "reversed")
    return {Award(*row) for row in connection.execute(query)}


def paid_months(connection: Connection) -> frozenset[SettlementMonth]:
    """List the months that were paid out."""
    return frozenset(connection.scalars(select(payout.c.settlement_month)))


def payouts(connection: Connection) -> tuple[Payout, ...]:
    """List the payouts that were made, oldest month first."""
    rows = connection.execute(_PAYOUTS.order_by(payout.c.settlement_month))
    return tuple(Payout(**row) for row in rows.mappings())


def find_payout(connection: Connection, month: SettlementMonth) -> Payout | None:
    """Find a month's payout; None while it is not paid."""
    found = connection.execute(_PAYOUTS.where(payout.c.settlement_month == month))
    row = found.mappings().first()
    return None if row is None else Payout(**row)


def pending_totals(connection: Connection) -> dict[SettlementMonth, tuple[int, int]]:
    """Add up, for each month not paid yet, the sellers with pending awards and their points."""
    return {month: (sellers, points) for month, sellers, points in connection.execute(_PENDING)}


PAYOUT_FACTS = tuple(payout.c[name] for name in Payout.__dataclass_fields__)
_PAYOUTS = select(*PAYOUT_FACTS)
_finished = transfer.alias("finished")
_ENTRIES: Select[Any] = (
    select(
        transfer.c.entry_no,
        posting.c.recorded_at,
        posting.c.effective_on,
        transfer.c.kind,
        transfer.c.seller_id,
        func.coalesce(transfer.c.tier, _finished.c.tier).label("tier"),
        posting.c.settlement_month,
        transfer.c.debit_account,
        transfer.c.credit_account,
        transfer.c.points,
        case((transfer.c.kind == TransferKind.REVERSAL, transfer.c.finishes)).label(
            "reverses_entry_no"
        ),
    )
    .join(posting, posting.c.posting_no == transfer.c.posting_no)
    .outerjoin(_finished, _finished.c.entry_no == transfer.c.finishes)
)
# Asked for a store's last entries at once, the planner would look for them among all, in order.
_NEWEST = text("""
    WITH own AS MATERIALIZED (
      SELECT entry_no FROM growth_points.transfer WHERE seller_id = :seller_id
    )
    SELECT (SELECT count(*) FROM own),
           ARRAY(SELECT entry_no FROM own ORDER BY entry_no DESC LIMIT :most)
""")
# A payout leaves nothing pending, so the awards of the months that were paid are not read again.
_PENDING = text("""
    WITH unpaid AS MATERIALIZED (
      SELECT settlement_month, posting_no FROM growth_points.posting
      WHERE kind = 'award' AND settlement_month IS NOT NULL
        AND settlement_month NOT IN (SELECT settlement_month FROM growth_points.payout)
    )
    SELECT settlement_month, count(*), sum(points)::bigint
    FROM unpaid JOIN growth_points.transfer given USING (posting_no)
    WHERE given.kind = 'award' AND NOT EXISTS (
      SELECT FROM growth_points.transfer finished WHERE finished.finishes = given.entry_no)
    GROUP BY settlement_month
""").columns(settlement_month=Month())
