"""Closing a month, as one transaction: take the delivery in, decide, post, plan the payout.

A closing happens as a whole or not at all. It begins with the program's lock, so that two of
them, or a closing and a payout, come one after the other. A later month that was closed before
is evaluated again, in order: a month's amounts count in the two windows after its own, and its
awards bind all later months (rule 11). All reversals are posted before any award, so that a tier
freed in one month can be awarded in another.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from adapters.intake import StagedMonth
from adapters.korean_holidays import HolidayCalendar
from adapters.policy_files import PolicyText
from adapters.postgres.database import lock_program
from adapters.postgres.evaluations import current_evaluations
from adapters.postgres.ledger import (
    ChainHead,
    chain_head,
    check_now,
    paid_months,
    post_awards,
    reverse_awards,
    standing_awards,
)
from adapters.postgres.payout_dates import PlannedPayout, plan_payout, planned_payouts
from domain.findings import Finding
from domain.months import SettlementMonth
from domain.payout_date import payout_date
from flows.evaluation import Cause, ClosingRequest, EvaluatedMonth, evaluate_month, policy_of
from flows.taking_in import take_in

log = logging.getLogger("growth_points.closing")

Calendar = Callable[[SettlementMonth], HolidayCalendar]


@dataclass(frozen=True, slots=True)
class Closing:
    """The month that was closed, and the later months that were evaluated again with it."""

    request: ClosingRequest
    newly_taken_in: bool
    months: tuple[EvaluatedMonth, ...]
    payouts: Mapping[SettlementMonth, PlannedPayout]
    chain_head: ChainHead | None

    @property
    def closed(self) -> EvaluatedMonth:
        """The month that was asked for."""
        return self.months[0]

    @property
    def changed(self) -> bool:
        """Say whether anything differs from before: data, decisions or awards."""
        return self.newly_taken_in or any(each.changed for each in self.months)


def record_closing(
    engine: Engine,
    request: ClosingRequest,
    staged: StagedMonth | None,
    findings: Sequence[Finding],
    policies: Sequence[PolicyText],
    calendar: Calendar,
) -> Closing:
    """Close a month in one transaction; a preview does the same and takes it all back.

    `staged` is None when this very delivery is the current revision already. Raises
    WindowIncomplete and PolicyUnknown, with nothing written.
    """
    with engine.connect() as connection, connection.begin() as transaction:
        lock_program(connection)
        if staged is not None:
            take_in(connection, staged, findings, request.cause.actor)
        months = _evaluate_in_order(connection, request, policies)
        _post(connection, months, request.cause)
        payouts = _plan_payouts(connection, months, calendar)
        check_now(connection)
        closing = Closing(
            request=request,
            newly_taken_in=staged is not None,
            months=months,
            payouts=payouts,
            chain_head=chain_head(connection),
        )
        if request.preview:
            transaction.rollback()
    return closing


def _evaluate_in_order(
    connection: Connection, request: ClosingRequest, policies: Sequence[PolicyText]
) -> tuple[EvaluatedMonth, ...]:
    closed_before = [each.settlement_month for each in current_evaluations(connection)]
    paid = paid_months(connection)
    standing = frozenset(standing_awards(connection))
    evaluated = []
    for month in [request.month, *(each for each in closed_before if each > request.month)]:
        asked_for = request.policy_name if month == request.month else None
        policy = policy_of(connection, month, policies, asked_for)
        result = evaluate_month(connection, month, policy, standing, paid=paid, cause=request.cause)
        standing = result.restatement.applied_to(standing)
        evaluated.append(result)
    return tuple(evaluated)


def _post(connection: Connection, months: Sequence[EvaluatedMonth], cause: Cause) -> None:
    for each in months:
        if each.restatement.reverse:
            log.info("reversing %s awards of %s", f"{len(each.restatement.reverse):,}", each.month)
            reverse_awards(
                connection,
                month=each.month,
                evaluation_no=each.evaluation_no,
                awards=each.restatement.reverse,
                effective_on=each.month.payout_month.first_day,
                actor=cause.actor,
                reason=cause.reason,
            )
    for each in months:
        if each.restatement.post:
            log.info("posting %s awards of %s", f"{len(each.restatement.post):,}", each.month)
            post_awards(
                connection,
                evaluation_id=each.evaluation_id,
                month=each.month,
                evaluation_no=each.evaluation_no,
                awards=each.restatement.post,
                effective_on=each.month.payout_month.first_day,
                actor=cause.actor,
            )


def _plan_payouts(
    connection: Connection, months: Sequence[EvaluatedMonth], calendar: Calendar
) -> Mapping[SettlementMonth, PlannedPayout]:
    before = planned_payouts(connection)
    for each in months:
        if not each.paid_out:
            known = calendar(each.month)
            plan_payout(
                connection,
                month=each.month,
                planned=payout_date(each.policy.payout, each.month, known.holidays),
                calendar=known.version,
                extra_holidays=known.extra,
                policy_hash=each.policy.content_hash,
                before=before.get(each.month),
            )
    return planned_payouts(connection)
