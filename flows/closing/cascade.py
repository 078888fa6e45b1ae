"""Evaluating months in order, inside one transaction: a month binds the ones after it.

A month's amounts count in the two windows after its own, and its awards bind all later months
(rule 11). So whatever changes one month has every later closed month evaluated again. All
reversals are posted before any award, so that a tier freed in one month can be awarded in another.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from adapters.policy_files import PolicyText
from adapters.postgres.evaluations import current_evaluations
from adapters.postgres.grants import binding_awards
from adapters.postgres.ledger import paid_months, post_awards, reverse_awards
from adapters.postgres.payout_dates import planned_payouts
from adapters.postgres.take_backs import taken_back
from domain.cause import Cause
from domain.evaluation import by_month
from domain.ledger import Award
from domain.months import SettlementMonth
from domain.policy import Policy
from domain.refusal import Refused
from flows.closing.award_check import require_sound_awards
from flows.closing.evaluation import EvaluatedMonth, evaluate_month
from flows.policies import policy_of

log = logging.getLogger("growth_points.closing")


class ChangesPaidMonths(Refused):
    """What is to be done changes the awards of months that were paid, and nobody agreed to it."""

    def __init__(self, month: SettlementMonth, changed: Sequence[EvaluatedMonth]) -> None:
        lines = "\n".join(f"  {_paid_difference(each)}" for each in changed)
        super().__init__(
            f"What is asked for {month} changes what was earned in months that are paid, where "
            "what was paid stays. Nothing was written. A closing shows it with --preview; accept "
            f"it with --acknowledge-paid:\n{lines}"
        )
        self.month = month
        self.changed = tuple(each.month for each in changed)


def months_from(connection: Connection, first: SettlementMonth) -> tuple[SettlementMonth, ...]:
    """List a month and every later one that is closed, oldest first."""
    closed = (each.settlement_month for each in current_evaluations(connection))
    return (first, *(month for month in closed if month > first))


def evaluate_in_order(
    connection: Connection,
    months: Iterable[SettlementMonth],
    policies: Sequence[PolicyText],
    cause: Cause,
    asked_for: Mapping[SettlementMonth, str | None],
    decided_on: frozenset[Award] | None = None,
) -> tuple[EvaluatedMonth, ...]:
    """Evaluate months, oldest first, each on the awards that the ones before it leave standing.

    `asked_for` names the policies to use instead of the months' own; `decided_on` are the awards
    that bound when the months were last decided, if others do now. Raises WindowIncomplete,
    PolicyUnknown.
    """
    paid, taken = paid_months(connection), taken_back(connection)
    standing = dict(by_month(binding_awards(connection)))
    before = standing.copy() if decided_on is None else by_month(decided_on)
    evaluated = []
    for month in months:
        policy = policy_of(connection, month, policies, asked_for.get(month))
        result = evaluate_month(
            connection,
            month,
            policy,
            standing,
            decided_on=before,
            paid=paid,
            taken=taken,
            cause=cause,
            asked=month in asked_for,
        )
        standing[month] = result.restatement.applied_to(standing.get(month, frozenset()))
        evaluated.append(result)
    finally_standing = frozenset().union(*standing.values())
    return tuple(
        replace(each, restatement=each.restatement.settled(finally_standing, taken))
        for each in evaluated
    )


def require_acknowledgment(month: SettlementMonth, evaluated: Sequence[EvaluatedMonth]) -> None:
    """Raise ChangesPaidMonths if what a paid month earned changes, and is not what it paid."""
    if changed := changed_though_paid(evaluated):
        raise ChangesPaidMonths(month, changed)


def changed_though_paid(evaluated: Sequence[EvaluatedMonth]) -> list[EvaluatedMonth]:
    """Pick the paid months whose awards change, and are not what was paid."""
    return [each for each in evaluated if each.changes and each.restatement.is_unsettled]


def post_differences(
    connection: Connection, months: Sequence[EvaluatedMonth], cause: Cause
) -> None:
    """Take every month's way from the awards that stand to those that are earned.

    Raises MonthBlocked when the gate finds anything wrong with what would be posted.
    """
    require_sound_awards(connection, months)
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


def not_planned_by_their_policy(
    connection: Connection, months: Iterable[EvaluatedMonth]
) -> Mapping[SettlementMonth, Policy]:
    """Name the policies of the months that have no payout date yet, or one of another policy.

    A date that was planned is moved by a holiday only on purpose (`reschedule-payouts`): a month
    closed again where the operator's holidays are not at hand keeps its date.
    """
    planned = planned_payouts(connection)
    return {
        each.month: each.policy
        for each in months
        if each.month not in planned or planned[each.month].policy_hash != each.policy.content_hash
    }


def _paid_difference(month: EvaluatedMonth) -> str:
    way = month.restatement
    over, under = _tell(way.over_awarded), _tell(way.under_awarded)
    return f"{month.month}: over-awarded {over}; under-awarded {under}"


def _tell(awards: Sequence[Award]) -> str:
    points = sum(award.points for award in awards)
    return f"{len(awards):,} sellers by {points:,} points" if awards else "nobody"
