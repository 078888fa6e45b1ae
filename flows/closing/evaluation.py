"""Evaluating one month in the closing's transaction: gather, decide, compare."""

import logging
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection

from adapters.policy_files import PolicyText
from adapters.postgres.decided import stores_with_changed_input
from adapters.postgres.deciding import DecisionInput, decide_stores
from adapters.postgres.decisions import changed_results, earned_awards
from adapters.postgres.evaluations import (
    Evaluation,
    evaluated_revisions,
    record_evaluation,
    record_policy,
)
from adapters.postgres.revisions import Revision
from domain.approval import NO_APPROVAL, ApprovalRule
from domain.cause import Cause
from domain.decision import ChangedResult
from domain.eligibility import Terms
from domain.evaluation import AwardsByMonth, EvaluationInput
from domain.ledger import Award
from domain.many import many
from domain.months import SettlementMonth
from domain.policy import Policy
from domain.restatement import Restatement, restate
from domain.sentence import sentence
from flows.closing.program_state import ProgramState

USUAL_REASON: Final = "monthly closing"

log = logging.getLogger("growth_points.evaluation")


@dataclass(frozen=True, slots=True)
class ClosingRequest:
    """The month to close, and why; without `policy_name` the month's own policy is used.

    `approval` is recorded with the closing and binds the payout, `rests_on` with a refusal of a
    closing that nobody asked for; that is for a month that is not closed yet. `told` is the reason
    of a refusal that was told before: the same is not told again.
    """

    month: SettlementMonth
    cause: Cause
    policy_name: str | None = None
    preview: bool = False
    acknowledge_paid: bool = False
    approval: ApprovalRule = NO_APPROVAL
    rests_on: int | None = None
    told: str | None = None


@dataclass(frozen=True, slots=True)
class GatheredMonth:
    """Everything that decides a month, and its previous evaluation, None for a first closing."""

    chosen: PolicyText
    window: tuple[Revision, ...]
    content: EvaluationInput
    before: Evaluation | None

    @property
    def month(self) -> SettlementMonth:
        """The settlement month."""
        return self.content.month

    @property
    def decided(self) -> Evaluation | None:
        """The evaluation of exactly this input; None if there is none yet."""
        same = self.before and self.before.input_hash == self.content.content_hash
        return self.before if same else None


@dataclass(frozen=True, slots=True)
class EvaluatedMonth:
    """A month's evaluation, and how it differs from the previous one.

    `earned` are the awards that it decided, `changes` the stores whose result changed; `changed`
    says whether the evaluation is new.
    """

    evaluation: Evaluation
    changed: bool
    policy: Policy
    revision: Revision
    earned: frozenset[Award]
    changes: tuple[ChangedResult, ...]
    restatement: Restatement
    paid_out: bool

    @property
    def month(self) -> SettlementMonth:
        """The settlement month."""
        return self.evaluation.settlement_month


def gather_month(state: ProgramState, month: SettlementMonth, chosen: PolicyText) -> GatheredMonth:
    """Gather everything that decides a month by a policy; raises WindowIncomplete."""
    window = state.window(month, chosen.policy.window_months)
    content = EvaluationInput(
        month=month,
        window=tuple((each.settlement_month, each.content_hash) for each in window),
        policy_hash=chosen.policy.content_hash,
        standing=state.standing,
    )
    return GatheredMonth(chosen, window, content, state.evaluations.get(month))


def evaluate_month(
    connection: Connection, state: ProgramState, gathered: GatheredMonth, cause: Cause
) -> EvaluatedMonth:
    """Decide a month unless this input was decided before, and compare it with what stands."""
    if gathered.decided is not None:
        return _compared(connection, state, gathered, gathered.decided, ())
    chosen, content, window = gathered.chosen, gathered.content, gathered.window
    revision_ids = [each.revision_id for each in window]
    stores = _stores_with_other_input(connection, gathered, state.bound_before)
    count = window[-1].sellers if stores is None else len(stores)
    counted = many("store", count)
    log.info(sentence("deciding {month} for {stores}", month=content.month, stores=counted))
    record_policy(connection, chosen)
    evaluation = record_evaluation(connection, content, revision_ids, gathered.before, cause)
    terms = Terms.of(chosen.policy, content.month)
    given = DecisionInput(terms, revision_ids, content.earlier_awards)
    decide_stores(connection, evaluation.evaluation_id, given, stores)
    changes = changed_results(connection, gathered.before, evaluation, stores)
    return _compared(connection, state, gathered, evaluation, changes)


def _compared(
    connection: Connection,
    state: ProgramState,
    gathered: GatheredMonth,
    evaluation: Evaluation,
    changes: tuple[ChangedResult, ...],
) -> EvaluatedMonth:
    month = gathered.month
    earned = frozenset(earned_awards(connection, evaluation.evaluation_id, month))
    return EvaluatedMonth(
        evaluation=evaluation,
        changed=evaluation is not gathered.before,
        policy=gathered.chosen.policy,
        revision=gathered.window[-1],
        earned=earned,
        changes=changes,
        restatement=restate(
            state.awards_of(month) - state.clawed_back,
            earned,
            paid_out=month in state.paid,
            paid_elsewhere=state.paid_elsewhere(month),
        ),
        paid_out=month in state.paid,
    )


def _stores_with_other_input(
    connection: Connection, gathered: GatheredMonth, bound_before: AwardsByMonth
) -> frozenset[str] | None:
    """Return the stores to decide again, or None for all of them.

    All are decided again if the policy changed or the previous input cannot be reconstructed.
    """
    before, content = gathered.before, gathered.content
    if before is None or before.policy_hash != content.policy_hash:
        return None
    revisions = evaluated_revisions(connection, before.evaluation_id)
    content_before = replace(
        content,
        window=tuple((month, of) for month, (_, of) in revisions.items()),
        standing=bound_before,
    )
    if content_before.content_hash != before.input_hash:
        return None
    return stores_with_changed_input(
        connection,
        {month: number for month, (number, _) in revisions.items()},
        {each.settlement_month: each.revision_id for each in gathered.window},
        gathered.chosen.policy.counted_line_types,
    ) | {award.seller_id for award in content.changed_earlier_awards(bound_before)}
