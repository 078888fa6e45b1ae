"""Approvals of payouts, which are recorded as runs of their month."""

from collections.abc import Mapping

from sqlalchemy import BigInteger, Connection, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from adapters.postgres.runs import APPROVAL_ABOVE, Action
from adapters.postgres.tables import run
from domain.approval import Approval, ApprovalRule
from domain.months import SettlementMonth


def newest_approvals(connection: Connection) -> Mapping[SettlementMonth, Approval]:
    """Return the newest approval of each month that has one, valid or not."""
    newest = (
        select(run.c.settlement_month, run.c.evaluation_id, run.c.difference["points"], run.c.actor)
        .ext(distinct_on(run.c.settlement_month))
        .where(run.c.action == Action.APPROVE, run.c.changed)
        .order_by(run.c.settlement_month, run.c.run_no.desc())
    )
    return {
        month: Approval(evaluation_id, int(points), actor)
        for month, evaluation_id, points, actor in connection.execute(newest)
    }


def recorded_rules(connection: Connection) -> Mapping[SettlementMonth, ApprovalRule]:
    """Return the strictest rule that closings of each month recorded, for months that have one."""
    above = run.c.difference[APPROVAL_ABOVE].astext.cast(BigInteger)
    strictest = (
        select(run.c.settlement_month, func.min(above))
        .where(run.c.action == Action.CLOSE, above.is_not(None))
        .group_by(run.c.settlement_month)
    )
    return {month: ApprovalRule(points) for month, points in connection.execute(strictest)}
