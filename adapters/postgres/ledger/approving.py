"""Approvals of adjustments and corrections that move more points than they may without one."""

from sqlalchemy import Connection, case, func, insert, select

from adapters.postgres.ledger.tables import adjustment_approval, correction, payout
from adapters.postgres.tables import evaluation, policy
from domain.cause import Cause
from domain.corrections import CorrectionKind
from domain.months import SettlementMonth


def adjustment_limit(connection: Connection) -> int:
    """Return the limit of the newest closed month's policy; 0 before any month is closed."""
    newest = (
        select(policy.c.adjustment_limit)
        .join(evaluation, evaluation.c.policy_hash == policy.c.policy_hash)
        .order_by(evaluation.c.settlement_month.desc(), evaluation.c.evaluation_no.desc())
        .limit(1)
    )
    return connection.scalar(newest) or 0


def corrected_points(connection: Connection, month: SettlementMonth) -> int:
    """Return what a paid month gave: its payout with the corrections posted since."""
    clawed_back = correction.c.kind == CorrectionKind.CLAWBACK
    given = case((clawed_back, -correction.c.points), else_=correction.c.points)
    corrected = select(func.sum(given)).where(correction.c.settlement_month == month)
    paid = select(payout.c.points).where(payout.c.settlement_month == month)
    return (connection.scalar(paid) or 0) + int(connection.scalar(corrected) or 0)


def approved_adjustment(connection: Connection, key: str) -> tuple[str, int] | None:
    """Return the seller and the points that were approved under a key, None if nothing was."""
    given = select(adjustment_approval.c.seller_id, adjustment_approval.c.points)
    row = connection.execute(given.where(adjustment_approval.c.key == key)).first()
    return None if row is None else (row.seller_id, row.points)


def record_adjustment_approval(
    connection: Connection, key: str, seller_id: str, points: int, cause: Cause
) -> None:
    """Record somebody's approval of an adjustment by its key."""
    connection.execute(
        insert(adjustment_approval).values(
            key=key, seller_id=seller_id, points=points, actor=cause.actor, reason=cause.reason
        )
    )
