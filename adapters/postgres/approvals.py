"""Approvals of payouts: recorded as runs of their month, appended only and sealed like these."""

from collections.abc import Mapping

from sqlalchemy import Connection, select

from adapters.postgres.runs import Action
from adapters.postgres.tables import run
from domain.approval import Approval
from domain.months import SettlementMonth


def newest_approvals(connection: Connection) -> Mapping[SettlementMonth, Approval]:
    """Find the newest approval of each month that has one, whatever became of the month since."""
    newest = (
        select(run.c.settlement_month, run.c.evaluation_id, run.c.difference["points"], run.c.actor)
        .distinct(run.c.settlement_month)
        .where(run.c.action == Action.APPROVE)
        .order_by(run.c.settlement_month, run.c.run_no.desc())
    )
    return {
        month: Approval(evaluation_id, int(points), actor)
        for month, evaluation_id, points, actor in connection.execute(newest)
    }
