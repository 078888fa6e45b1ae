"""What is recorded of one month: its deliveries, its evaluations, its awards by tier."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, text

from adapters.postgres.ledger.awarding import OF_MONTH
from domain.months import SettlementMonth


@dataclass(frozen=True, slots=True)
class RecordedEvaluation:
    """An evaluation of a month: when, by whom and why it was made, and by which policy."""

    evaluation_id: int
    evaluation_no: int
    evaluated_at: datetime
    actor: str
    reason: str
    policy: str


@dataclass(frozen=True, slots=True)
class RecordedRevision:
    """A delivery of a month that was accepted; `findings` counts those that ask for a look."""

    revision_no: int
    accepted_at: datetime
    actor: str
    source: str
    lines: int
    amount_krw: int
    sellers: int
    findings: int


@dataclass(frozen=True, slots=True)
class TierAwards:
    """The awards of a tier that stand in a month."""

    tier: int
    sellers: int
    points: int


def evaluations_of(
    connection: Connection, month: SettlementMonth
) -> tuple[RecordedEvaluation, ...]:
    """List the evaluations of a month, oldest first."""
    rows = connection.execute(_EVALUATIONS, {"month": month})
    return tuple(RecordedEvaluation(*row) for row in rows)


def revisions_of(connection: Connection, month: SettlementMonth) -> tuple[RecordedRevision, ...]:
    """List the deliveries of a month that were accepted, oldest first."""
    return tuple(RecordedRevision(*row) for row in connection.execute(_REVISIONS, {"month": month}))


def awards_by_tier(connection: Connection, month: SettlementMonth) -> tuple[TierAwards, ...]:
    """Count the standing awards of a month by their tiers."""
    return tuple(TierAwards(*row) for row in connection.execute(_TIERS, {"month": month}))


_EVALUATIONS: Final = text("""
    SELECT evaluation_id, evaluation_no, evaluated_at, actor, reason, name
    FROM growth_points.evaluation JOIN growth_points.policy USING (policy_hash)
    WHERE settlement_month = :month ORDER BY evaluation_no
""").bindparams(OF_MONTH)
_REVISIONS: Final = text("""
    SELECT revision_no, accepted_at, actor, source, lines, amount_krw, sellers,
           (SELECT count(*) FROM jsonb_array_elements(findings) finding
            WHERE finding ->> 'severity' <> 'info')
    FROM growth_points.revision WHERE settlement_month = :month ORDER BY revision_no
""").bindparams(OF_MONTH)
_TIERS: Final = text("""
    SELECT tier, count(*), sum(points)::bigint FROM growth_points.award
    WHERE settlement_month = :month AND state <> 'reversed' GROUP BY tier ORDER BY tier
""").bindparams(OF_MONTH)
