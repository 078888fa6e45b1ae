"""Evaluating a month and every later closed month, in order, in one transaction.

A month's amounts count in the two windows after its own, and its awards bind all later months
(rule 11), so a change to one month can change any later one. All reversals are posted before any
award, so that a tier freed in one month can be awarded in another.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy import Connection, select

from adapters.postgres.ledger import post_awards, reverse_awards
from adapters.postgres.ledger.tables import program_balance
from adapters.postgres.payout_dates import planned_payouts
from adapters.postgres.runs import Action, record_run
from domain.award_profile import profile_awards
from domain.cause import Cause
from domain.findings import MonthBlocked
from domain.ledger import Account, Award, total_points
from domain.many import many
from domain.months import SettlementMonth
from domain.policy import Policy
from domain.refusal import Refused
from domain.sentence import Text, joined, sentence
from expectations.gate_process import start_gate
from flows.closing.evaluation import EvaluatedMonth, evaluate_month, gather_month
from flows.closing.program_state import ProgramState
from flows.policies import policy_of

log = logging.getLogger("growth_points.closing")


class AwardsBlocked(MonthBlocked):
    """The gate finds something wrong with the awards, not with the delivery."""


class ChangesPaidMonths(Refused):
    """The awards of paid months would change, and the request does not acknowledge it."""

    def __init__(self, month: SettlementMonth, changed: Sequence[EvaluatedMonth]) -> None:
        lines = joined((joined(("  ", _paid_difference(each)), "") for each in changed), "\n")
        super().__init__(
            sentence(
                "The request for {month} changes what paid months earned; what was "
                "paid stays. Nothing was written. See the change with close --preview, "
                "accept it with --acknowledge-paid:\n{lines}",
                month=month,
                lines=lines,
            )
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
    """Evaluate months, oldest first, each on the standing awards of the earlier ones.

    Unchanged months are skipped unless they are in `asked_for`, which maps months to the name of a
    policy that overrides their own. Raises WindowIncomplete, PolicyUnknown.
    """
    evaluated = []
    for month in months:
        before = state.evaluations.get(month)
        chosen = policy_of(connection, month, state.policies, before, asked_for.get(month))
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
    """Raise ChangesPaidMonths if a paid month's awards change and differ from what it paid."""
    if changed := changed_paid_months(evaluated):
        raise ChangesPaidMonths(month, changed)


def changed_paid_months(evaluated: Sequence[EvaluatedMonth]) -> list[EvaluatedMonth]:
    """Return the paid months whose awards change and differ from what they paid."""
    return [each for each in evaluated if each.changes and each.restatement.is_unsettled]


def post_differences(
    connection: Connection, months: Sequence[EvaluatedMonth], cause: Cause
) -> None:
    """Post the reversals of all months, then their awards.

    Raises AwardsBlocked if the gate finds anything wrong with the awards.
    """
    _require_sound_awards(connection, months)
    for each in months:
        if each.restatement.reverse:
            awards = many("award", len(each.restatement.reverse))
            log.info(sentence("reversing {awards} of {month}", awards=awards, month=each.month))
            reverse_awards(
                connection, each.evaluation, each.restatement.reverse, _effective_on(each), cause
            )
    for each in months:
        if each.restatement.post:
            awards = many("award", len(each.restatement.post))
            log.info(sentence("posting {awards} of {month}", awards=awards, month=each.month))
            post_awards(
                connection, each.evaluation, each.restatement.post, _effective_on(each), cause
            )


def _require_sound_awards(connection: Connection, months: Sequence[EvaluatedMonth]) -> None:
    """Raise AwardsBlocked if the gate finds anything wrong with the awards to be posted.

    All months belong to one transaction, which holds the program's lock.
    """
    posted = {each.month: each.restatement.post for each in months if each.restatement.post}
    if not posted:
        return
    profile = profile_awards(
        posted,
        {each.month: each.policy for each in months},
        [award for each in months for award in each.restatement.reverse],
        _fund_left(connection),
    )
    findings = start_gate().judge_awards(profile)
    if findings:
        raise AwardsBlocked(months[0].month, findings)


def _fund_left(connection: Connection) -> int | None:
    """Return the points left in the budget, or None if there is no budget."""
    fund = select(program_balance.c.points, program_balance.c.floor).where(
        program_balance.c.account == Account.PROGRAM_FUND
    )
    row = connection.execute(fund).one()
    return None if row.floor is None else int(row.points) - row.floor


def _effective_on(month: EvaluatedMonth) -> date:
    return month.month.payout_month.first_day


def record_runs(
    connection: Connection,
    months: Iterable[EvaluatedMonth],
    asked_for: SettlementMonth,
    cause: Cause,
    *,
    newly_ingested: bool = False,
) -> None:
    """Record a run for each month: a closing of the one asked for, the others because of it.

    `newly_ingested` says whether the files of the month asked for are.
    """
    for each in months:
        closed = each.month == asked_for
        record_run(
            connection,
            each.month,
            Action.CLOSE if closed else Action.EVALUATE_AGAIN,
            cause,
            changed=each.changed or (closed and newly_ingested),
            difference=each.restatement.counts,
            revision_id=each.revision.revision_id,
            evaluation_id=each.evaluation.evaluation_id,
            caused_by=None if closed else asked_for,
        )


def policies_to_plan_by(
    connection: Connection, months: Iterable[EvaluatedMonth]
) -> Mapping[SettlementMonth, Policy]:
    """Return the policies of months without a payout date, or with one by another policy.

    A planned date is moved for a new holiday only by `reschedule-payouts`, never by a closing that
    may run without the operator's list of holidays.
    """
    planned = planned_payouts(connection)
    return {
        each.month: each.policy
        for each in months
        if each.month not in planned or planned[each.month].policy_hash != each.policy.content_hash
    }


def _paid_difference(month: EvaluatedMonth) -> Text:
    difference = month.restatement
    return sentence(
        "{month}: over-awarded {over}; under-awarded {under}",
        month=month.month,
        over=_summary(difference.over_awarded),
        under=_summary(difference.under_awarded),
    )


def _summary(awards: Sequence[Award]) -> Text:
    if not awards:
        return sentence("nobody")
    return sentence(
        "{sellers} by {points}",
        sellers=many("seller", len(awards)),
        points=many("point", total_points(awards)),
    )
