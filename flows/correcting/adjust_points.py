"""Adjusting a seller's points: freely, or as the grant of what a paid month lacks (rule 16)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection, Engine

from adapters.korean_holidays import Calendar
from adapters.policy_files import PolicyText
from adapters.postgres.database import lock_program
from adapters.postgres.decisions import decisions
from adapters.postgres.evaluations import (
    Evaluation,
    current_evaluation,
    current_evaluations,
    outdated_months,
)
from adapters.postgres.grants import binding_awards, grant, granted_awards
from adapters.postgres.ledger import Posted, adjust, check_now, paid_months
from adapters.postgres.revisions import seller_is_known
from adapters.postgres.runs import Action, record_run
from adapters.postgres.take_backs import give_back, given_back, take_back, taken_back
from domain.cause import Cause
from domain.ledger import Award, adjustment_key, adjustment_request_id
from domain.months import SettlementMonth
from domain.refusal import Refused, WrongUsage
from domain.restatement import Restatement, restate
from flows.closing.cascade import (
    evaluate_in_order,
    not_planned_by_their_policy,
    post_differences,
    require_acknowledgment,
)
from flows.closing.evaluation import EvaluatedMonth
from flows.closing.program_state import gather_state
from flows.closing.runs import record_evaluated_again
from flows.paying.plan_payouts import plan_payouts

_LONGEST_ID: Final = 64


class AdjustmentInvalid(WrongUsage):
    """An adjustment by nothing, or without a reason."""


class SellerUnknown(Refused):
    """A seller that no snapshot ever had."""

    def __init__(self, seller_id: str) -> None:
        super().__init__(
            f"No seller {seller_id!r} is in any month's snapshot. Nothing was adjusted; "
            "look the id up with: growth-points decisions MONTH"
        )
        self.seller_id = seller_id


class MonthNotPaid(Refused):
    """An award was to be corrected of a month that paid none yet."""

    def __init__(self, month: SettlementMonth, *, closed: bool) -> None:
        why = (
            f"{month} is not paid yet: closing it again corrects it"
            if closed
            else f"{month} was never closed: there is nothing in it to correct"
        )
        super().__init__(f"{why}. Nothing was adjusted.")
        self.month = month


class NothingToTakeBack(Refused):
    """Points were to be taken back that the month did not give too much."""

    def __init__(
        self, seller_id: str, month: SettlementMonth, over: Sequence[Award], points: int
    ) -> None:
        asked = f", not {points:,} points" if over else ""
        super().__init__(
            f"{month} gave seller {seller_id} {_told(over)} too much{asked}. "
            "Nothing was taken back."
        )
        self.seller_id = seller_id
        self.month = month
        self.over = tuple(over)


class NothingToGrant(Refused):
    """A grant of points that the month does not lack."""

    def __init__(
        self, seller_id: str, month: SettlementMonth, missing: Sequence[Award], points: int
    ) -> None:
        asked = f", not {points:,} points" if missing else ""
        super().__init__(
            f"Seller {seller_id} lacks {_told(missing)} from {month}{asked}. Nothing was granted."
        )
        self.seller_id = seller_id
        self.month = month
        self.missing = tuple(missing)


class EarnedInAnotherMonth(Refused):
    """Points were to be taken back that another month earned, and has from this one alone."""

    def __init__(self, award: Award, earned_in: SettlementMonth) -> None:
        super().__init__(
            f"{award.settlement_month} did not earn tier {award.tier} for seller "
            f"{award.seller_id}, but {earned_in} did, and each tier is given once. "
            "Nothing was taken back."
        )
        self.award, self.earned_in = award, earned_in


class LaterMonthOutdated(Refused):
    """A grant would have a later month decided on data that it was not closed with."""

    def __init__(self, month: SettlementMonth, outdated: SettlementMonth) -> None:
        super().__init__(
            f"A grant for {month} evaluates {outdated} again, and settlement data of its window "
            "was replaced since it was closed. Nothing was granted. Close it again first: "
            f"growth-points close {outdated}"
        )
        self.month, self.outdated = month, outdated


def _told(awards: Sequence[Award]) -> str:
    told = (f"tier {each.tier}, {each.points:,} points" for each in awards)
    return " and ".join(told) or "nothing"


@dataclass(frozen=True, slots=True)
class AdjustmentRequest:
    """Points to give to a seller, or below zero to take.

    `month` is the paid month that lacks just these points, or gave them too much.

    A request is answered once. Without an id of its own it is known by all that it says.
    `acknowledge_paid` agrees that later months stay paid, though a grant changes what they earned.
    """

    seller_id: str
    points: int
    effective_on: date
    cause: Cause
    month: SettlementMonth | None = None
    own_id: str = ""
    acknowledge_paid: bool = False

    def __post_init__(self) -> None:
        if not self.cause.reason.strip():
            raise AdjustmentInvalid("an adjustment needs a reason: --reason TEXT")
        if self.points == 0:
            raise AdjustmentInvalid("an adjustment by 0 points adjusts nothing")
        if len(self.own_id) > _LONGEST_ID or not self.own_id.isprintable():
            raise AdjustmentInvalid(
                f"a request id has up to {_LONGEST_ID} letters, digits and signs in one line"
            )
        if self.own_id and self.month is not None:
            raise AdjustmentInvalid(
                "what a paid month gave otherwise than earned is corrected once, whoever asks: "
                "leave the request id out"
            )

    @property
    def request_id(self) -> str:
        """The id under which the ledger keeps it, so that a retry is not a second adjustment."""
        return self.own_id or adjustment_request_id(self.seller_id, self.points, self.cause.reason)


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What was posted, and the later months that were evaluated again because of a grant."""

    request: AdjustmentRequest
    posted: Posted
    months: tuple[EvaluatedMonth, ...] = ()


