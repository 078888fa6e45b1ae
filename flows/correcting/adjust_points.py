"""Adjusting a seller's points: a free adjustment, or the correction of a paid month (rule 16)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection, Engine

from adapters.korean_holidays import Calendar
from adapters.policy_files import PolicyText
from adapters.postgres.corrections import corrections, post_correction, standing_awards_of
from adapters.postgres.database import lock_program
from adapters.postgres.decisions import decisions
from adapters.postgres.evaluations import (
    current_evaluation,
    current_evaluations,
    outdated_months,
)
from adapters.postgres.ledger import Posted, adjust, check_now, paid_months
from adapters.postgres.revisions import require_seller
from adapters.postgres.runs import Action, record_run
from adapters.postgres.using import standing_of
from domain.cause import Cause
from domain.corrections import Case, Correction, CorrectionKind, decide_correction
from domain.ledger import (
    MOST_POINTS,
    Award,
    adjustment_key,
    adjustment_request_id,
    is_correction_key,
)
from domain.months import SettlementMonth
from domain.sentence import sentence
from flows.closing.cascade import (
    evaluate_in_order,
    policies_to_plan_by,
    post_differences,
    record_runs,
    require_acknowledgment,
)
from flows.closing.evaluation import EvaluatedMonth
from flows.closing.program_state import gather_state
from flows.correcting.refusals import (
    AdjustmentInvalid,
    CorrectionRefused,
    LaterMonthOutdated,
)
from flows.one_day import on_one_day
from flows.paying.plan_payouts import plan_payouts

_LONGEST_ID: Final = 64
_LONGEST_KEY: Final = 200  # as the database schema has it
_ACTIONS: Final = {
    CorrectionKind.AWARD: Action.AWARD_CORRECTION,
    CorrectionKind.CLAWBACK: Action.CLAWBACK,
    CorrectionKind.REINSTATEMENT: Action.REINSTATEMENT,
}


def require_adjustable(points: int) -> None:
    """Raise AdjustmentInvalid for a number of points that no adjustment moves."""
    if points == 0:
        raise AdjustmentInvalid(sentence("an adjustment by 0 points adjusts nothing"))
    if abs(points) > MOST_POINTS:
        raise AdjustmentInvalid(
            sentence(
                "{points:,} is not a number of points to adjust by: one adjustment "
                "moves {most_points:,} at most",
                points=points,
                most_points=MOST_POINTS,
            )
        )


def require_request_id(request_id: str) -> None:
    """Raise AdjustmentInvalid for an id or a correction's key, too long or not of one line."""
    longest = _LONGEST_KEY if is_correction_key(request_id) else _LONGEST_ID
    if len(request_id) > longest or not request_id.isprintable():
        raise AdjustmentInvalid(
            sentence(
                "a request id has up to {longest_id} letters, digits and signs in one line",
                longest_id=longest,
            )
        )


