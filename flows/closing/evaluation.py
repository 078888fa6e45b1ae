"""Evaluating one month inside the closing's transaction: gather, decide, and say what changed."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection

from adapters.policy_files import PolicyText
from adapters.postgres.decided import stores_with_other_input
from adapters.postgres.decisions import (
    changed_results,
    earned_awards,
    funnel,
    record_decisions,
)
from adapters.postgres.evaluations import (
    Evaluation,
    current_evaluation,
    evaluated_revisions,
    record_evaluation,
    record_policy,
)
from adapters.postgres.revisions import Revision, current_revisions
from domain.approval import NO_APPROVAL, ApprovalRule
from domain.cause import Cause
from domain.decision import ChangedResult
from domain.eligibility import Terms
from domain.evaluation import AwardsByMonth, EvaluationInput
from domain.findings import WindowIncomplete
from domain.funnel import Funnel
from domain.ledger import Award
from domain.months import SettlementMonth
from domain.policy import Policy
from domain.restatement import Restatement, restate

USUAL_REASON: Final = "monthly closing"

log = logging.getLogger("growth_points.evaluation")


@dataclass(frozen=True, slots=True)
class ClosingRequest:
    """What is to be closed, and why; without a policy's name the month's own policy is used.

    `approval` says whether its payout will need one; it is recorded, and holds whoever pays.
    """

    month: SettlementMonth
    cause: Cause
    policy_name: str | None = None
    preview: bool = False
    acknowledge_paid: bool = False
    approval: ApprovalRule = NO_APPROVAL


@dataclass(frozen=True, slots=True)
class EvaluatedMonth:
    """How one month stands, and the way there from how it stood before.

    `earned` are the awards that its decisions grant; `funnel` counts, for a month that was asked
    for, what kept the other stores from one; `changes` are the stores whose award is another than
    before.
    """

    month: SettlementMonth
    evaluation_id: int
    evaluation_no: int
    changed: bool
    policy: Policy
    revision: Revision
    earned: frozenset[Award]
    funnel: Funnel
    changes: tuple[ChangedResult, ...]
    restatement: Restatement
    paid_out: bool


def evaluate_month(
    connection: Connection,
    month: SettlementMonth,
    chosen: PolicyText,
    standing: AwardsByMonth,
    *,
    decided_on: AwardsByMonth,
    paid: frozenset[SettlementMonth],
    taken: frozenset[Award],
    cause: Cause,
    asked: bool = True,
) -> EvaluatedMonth:
    """Decide a month unless its input is the one it was last decided with.

    `standing` are all awards as they stand, those of this month and of later ones included, and
    `decided_on` as they stood when the closed months were last decided; `paid` are the months that
    were paid out, `taken` the paid awards whose points were taken back. A month that was not
    `asked` for has no funnel, and neither awards nor a way when it stays as it is. Raises
    WindowIncomplete.
    """
    policy = chosen.policy
    window = window_revisions(connection, month, policy.window_months)
    content = EvaluationInput(
        month=month,
        window=tuple((each.settlement_month, each.content_hash) for each in window),
        policy_hash=policy.content_hash,
        standing=standing,
    )
    evaluation = before = current_evaluation(connection, month)
    changed = before is None or before.input_hash != content.content_hash
    changes: tuple[ChangedResult, ...] = ()
    if evaluation is None or changed:
        stores = _stores_with_other_input(connection, content, chosen, window, before, decided_on)
        evaluation = _decide(connection, content, chosen, window, before, stores, cause)
        changes = changed_results(
            connection,
            None if before is None else before.evaluation_id,
            evaluation.evaluation_id,
            stores,
        )
    number = evaluation.evaluation_id
    earned = earned_awards(connection, number, month) if asked or changed else set()
    standing_here = standing.get(month, frozenset()) - taken if asked or changed else set()
    paid_elsewhere = {award for other in paid - {month} for award in standing.get(other, ())}
    if month in paid:  # one that is not paid yet posts no tier twice, taken back or not
        paid_elsewhere -= taken
    return EvaluatedMonth(
        month=month,
        evaluation_id=number,
        evaluation_no=evaluation.evaluation_no,
        changed=changed,
        policy=policy,
        revision=window[-1],
        earned=frozenset(earned),
        funnel=funnel(connection, number) if asked else Funnel({}),
        changes=changes,
        restatement=restate(
            standing_here,
            earned,
            paid_out=month in paid,
            paid_elsewhere=paid_elsewhere,
        ),
        paid_out=month in paid,
    )


def window_revisions(
    connection: Connection, month: SettlementMonth, months: int
) -> tuple[Revision, ...]:
    """Find the current revisions of a month's window, oldest first; raises WindowIncomplete."""
    window = month.window(months)
    current = current_revisions(connection, window)
    missing = tuple(each for each in window if each not in current)
    if missing:
        raise WindowIncomplete(month, missing)
    return tuple(current[each] for each in window)


def _decide(
    connection: Connection,
    content: EvaluationInput,
    chosen: PolicyText,
    window: Sequence[Revision],
    before: Evaluation | None,
    stores: frozenset[str] | None,
    cause: Cause,
) -> Evaluation:
    policy = chosen.policy
    record_policy(
        connection, policy_hash=policy.content_hash, name=policy.name, content=chosen.text
    )
    revision_ids = [each.revision_id for each in window]
    evaluation = record_evaluation(
        connection,
        month=content.month,
        evaluation_no=1 if before is None else before.evaluation_no + 1,
        input_hash=content.content_hash,
        policy_hash=policy.content_hash,
        revision_ids=revision_ids,
        actor=cause.actor,
        reason=cause.reason,
    )
    count = window[-1].sellers if stores is None else len(stores)
    log.info("deciding %s for %s stores", content.month, f"{count:,}")
    record_decisions(
        connection,
        evaluation_id=evaluation.evaluation_id,
        terms=Terms.of(policy, content.month),
        window_revision_ids=revision_ids,
        snapshot_revision_id=window[-1].revision_id,
        earlier_awards=content.earlier_awards,
        stores=stores,
    )
    return evaluation


def _stores_with_other_input(
    connection: Connection,
    content: EvaluationInput,
    chosen: PolicyText,
    window: Sequence[Revision],
    before: Evaluation | None,
    decided_on: AwardsByMonth,
) -> frozenset[str] | None:
    """List the stores that are to be decided again; None for all of them.

    All are when the rules are others, or when it cannot be told for certain what the month was
    decided on before.
    """
    if before is None or before.policy_hash != content.policy_hash:
        return None
    revisions = evaluated_revisions(connection, before.evaluation_id)
    content_before = replace(
        content,
        window=tuple((month, of) for month, (_, of) in revisions.items()),
        standing=decided_on,
    )
    if content_before.content_hash != before.input_hash:
        return None
    return stores_with_other_input(
        connection,
        {month: number for month, (number, _) in revisions.items()},
        {each.settlement_month: each.revision_id for each in window},
        chosen.policy.counted_line_types,
    ) | {award.seller_id for award in content.awards_otherwise_than(decided_on)}
