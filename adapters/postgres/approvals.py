"""Approvals of payouts, and the rules that closings recorded."""

from collections.abc import Mapping

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.dialects import postgresql

from adapters.postgres.tables import approval, approval_rule
from domain.approval import NO_APPROVAL, Approval, ApprovalRule
from domain.cause import Cause
from domain.months import SettlementMonth


def approvals(connection: Connection) -> Mapping[int, Approval]:
    """Return every approval by the evaluation that it approves."""
    given = select(approval.c.evaluation_id, approval.c.points, approval.c.actor)
    return {row.evaluation_id: Approval(*row) for row in connection.execute(given)}


def strictest_rules(connection: Connection) -> Mapping[SettlementMonth, ApprovalRule]:
    """Return the strictest rule that closings of each month recorded, for months that have one."""
    strictest = select(
        approval_rule.c.settlement_month, func.min(approval_rule.c.above_points)
    ).group_by(approval_rule.c.settlement_month)
    return {month: ApprovalRule(points) for month, points in connection.execute(strictest)}


def record_approval(connection: Connection, evaluation_id: int, points: int, cause: Cause) -> None:
    """Record somebody's approval of what an evaluation pays in total."""
    connection.execute(
        insert(approval).values(
            evaluation_id=evaluation_id, points=points, actor=cause.actor, reason=cause.reason
        )
    )


def record_rule(connection: Connection, month: SettlementMonth, rule: ApprovalRule) -> None:
    """Record a closing's rule for the payout of its month, unless that is recorded or no rule."""
    if rule != NO_APPROVAL:
        connection.execute(
            postgresql.insert(approval_rule)
            .values(settlement_month=month, above_points=rule.above_points)
            .on_conflict_do_nothing()
        )