@dataclass(frozen=True, slots=True)
class AdjustmentRequest:
    """Points to give to a seller, or to take if negative.

    `month` is the paid month to correct: it lacks exactly these points, or paid them in excess.
    Without `own_id` the request is identified by its content. `acknowledge_paid` agrees that later
    paid months keep their payout though the correction changes their awards. A `preview`
    needs no such agreement.
    """

    seller_id: str
    points: int
    effective_on: date
    cause: Cause
    month: SettlementMonth | None = None
    own_id: str = ""
    acknowledge_paid: bool = False
    preview: bool = False

    def __post_init__(self) -> None:
        if not self.cause.reason.strip():
            raise AdjustmentInvalid(sentence("an adjustment needs a reason: --reason TEXT"))
        require_adjustable(self.points)
        require_request_id(self.own_id)
        if is_correction_key(self.own_id):
            raise AdjustmentInvalid(
                sentence(
                    "{request_id} is the key of a correction; choose another request id",
                    request_id=self.own_id,
                )
            )
        if self.own_id and self.month is not None:
            raise AdjustmentInvalid(
                sentence(
                    "a correction of a paid month is posted once and takes no request id: "
                    "leave it out"
                )
            )

    @property
    def request_id(self) -> str:
        """The id that makes a retry idempotent."""
        return self.own_id or adjustment_request_id(self.seller_id, self.points, self.cause.reason)


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A posted adjustment, what the seller has available then, and the later months.

    `months` are those that were evaluated again because of it.
    """

    request: AdjustmentRequest
    posted: Posted
    available: int
    months: tuple[EvaluatedMonth, ...] = ()


def adjust_points(
    engine: Engine,
    request: AdjustmentRequest,
    policies: Sequence[PolicyText],
    calendar: Calendar,
) -> Adjustment:
    """Adjust a seller's points in one transaction; repeating a request does nothing.

    An award correction takes its tier, so later closed months are evaluated again; a clawback frees
    none. Raises SellerUnknown, CorrectionRefused, LaterMonthOutdated, ChangesPaidMonths,
    BalanceTooLow, PostingConflict, AdjustmentNotApproved, CorrectionNotApproved.
    """

    def adjust_now(connection: Connection) -> Adjustment:
        lock_program(connection)
        require_seller(connection, request.seller_id)
        posted, months = _post(connection, request, policies, calendar)
        check_now(connection)
        available = standing_of(connection, request.seller_id).available
        return Adjustment(request, posted, available, months)

    return on_one_day(engine, adjust_now)


def _post(
    connection: Connection,
    request: AdjustmentRequest,
    policies: Sequence[PolicyText],
    calendar: Calendar,
) -> tuple[Posted, tuple[EvaluatedMonth, ...]]:
    if request.month is None:
        return _adjust(connection, request), ()
    return _correct(connection, request, request.month, policies, calendar)


def _adjust(connection: Connection, request: AdjustmentRequest) -> Posted:
    return adjust(
        connection,
        key=adjustment_key(request.request_id),
        seller_id=request.seller_id,
        points=request.points,
        effective_on=request.effective_on,
        cause=request.cause,
    )


def _correct(
    connection: Connection,
    request: AdjustmentRequest,
    month: SettlementMonth,
    policies: Sequence[PolicyText],
    calendar: Calendar,
) -> tuple[Posted, tuple[EvaluatedMonth, ...]]:
    decided = _decided(connection, request, month)
    posted = post_correction(connection, decided, request.effective_on, request.cause)
    _record(connection, decided, request.cause, posted)
    months: tuple[EvaluatedMonth, ...] = ()
    if posted.created and decided.kind is CorrectionKind.AWARD:
        months = _evaluate_later_months(connection, request, decided.award, policies)
        plan_payouts(connection, policies_to_plan_by(connection, months), calendar)
    return posted, months


def _decided(
    connection: Connection, request: AdjustmentRequest, month: SettlementMonth
) -> Correction:
    decided = decide_correction(_gather_case(connection, request, month))
    if not isinstance(decided, Correction):
        raise CorrectionRefused(request.seller_id, month, request.points, decided)
    return decided


def _gather_case(
    connection: Connection, request: AdjustmentRequest, month: SettlementMonth
) -> Case:
    evaluations = current_evaluations(connection)
    seller_id = request.seller_id
    return Case(
        month=month,
        points=request.points,
        closed=month in {each.settlement_month for each in evaluations},
        paid=month in paid_months(connection),
        earned=frozenset(
            Award(decided.settlement_month, seller_id, decided.tier, decided.points)
            for each in evaluations
            for decided in decisions(connection, each.evaluation_id, seller_id=seller_id)
            if decided.tier is not None
        ),
        awards=standing_awards_of(connection, seller_id),
        corrections=corrections(connection, seller_id=seller_id),
    )


def _record(connection: Connection, made: Correction, cause: Cause, posted: Posted) -> None:
    """Record a correction in the history of the award's month."""
    month = made.award.settlement_month
    evaluation = current_evaluation(connection, month)
    record_run(
        connection,
        month,
        _ACTIONS[made.kind],
        cause,
        changed=posted.created,
        difference={"points": made.points if posted.created else 0},
        evaluation_id=None if evaluation is None else evaluation.evaluation_id,
    )


def _evaluate_later_months(
    connection: Connection,
    request: AdjustmentRequest,
    award: Award,
    policies: Sequence[PolicyText],
) -> tuple[EvaluatedMonth, ...]:
    """Evaluate the later closed months on a new award, and post the difference."""
    month, cause = award.settlement_month, request.cause
    state = gather_state(connection, policies).decided_without(award)
    later = state.months_from(month)[1:]
    _require_newest_data(connection, month, later)
    months = evaluate_in_order(connection, state, later, cause, {})
    if not (request.preview or request.acknowledge_paid):
        require_acknowledgment(month, months)
    post_differences(connection, months, cause)
    record_runs(connection, months, month, cause)
    return months


def _require_newest_data(
    connection: Connection, month: SettlementMonth, later: Sequence[SettlementMonth]
) -> None:
    """Raise LaterMonthOutdated if replaced data would change the later months, too."""
    outdated = outdated_months(connection).intersection(later)
    if outdated:
        raise LaterMonthOutdated(month, min(outdated))
