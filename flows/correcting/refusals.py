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
from domain.months import SettlementMonth
from domain.refusal import Refused, WrongUsage


class AdjustmentInvalid(WrongUsage):
    """An adjustment by 0 points, without a reason, or with an unusable request id."""


class ApprovalNotNeeded(Refused):
    """An adjustment was to be approved that needs no approval."""

    def __init__(self, points: int, limit: int) -> None:
        super().__init__(
            f"An adjustment of {points:,} points needs no approval: only one of more than "
            f"{limit:,} does. Nothing was approved."
        )
        self.limit = limit


class AdjustmentApproved(Refused):
    """A request was approved before, for other points or another seller."""

    def __init__(self, request_id: str, seller_id: str, points: int) -> None:
        super().__init__(
            f"Request {request_id} is approved for {points:,} points of seller {seller_id}, and "
            "what was approved stays. Nothing was approved; adjust under another --request-id."
        )
        self.request_id = request_id


class CorrectionRefused(Refused):
    """The facts of the month do not allow the correction; `refusal` says which."""

    def __init__(
        self, seller_id: str, month: SettlementMonth, points: int, refusal: Refusal
    ) -> None:
        super().__init__(_sentence(seller_id, month, points, refusal))
        self.refusal = refusal


class LaterMonthOutdated(Refused):
    """A later month would be evaluated again on data that it was not closed with."""

    def __init__(self, month: SettlementMonth, outdated: SettlementMonth) -> None:
        super().__init__(
            f"A correction of {month} evaluates {outdated} again, and settlement data in its "
            "window was replaced after it was closed. Nothing was awarded. Close it again first: "
            f"growth-points close {outdated}"
        )
        self.month, self.outdated = month, outdated


def _sentence(seller_id: str, month: SettlementMonth, points: int, refusal: Refusal) -> str:
    match refusal:
        case MonthNotPaid(closed=True):
            return f"{month} is not paid yet: closing it again corrects it. Nothing was adjusted."
        case MonthNotPaid():
            return (
                f"{month} was never closed, so there is nothing to correct. Nothing was adjusted."
            )
        case NotOverAwarded(over_awards):
            asked = f", not {-points:,} points" if over_awards else ""
            return (
                f"{month} gave seller {seller_id} {_list(over_awards)} too much{asked}. "
                "Nothing was clawed back."
            )
        case NotUnderAwarded(under_awards):
            asked = f", not {points:,} points" if under_awards else ""
            return (
                f"Seller {seller_id} lacks {_list(under_awards)} from {month}{asked}. "
                "Nothing was awarded."
            )
        case EarnedInAnotherMonth(award, earned_in):
            return (
                f"{month} did not earn tier {award.tier} for seller {seller_id}, but {earned_in} "
                "did, and each tier is given once. Nothing was clawed back."
            )


def _list(awards: Sequence[Award]) -> str:
    texts = (f"tier {each.tier}, {each.points:,} points" for each in awards)
    return " and ".join(texts) or "nothing"
