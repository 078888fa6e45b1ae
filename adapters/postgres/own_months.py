"""What is recorded of one store's months: amounts, its newest snapshot, its awards."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection, text

from adapters.postgres.tables import Month
from domain.decision import SellerFacts
from domain.ledger import Award
from domain.months import SettlementMonth


@dataclass(frozen=True, slots=True)
class OwnAward:
    """An award that takes its tier; `due_on` is when it is or was to be paid, if that is planned.

    `state` is `pending`, `paid`, or `corrected`: posted by an award correction.
    """

    award: Award
    state: str
    due_on: date | None


def own_amounts(
    connection: Connection, seller_id: str, months: int
) -> Mapping[SettlementMonth, Mapping[str, int]]:
    """Return a store's amounts by line type in the newest months delivered, oldest first."""
    rows = connection.execute(_AMOUNTS, {"seller_id": seller_id, "months": months})
    return {row.settlement_month: row.amounts for row in rows}


def newest_facts(connection: Connection, seller_id: str) -> SellerFacts | None:
    """Return a store as the newest snapshot that has it describes it, without amount and awards."""
    row = connection.execute(_SNAPSHOT, {"seller_id": seller_id}).mappings().first()
    return None if row is None else SellerFacts(seller_id, window_amount_krw=0, **row)


def own_awards(connection: Connection, seller_id: str) -> tuple[OwnAward, ...]:
    """List a store's awards that take their tiers, oldest month first."""
    return tuple(
        OwnAward(Award(month, seller_id, tier, points), state, due_on)
        for month, tier, points, state, due_on in connection.execute(
            _AWARDS, {"seller_id": seller_id}
        )
    )


_AMOUNTS: Final = text("""
    SELECT settlement_month, coalesce(
             jsonb_object_agg(line_type, amount.amount_krw) FILTER (WHERE line_type IS NOT NULL),
             '{}') AS amounts
    FROM (
      SELECT DISTINCT ON (settlement_month) settlement_month, revision_id
      FROM growth_points.revision ORDER BY settlement_month DESC, revision_no DESC LIMIT :months
    ) newest
    LEFT JOIN growth_points.seller_amount amount
      ON (amount.revision_id, amount.seller_id) = (newest.revision_id, :seller_id)
    GROUP BY settlement_month ORDER BY settlement_month
""").columns(settlement_month=Month())
_SNAPSHOT: Final = text("""
    SELECT approved_on, status, runs_department_store_window, runs_outlet_window, uses_fulfilment,
           uses_api
    FROM growth_points.revision JOIN LATERAL (
      SELECT * FROM growth_points.seller_snapshot store
      WHERE (store.revision_id, store.seller_id) = (revision.revision_id, :seller_id)
    ) store ON true
    ORDER BY settlement_month DESC, revision_no DESC LIMIT 1
""")
_AWARDS: Final = text("""
    SELECT settlement_month, tier, points, state, (
             SELECT due_on FROM growth_points.payout_date planned
             WHERE planned.settlement_month = award.settlement_month
             ORDER BY plan_no DESC LIMIT 1)
    FROM growth_points.award WHERE seller_id = :seller_id AND state <> 'reversed'
    UNION ALL
    SELECT settlement_month, tier, points, 'corrected', NULL FROM growth_points.correction
    WHERE seller_id = :seller_id AND kind = 'award'
    ORDER BY 1, 2
""").columns(settlement_month=Month())
