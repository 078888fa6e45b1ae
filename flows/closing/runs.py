"""Recording a closing's runs, one for each month that it evaluated."""

from collections.abc import Sequence

from sqlalchemy import Connection

from adapters.postgres.approvals import record_rule
from adapters.postgres.runs import Action, record_run
from domain.cause import Cause
from domain.months import SettlementMonth
from flows.closing.evaluation import ClosingRequest, EvaluatedMonth
from flows.ingesting.record_delivery import RecordedDelivery


def record_closing_run(
    connection: Connection,
    request: ClosingRequest,
    closed: EvaluatedMonth,
    delivery: RecordedDelivery,
) -> None:
    """Record the run of the closed month, and the approval rule of its payout."""
    record_rule(connection, closed.month, request.approval)
    record_run(
        connection,
        closed.month,
        Action.CLOSE,
        request.cause,
        changed=closed.changed or delivery.new,
        difference=closed.restatement.counts,
        revision_id=closed.revision.revision_id,
        evaluation_id=closed.evaluation.evaluation_id,
    )


def record_evaluated_again(
    connection: Connection,
    later: Sequence[EvaluatedMonth],
    caused_by: SettlementMonth,
    cause: Cause,
) -> None:
    """Record a run for each later month that was evaluated again because of `caused_by`."""
    for each in later:
        record_run(
            connection,
            each.month,
            Action.EVALUATE_AGAIN,
            cause,
            changed=each.changed,
            difference=each.restatement.counts,
            revision_id=each.revision.revision_id,
            evaluation_id=each.evaluation.evaluation_id,
            caused_by=caused_by,
        )
