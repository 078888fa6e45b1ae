"""What is recorded of every run: what it did to each month, counted."""

from collections.abc import Sequence

from sqlalchemy import Connection

from adapters.postgres.runs import Action, record_run
from domain.approval import NO_APPROVAL, ApprovalRule
from domain.cause import Cause
from domain.months import SettlementMonth
from flows.closing.evaluation import EvaluatedMonth
from flows.ingesting.record_delivery import TakenIn


def record_evaluations(
    connection: Connection,
    action: Action,
    asked_for: SettlementMonth,
    months: Sequence[EvaluatedMonth],
    taken: TakenIn | None,
    cause: Cause,
    approval: ApprovalRule = NO_APPROVAL,
) -> None:
    """Record a run of the month asked for, and of each later one that came out differently.

    `approval` is recorded with the month asked for.
    """
    for each in months:
        asked = each.month == asked_for
        if asked or each.changed:
            record_run(
                connection,
                each.month,
                action if asked else Action.EVALUATE_AGAIN,
                cause,
                changed=each.changed or (asked and taken is not None and taken.new),
                difference=each.restatement.counts,
                revision_id=each.revision.revision_id,
                evaluation_id=each.evaluation.evaluation_id,
                caused_by=None if asked else asked_for,
                approval=approval if asked else NO_APPROVAL,
            )
