"""Approvals of adjustments that move more points than the policy allows without one."""

from sqlalchemy import Connection, insert, select

from adapters.postgres.ledger.tables import adjustment_approval
from adapters.postgres.tables import evaluation, policy
from domain.cause import Cause


def adjustment_limit(connection: Connection) -> int:
    """Return the limit of the newest closed month's policy; 0 before any month is closed."""
    newest = (
        select(policy.c.adjustment_limit)
        .join(evaluation, evaluation.c.policy_hash == policy.c.policy_hash)
        .order_by(evaluation.c.settlement_month.desc(), evaluation.c.evaluation_no.desc())
        .limit(1)
    )
    return connection.scalar(newest) or 0


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
