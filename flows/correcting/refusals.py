"""The refusals of an adjustment, with their messages."""

from collections.abc import Sequence

from domain.corrections import (
    EarnedInAnotherMonth,
    MonthNotPaid,
    NotOverAwarded,
    NotUnderAwarded,
    Refusal,
)
from domain.ledger import Award
from domain.many import many
from domain.months import SettlementMonth
from domain.refusal import Refused, WrongUsage
from domain.sentence import Text, joined, sentence


class AdjustmentInvalid(WrongUsage):
    """An adjustment by 0 points, without a reason, or with an unusable request id."""


class ApprovalNotNeeded(Refused):
    """An adjustment was to be approved that needs no approval."""

    def __init__(self, points: int, limit: int) -> None:
        super().__init__(
            sentence(
                "An adjustment of {points:,} points needs no approval: only one of "
                "more than {limit:,} does. Nothing was approved.",
                points=points,
                limit=limit,
            )
        )
        self.limit = limit


class AdjustmentApproved(Refused):
    """A request was approved before, for other points or another seller."""

    def __init__(self, request_id: str, seller_id: str, points: int) -> None:
        super().__init__(
            sentence(
                "Request {request_id} is approved for {points:,} points of seller "
                "{seller_id}, and what was approved stays. Nothing was approved; "
                "adjust under another --request-id.",
                request_id=request_id,
                points=points,
                seller_id=seller_id,
            )
        )
        self.request_id = request_id


class CorrectionRefused(Refused):
    """The facts of the month do not allow the correction; `refusal` says which."""

    def __init__(
        self, seller_id: str, month: SettlementMonth, points: int, refusal: Refusal
    ) -> None:
        super().__init__(_told(seller_id, month, points, refusal))
        self.refusal = refusal


class LaterMonthOutdated(Refused):
    """A later month would be evaluated again on data that it was not closed with."""

    def __init__(self, month: SettlementMonth, outdated: SettlementMonth) -> None:
        super().__init__(
            sentence(
                "A correction of {month} evaluates {outdated} again, and settlement "
                "data in its window was replaced after it was closed. Nothing was "
                "awarded. Close it again first: growth-points close {outdated}",
                month=month,
                outdated=outdated,
            )
        )
        self.month, self.outdated = month, outdated


def _told(seller_id: str, month: SettlementMonth, points: int, refusal: Refusal) -> Text:
    facts: dict[str, object] = {"month": month, "seller_id": seller_id}
    match refusal:
        case MonthNotPaid(closed=True):
            return sentence(
                "{month} is not paid yet: closing it again corrects it. Nothing was adjusted.",
                **facts,
            )
        case MonthNotPaid():
            return sentence(
                "{month} was never closed, so there is nothing to correct. Nothing was adjusted.",
                **facts,
            )
        case NotOverAwarded(over_awards):
            return sentence(
                "{month} gave seller {seller_id} {awards} too much{asked}. Nothing was clawed "
                "back.",
                awards=_list(over_awards),
                asked=_asked(-points, over_awards),
                **facts,
            )
        case NotUnderAwarded(under_awards):
            return sentence(
                "Seller {seller_id} lacks {awards} from {month}{asked}. Nothing was awarded.",
                awards=_list(under_awards),
                asked=_asked(points, under_awards),
                **facts,
            )
        case EarnedInAnotherMonth(award, earned_in):
            return sentence(
                "{month} did not earn tier {tier} for seller {seller_id}, but {earned_in} did, "
                "and each tier is given once. Nothing was clawed back.",
                tier=award.tier,
                earned_in=earned_in,
                **facts,
            )


def _asked(points: int, awards: Sequence[Award]) -> Text:
    """Say which other number of points was asked for, if there are any awards."""
    return sentence(", not {points}", points=many("point", points)) if awards else ""


def _list(awards: Sequence[Award]) -> Text:
    listed = [
        sentence("tier {tier}, {points}", tier=each.tier, points=many("point", each.points))
        for each in awards
    ]
    return joined(listed, sentence(" and ")) if listed else sentence("nothing")
