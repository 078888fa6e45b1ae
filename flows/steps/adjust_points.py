"""Adjusting a seller's points: freely, or as the grant of what a paid month lacks (rule 16)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection, Engine

from adapters.policy_files import PolicyText
from adapters.postgres.database import lock_program
from adapters.postgres.decisions import earned_awards
from adapters.postgres.evaluations import current_evaluation
from adapters.postgres.grants import binding_awards, grant, granted_awards
from adapters.postgres.ledger import Posted, adjust, check_now, paid_months
from adapters.postgres.revisions import seller_is_known
from adapters.postgres.runs import Action, record_run
from domain.cause import Cause
from domain.ledger import Award, adjustment_key, adjustment_request_id
from domain.months import SettlementMonth
from domain.refusal import Refused, WrongUsage
from domain.restatement import restate
from flows.closing.cascade import (
    Calendar,
    evaluate_in_order,
    months_from,
    not_planned_by_their_policy,
    plan_payouts,
    post_differences,
)
from flows.closing.evaluation import EvaluatedMonth
from flows.closing.runs import record_evaluations

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


class NothingToGrant(Refused):
    """A grant of points that the month does not lack."""

    def __init__(self, seller_id: str, month: SettlementMonth, missing: Sequence[Award]) -> None:
        told = " and ".join(f"tier {each.tier}, {each.points:,} points" for each in missing)
        super().__init__(
            f"Seller {seller_id} lacks {told or 'nothing'} from {month}, not what was asked for. "
            "Nothing was granted."
        )
        self.seller_id = seller_id
        self.month = month
        self.missing = tuple(missing)


@dataclass(frozen=True, slots=True)
class AdjustmentRequest:
    """Points to give to a seller, or below zero to take; `month` names what they grant.

    A request is answered once. Without an id of its own it is known by all that it says.
    """

    seller_id: str
    points: int
    effective_on: date
    cause: Cause
    month: SettlementMonth | None = None
    own_id: str = ""

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
                "what a month lacks is granted once, whoever asks: leave the request id out"
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

    A grant takes its tier, so the later closed months are evaluated again.
    Raises SellerUnknown, NothingToGrant, BalanceTooLow, PostingConflict.
    """
    with engine.begin() as connection:
        lock_program(connection)
        if not seller_is_known(connection, request.seller_id):
            raise SellerUnknown(request.seller_id)
        if request.month is None:
            adjustment = Adjustment(request, _adjust(connection, request))
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
    posted = grant(
        connection,
        award,
        effective_on=request.effective_on,
        actor=cause.actor,
        reason=cause.reason,
    )
    difference = {"points": award.points if posted.created else 0}
    record_run(
        connection, month, Action.GRANT, cause, changed=posted.created, difference=difference
    )
    if not posted.created:
        return Adjustment(request, posted)
    later = months_from(connection, month)[1:]
    months = evaluate_in_order(connection, later, policies, cause, {}, decided_on)
    post_differences(connection, months, cause)
    plan_payouts(connection, not_planned_by_their_policy(connection, months), calendar)
    record_evaluations(connection, Action.GRANT, month, months, None, cause)
    return Adjustment(request, posted, months)


def _granted_or_missing(
    connection: Connection, request: AdjustmentRequest, month: SettlementMonth
) -> Award:
    granted = granted_awards(connection, seller_id=request.seller_id)
    missing = _missing_awards(connection, request.seller_id, month)
    for award in (*missing, *granted):
        if (award.settlement_month, award.points) == (month, request.points):
            return award
    raise NothingToGrant(request.seller_id, month, missing)


def _missing_awards(
    connection: Connection, seller_id: str, month: SettlementMonth
) -> tuple[Award, ...]:
    """List what a seller earned in a paid month, and holds from no month."""
    evaluation = current_evaluation(connection, month)
    paid = paid_months(connection)
    if evaluation is None or month not in paid:
        return ()
    binding = binding_awards(connection)
    earned = earned_awards(connection, evaluation.evaluation_id, month)
    way = restate(
        {each for each in binding if each.settlement_month == month}, earned, paid_out=True
    ).settled(binding)
    return tuple(award for award in way.under_awarded if award.seller_id == seller_id)
