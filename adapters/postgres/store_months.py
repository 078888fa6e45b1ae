"""What was decided of one store, month by month."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, text

from adapters.postgres.tables import Month
from domain.decision import Outcome
from domain.eligibility import Reason
from domain.months import SettlementMonth


@dataclass(frozen=True, slots=True)
class StoreMonth:
    """A store's decision in effect in a month, and what became of its award, if it has one.

    `state` is that of the award: `pending`, `paid` or `corrected`; None if none stands.
    """

    month: SettlementMonth
    outcome: Outcome
    tier: int | None
    points: int
    window_amount_krw: int
    reasons: tuple[Reason, ...]
    policy: str
    policy_hash: str
    state: str | None


def months_of_store(connection: Connection, seller_id: str) -> tuple[StoreMonth, ...]:
    """List the closed months in whose snapshot a store is, oldest first."""
    asked = {"seller_id": seller_id}
    states = {row.settlement_month: row.state for row in connection.execute(_AWARDS, asked)}
    rows = connection.execute(_MONTHS, asked)
    return tuple(_store_month(row, states.get(row.settlement_month)) for row in rows)


def _store_month(row: Row[Any], state: str | None) -> StoreMonth:
    return StoreMonth(
        row.settlement_month,
        Outcome(row.outcome),
        row.tier,
        row.points,
        row.window_amount_krw,
        tuple(map(Reason, row.reasons)),
        row.policy,
        row.policy_hash,
        state,
    )


# An evaluation records only the stores whose input changed, so the newest decision of each month is
# in effect, if the snapshot that its current evaluation used has the store.
_MONTHS: Final = text("""
    WITH current AS (
      SELECT DISTINCT ON (settlement_month) settlement_month, evaluation_id, policy_hash
      FROM growth_points.evaluation ORDER BY settlement_month, evaluation_no DESC
    )
    SELECT settlement_month, outcome, tier, points, window_amount_krw, reasons,
           policy.name AS policy, policy_hash
    FROM current JOIN growth_points.policy USING (policy_hash)
    CROSS JOIN LATERAL (
      SELECT decided.* FROM growth_points.evaluation
      CROSS JOIN LATERAL (
        SELECT outcome, tier, points, window_amount_krw, reasons FROM growth_points.decision
        WHERE (decision.evaluation_id, seller_id) = (evaluation.evaluation_id, :seller_id)
      ) decided
      WHERE evaluation.settlement_month = current.settlement_month
      ORDER BY evaluation_no DESC LIMIT 1
    ) decided
    WHERE EXISTS (
      SELECT FROM growth_points.evaluation_input
      JOIN growth_points.revision USING (revision_id)
      JOIN growth_points.seller_snapshot store USING (revision_id)
      WHERE evaluation_input.evaluation_id = current.evaluation_id
        AND revision.settlement_month = current.settlement_month AND store.seller_id = :seller_id
    )
    ORDER BY settlement_month
""").columns(settlement_month=Month())
_AWARDS: Final = text("""
    SELECT settlement_month, state FROM growth_points.award
    WHERE seller_id = :seller_id AND state <> 'reversed'
    UNION ALL
    SELECT settlement_month, 'corrected' FROM growth_points.correction
    WHERE seller_id = :seller_id AND kind = 'award'
""").columns(settlement_month=Month())
