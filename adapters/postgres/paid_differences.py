"""What a paid month's data says since it was paid: of the stores that were decided again."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, text

from adapters.postgres.decided import layers_of
from adapters.postgres.ledger.awarding import OF_MONTH
from adapters.postgres.tables import Month
from domain.ledger import Award
from domain.months import SettlementMonth


@dataclass(frozen=True, slots=True)
class DecidedAgain:
    """The stores of a month that were decided again after its payout, and what they earned now."""

    stores: frozenset[str]
    earned: frozenset[Award]


@dataclass(frozen=True, slots=True)
class BindingAward:
    """An award that takes its tier, and whether its month is paid."""

    award: Award
    paid: bool


def months_restated_after_payout(connection: Connection) -> tuple[tuple[SettlementMonth, int], ...]:
    """List the paid months that were evaluated since, each with its current evaluation."""
    return tuple((month, number) for month, number in connection.execute(_RESTATED))


def decided_again(
    connection: Connection, month: SettlementMonth, evaluation_id: int
) -> DecidedAgain:
    """Find the stores that a paid month decided again or lost, and the awards that they earned."""
    layers = layers_of(connection, evaluation_id)
    asked = {
        "month": month,
        "layers": list(layers.evaluation_ids),
        "snapshot": layers.snapshot_revision_id,
    }
    rows = connection.execute(_AGAIN, asked).all()
    earned = {Award(month, row.seller_id, row.tier, row.points) for row in rows if row.tier}
    return DecidedAgain(frozenset(row.seller_id for row in rows), frozenset(earned))


def binding_awards_of(connection: Connection, stores: Collection[str]) -> Iterable[BindingAward]:
    """List the awards of some stores: posted and not reversed, or given by a correction."""
    rows = connection.execute(_BINDING, {"stores": list(stores)})
    return [BindingAward(Award(*of), paid) for *of, paid in rows]


_RESTATED: Final = text("""
    SELECT DISTINCT ON (settlement_month) settlement_month, evaluation_id
    FROM growth_points.evaluation JOIN growth_points.payout USING (settlement_month)
    WHERE evaluated_at > paid_at ORDER BY settlement_month, evaluation_no DESC
""").columns(settlement_month=Month())
_AGAIN: Final = text("""
    WITH again AS (
      SELECT seller_id FROM growth_points.decision
      WHERE evaluation_id IN (
        SELECT evaluation_id FROM growth_points.evaluation
        JOIN growth_points.payout USING (settlement_month)
        WHERE settlement_month = :month AND evaluated_at > paid_at)
      UNION
      SELECT seller_id FROM growth_points.award
      WHERE settlement_month = :month AND state <> 'reversed' AND NOT EXISTS (
        SELECT FROM growth_points.seller_snapshot store
        WHERE (store.revision_id, store.seller_id) = (:snapshot, award.seller_id))
    )
    SELECT seller_id, now.tier, now.points FROM again LEFT JOIN LATERAL (
      SELECT tier, points FROM growth_points.decision
      WHERE evaluation_id = ANY (:layers) AND decision.seller_id = again.seller_id AND EXISTS (
        SELECT FROM growth_points.seller_snapshot store
        WHERE (store.revision_id, store.seller_id) = (:snapshot, again.seller_id))
      ORDER BY evaluation_id DESC LIMIT 1
    ) now ON true
""").bindparams(OF_MONTH)
_BINDING: Final = text("""
    SELECT settlement_month, seller_id, tier, points, state = 'paid' AS paid
    FROM growth_points.award WHERE seller_id = ANY (:stores) AND state <> 'reversed'
    UNION
    SELECT settlement_month, seller_id, tier, points, true FROM growth_points.correction
    WHERE seller_id = ANY (:stores) AND kind = 'award'
""").columns(settlement_month=Month())
