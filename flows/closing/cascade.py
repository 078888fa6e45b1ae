"""Evaluating months in order, inside one transaction: a month binds the ones after it.

A month's amounts count in the two windows after its own, and its awards bind all later months
(rule 11). So whatever changes one month has every later closed month evaluated again. All
reversals are posted before any award, so that a tier freed in one month can be awarded in another.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy import Connection

from adapters.postgres.ledger import post_awards, reverse_awards
from adapters.postgres.payout_dates import planned_payouts
from domain.cause import Cause
from domain.ledger import Award
from domain.months import SettlementMonth
from domain.policy import Policy
from domain.refusal import Refused
from flows.closing.award_check import require_sound_awards
from flows.closing.evaluation import EvaluatedMonth, evaluate_month, gather_month
from flows.closing.program_state import ProgramState
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


def evaluate_in_order(
    connection: Connection,
    state: ProgramState,
    months: Iterable[SettlementMonth],
    cause: Cause,
    asked_for: Mapping[SettlementMonth, str | None],
) -> tuple[EvaluatedMonth, ...]:
    """Evaluate months, oldest first, each on the awards that the ones before it leave standing.

    Months that stay as they are, are left out unless they are `asked_for`, which names the policies
    to use instead of the months' own. Raises WindowIncomplete, PolicyUnknown.
    """
    evaluated = []
    for month in months:
        chosen = policy_of(connection, month, state.policies, asked_for.get(month))
        gathered = gather_month(state, month, chosen)
        if gathered.decided and month not in asked_for:
            continue
        result = evaluate_month(connection, state, gathered, cause)
        state = state.with_awards(month, result.restatement.applied_to(state.awards_of(month)))
        evaluated.append(result)
    finally_standing = frozenset().union(*state.standing.values())
    return tuple(
        replace(each, restatement=each.restatement.settled(finally_standing, state.clawed_back))
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
    """Post the reversals, then the awards, of each month.

    Raises MonthBlocked when the gate finds anything wrong with what would be posted.
    """
    require_sound_awards(connection, months)
    for each in months:
        if each.restatement.reverse:
            log.info("reversing %s awards of %s", f"{len(each.restatement.reverse):,}", each.month)
            reverse_awards(
                connection, each.evaluation, each.restatement.reverse, _effective_on(each), cause
            )
    for each in months:
        if each.restatement.post:
            log.info("posting %s awards of %s", f"{len(each.restatement.post):,}", each.month)
            post_awards(
                connection, each.evaluation, each.restatement.post, _effective_on(each), cause
            )


def _effective_on(month: EvaluatedMonth) -> date:
    return month.month.payout_month.first_day


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
    over, under = (
        _tell(month.restatement.over_awarded),
        _tell(month.restatement.under_awarded),
    )
    return f"{month.month}: over-awarded {over}; under-awarded {under}"


def _tell(awards: Sequence[Award]) -> str:
    points = sum(award.points for award in awards)
    return f"{len(awards):,} sellers by {points:,} points" if awards else "nobody"