def adjust_points(
    engine: Engine,
    request: AdjustmentRequest,
    policies: Sequence[PolicyText],
    calendar: Calendar,
) -> Adjustment:
    """Adjust a seller's points in one transaction; the same request again does nothing.

    A grant takes its tier, so the later closed months are evaluated again. A take-back frees none:
    what was paid stays awarded. Raises SellerUnknown, NothingToGrant, NothingToTakeBack,
    EarnedInAnotherMonth, LaterMonthOutdated, ChangesPaidMonths, BalanceTooLow, PostingConflict.
    """
    with engine.begin() as connection:
        lock_program(connection)
        if not seller_is_known(connection, request.seller_id):
            raise SellerUnknown(request.seller_id)
        if request.month is None:
            adjustment = Adjustment(request, _adjust(connection, request))
        elif returned := _award_to_return(connection, request, request.month):
            adjustment = _return(connection, request, returned)
        else:
            adjustment = _grant(connection, request, request.month, policies, calendar)
        check_now(connection)
    return adjustment


def _adjust(connection: Connection, request: AdjustmentRequest) -> Posted:
    cause = request.cause
    return adjust(
        connection,
        key=adjustment_key(request.request_id),
        seller_id=request.seller_id,
        points=request.points,
        effective_on=request.effective_on,
        actor=cause.actor,
        reason=cause.reason,
    )


def _grant(
    connection: Connection,
    request: AdjustmentRequest,
    month: SettlementMonth,
    policies: Sequence[PolicyText],
    calendar: Calendar,
) -> Adjustment:
    cause = request.cause
    award = _granted_or_missing(connection, request, month)
    decided_on = binding_awards(connection)
    posted = _correct(connection, request, award, grant)
    if not posted.created:
        return Adjustment(request, posted)
    state = gather_state(connection, policies, decided_on)
    later = state.months_from(month)[1:]
    _require_newest_data(connection, month, later)
    months = evaluate_in_order(connection, state, later, cause, {})
    if not request.acknowledge_paid:
        require_acknowledgment(month, months)
    post_differences(connection, months, cause)
    plan_payouts(connection, not_planned_by_their_policy(connection, months), calendar)
    record_evaluated_again(connection, months, month, cause)
    return Adjustment(request, posted, months)


