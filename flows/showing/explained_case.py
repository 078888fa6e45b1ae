"""Gathering what an explanation needs: all that is recorded of a store's decision in a month."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from adapters.postgres.decisions import RecordedStore
from adapters.postgres.evaluations import Evaluation, recorded_policy
from adapters.postgres.explanations import (
    RecordedDecision,
    recorded_decision,
    store_on,
)
from adapters.postgres.ledger import Payout, payouts
from adapters.postgres.payout_dates import PlannedPayout, planned_payouts
from adapters.postgres.revisions import current_revisions
from domain.approval import ApprovalRule
from domain.eligibility import Terms
from domain.months import SettlementMonth
from flows.paying.open_payouts import open_payouts
from flows.showing.refusals import NoDecision


@dataclass(frozen=True, slots=True)
class ExplainedCase:
    """A recorded decision, the terms that it was decided by, and what has become of it."""

    recorded: RecordedDecision
    terms: Terms
    planned: PlannedPayout
    paid: Payout | None
    waits: bool
    asked_on: date | None
    today: RecordedStore | None
    for_operators: bool

    @property
    def sum_krw(self) -> int:
        """The sum of the window."""
        return self.recorded.decision.window_amount_krw

    @property
    def month(self) -> SettlementMonth:
        """The settlement month."""
        return self.terms.month

    @property
    def paid_on(self) -> date | None:
        """When the month was paid."""
        return None if self.paid is None else self.paid.paid_on


def gather_case(
    connection: Connection,
    evaluation: Evaluation,
    seller_id: str,
    rule: ApprovalRule,
    asked_on: date | None,
    for_operators: bool,
) -> ExplainedCase:
    """Gather a store's decision and what followed; raises NoDecision."""
    month = evaluation.settlement_month
    terms = Terms.of(recorded_policy(connection, evaluation.policy_hash).policy, month)
    recorded = recorded_decision(connection, evaluation, terms, seller_id)
    if recorded is None:
        raise NoDecision(seller_id, month)
    window = month.window(terms.policy.window_months)
    newest = current_revisions(connection, window)
    waits = any(each.state == "pending" for each in recorded.awards)  # else nobody asks
    unpaid = open_payouts(connection).get(month) if waits else None
    return ExplainedCase(
        recorded=recorded,
        terms=terms,
        planned=planned_payouts(connection)[month],
        paid=next((p for p in payouts(connection) if p.settlement_month == month), None),
        waits=unpaid is not None and unpaid.waits(rule),
        asked_on=asked_on,
        today=store_on(
            connection,
            evaluation,
            terms,
            seller_id,
            [newest[each].revision_id for each in window],
            recorded.awards,
        ),
        for_operators=for_operators,
    )
