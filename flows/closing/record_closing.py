"""Closing a month in one transaction: record the delivery, decide, post, plan the payout.

The transaction first takes the program's lock, so closings and payouts run one after another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from adapters.korean_holidays import Calendar
from adapters.policy_files import PolicyText
from adapters.postgres.approvals import record_rule
from adapters.postgres.database import lock_program
from adapters.postgres.decisions import funnel
from adapters.postgres.ledger import ChainHead, check_now, seal_now
from adapters.postgres.payout_dates import PlannedPayout
from adapters.postgres.revisions import recorded_findings
from adapters.postgres.runs import EarlierRun, last_evaluating_run
from domain.findings import Finding
from domain.funnel import Funnel
from domain.months import SettlementMonth
from domain.refusal import Unavailable
from domain.sentence import sentence
from flows.closing.cascade import (
    evaluate_in_order,
    policies_to_plan_by,
    post_differences,
    record_runs,
    require_acknowledgment,
)
from flows.closing.evaluation import ClosingRequest, EvaluatedMonth
from flows.closing.program_state import gather_state
from flows.ingesting.record_delivery import SoundDelivery, record_delivery
from flows.paying.plan_payouts import plan_payouts


class ClosedMeanwhile(Unavailable):
    """Somebody closed the month while it was about to close by itself; theirs stands."""

    def __init__(self, month: SettlementMonth) -> None:
        super().__init__(sentence("{month} was closed meanwhile.", month=month))


@dataclass(frozen=True, slots=True)
class Closing:
    """The month that was closed, and the later months that were evaluated again.

    `funnel` counts the stores that each rule stopped; `before` is the previous run that decided the
    month, None for the first closing. `caused_by` is the earlier month whose change evaluated this
    one again, None for a month that was asked for.
    """

    request: ClosingRequest
    newly_ingested: bool
    findings: tuple[Finding, ...]
    months: tuple[EvaluatedMonth, ...]
    funnel: Funnel
    payouts: Mapping[SettlementMonth, PlannedPayout]
    chain_head: ChainHead | None
    before: EarlierRun | None = None
    caused_by: SettlementMonth | None = None

    @property
    def closed(self) -> EvaluatedMonth:
        """The month that was closed."""
        return self.months[0]

    @property
    def changed(self) -> bool:
        """Whether data, decisions or awards changed."""
        return self.newly_ingested or any(each.changed for each in self.months)


def record_closing(
    engine: Engine,
    request: ClosingRequest,
    delivery: SoundDelivery,
    policies: Sequence[PolicyText],
    calendar: Calendar,
) -> Closing:
    """Close a month in one transaction, which a preview rolls back.

    Raises ClosedMeanwhile, DeliverySuperseded, ChangesPaidMonths, WindowIncomplete, PolicyUnknown,
    MonthBlocked.
    """
    with engine.connect() as connection, connection.begin() as transaction:
        lock_program(connection)
        closing = _close(connection, request, delivery, policies, calendar)
        if request.preview:
            transaction.rollback()
    return closing


def _close(
    connection: Connection,
    request: ClosingRequest,
    delivery: SoundDelivery,
    policies: Sequence[PolicyText],
    calendar: Calendar,
) -> Closing:
    month, cause = request.month, request.cause
    before = last_evaluating_run(connection, month)
    if request.rests_on is not None and before is not None:
        raise ClosedMeanwhile(month)
    recorded = record_delivery(connection, month, delivery, cause.actor)
    state = gather_state(connection, policies)
    asked_for = {month: request.policy_name}
    months = evaluate_in_order(connection, state, state.months_from(month), cause, asked_for)
    if not (request.preview or request.acknowledge_paid):
        require_acknowledgment(month, months)
    post_differences(connection, months, cause)
    payouts = plan_payouts(connection, policies_to_plan_by(connection, months), calendar)
    record_rule(connection, month, request.approval)
    record_runs(connection, months, month, cause, newly_ingested=recorded.new)
    check_now(connection)
    return Closing(
        request=request,
        newly_ingested=recorded.new,
        findings=recorded_findings(connection, recorded.revision.revision_id),
        months=months,
        funnel=funnel(connection, months[0].evaluation.evaluation_id),
        payouts=payouts,
        chain_head=None if request.preview else seal_now(connection),
        before=before,
    )