def _require_newest_data(
    connection: Connection, month: SettlementMonth, later: Sequence[SettlementMonth]
) -> None:
    """Raise LaterMonthOutdated unless a grant alone would change the later months."""
    outdated = outdated_months(connection).intersection(later)
    if outdated:
        raise LaterMonthOutdated(month, min(outdated))


def _award_to_return(
    connection: Connection, request: AdjustmentRequest, month: SettlementMonth
) -> Award | None:
    """Find the paid award whose points go back, or are given back; None for a grant.

    What a month lacks is given back even when the points were taken back from another month's
    award: each tier is awarded once, to whichever month.
    """
    seller_id = request.seller_id
    taken = taken_back(connection, seller_id=seller_id)
    way = _paid_otherwise(connection, seller_id, month)
    if request.points < 0:
        for award in (*way.over_awarded, *taken):
            if (award.settlement_month, award.points) == (month, -request.points):
                if award not in taken:
                    _require_earned_nowhere(connection, award)
                return award
        raise NothingToTakeBack(seller_id, month, way.over_awarded, -request.points)
    lacking, had = ({each.tier for each in of} for of in (way.under_awarded, way.held_elsewhere))
    owed = [each for each in taken if each.tier in lacking]
    returned = given_back(connection, seller_id=seller_id)
    again = [each for each in returned if each.settlement_month == month or each.tier in had]
    return next((each for each in (*owed, *again) if each.points == request.points), None)


def _require_earned_nowhere(connection: Connection, award: Award) -> None:
    """Raise EarnedInAnotherMonth if a month earned the tier that this award gave the store."""
    for each in current_evaluations(connection):
        if any(one.tier == award.tier for one in _earned(connection, each, award.seller_id)):
            raise EarnedInAnotherMonth(award, each.settlement_month)


def _earned(connection: Connection, evaluation: Evaluation, seller_id: str) -> set[Award]:
    return {
        Award(each.settlement_month, seller_id, each.tier, each.points)
        for each in decisions(connection, evaluation.evaluation_id, seller_id=seller_id)
        if each.tier is not None
    }


def _return(connection: Connection, request: AdjustmentRequest, award: Award) -> Adjustment:
    way = take_back if request.points < 0 else give_back
    return Adjustment(request, _correct(connection, request, award, way))


def _correct(
    connection: Connection, request: AdjustmentRequest, award: Award, way: Callable[..., Posted]
) -> Posted:
    """Go a way for an award, and have the history of its month tell of it."""
    cause, month = request.cause, award.settlement_month
    posted = way(
        connection,
        award,
        effective_on=request.effective_on,
        actor=cause.actor,
        reason=cause.reason,
    )
    evaluation = current_evaluation(connection, month)
    record_run(
        connection,
        month,
        Action.GRANT,
        cause,
        changed=posted.created,
        difference={"points": request.points if posted.created else 0},
        evaluation_id=None if evaluation is None else evaluation.evaluation_id,
    )
    return posted


def _granted_or_missing(
    connection: Connection, request: AdjustmentRequest, month: SettlementMonth
) -> Award:
    granted = granted_awards(connection, seller_id=request.seller_id)
    missing = _paid_otherwise(connection, request.seller_id, month).under_awarded
    for award in (*missing, *granted):
        if (award.settlement_month, award.points) == (month, request.points):
            return award
    raise NothingToGrant(request.seller_id, month, missing, request.points)


def _paid_otherwise(connection: Connection, seller_id: str, month: SettlementMonth) -> Restatement:
    """Compare what a paid month gave a seller with what it earned, and holds from no month."""
    evaluation = current_evaluation(connection, month)
    if evaluation is None or month not in paid_months(connection):
        raise MonthNotPaid(month, closed=evaluation is not None)
    taken = taken_back(connection, seller_id=seller_id)
    binding = {each for each in binding_awards(connection) if each.seller_id == seller_id}
    return restate(
        {each for each in binding - taken if each.settlement_month == month},
        _earned(connection, evaluation, seller_id),
        paid_out=True,
    ).settled(binding, taken)
