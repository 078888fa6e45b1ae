"""Why points are not adjusted, each in the sentence that an operator reads."""

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
    """An adjustment by nothing, or without a reason."""


class SellerUnknown(Refused):
    """A seller that no snapshot ever had."""

    def __init__(self, seller_id: str) -> None:
        super().__init__(
            f"No seller {seller_id!r} is in any month's snapshot. Nothing was adjusted; "
            "look the id up with: growth-points decisions MONTH"
        )
        self.seller_id = seller_id


class CorrectionRefused(Refused):
    """A correction of a month was asked for that its facts do not allow; `refusal` has them."""

    def __init__(
        self, seller_id: str, month: SettlementMonth, points: int, refusal: Refusal
    ) -> None:
        super().__init__(_sentence(seller_id, month, points, refusal))
        self.refusal = refusal


class LaterMonthOutdated(Refused):
    """A later month would be decided again on data that it was not closed with."""

    def __init__(self, month: SettlementMonth, outdated: SettlementMonth) -> None:
        super().__init__(
            f"A correction of {month} evaluates {outdated} again, and settlement data of its "
            "window was replaced since it was closed. Nothing was awarded. Close it again first: "
            f"growth-points close {outdated}"
        )
        self.month, self.outdated = month, outdated


def _sentence(seller_id: str, month: SettlementMonth, points: int, refusal: Refusal) -> str:
    match refusal:
        case MonthNotPaid(closed=True):
            return f"{month} is not paid yet: closing it again corrects it. Nothing was adjusted."
        case MonthNotPaid():
            return f"{month} was never closed: it has nothing to correct. Nothing was adjusted."
        case NotOverAwarded(over_awards):
            asked = f", not {-points:,} points" if over_awards else ""
            return (
                f"{month} gave seller {seller_id} {_told(over_awards)} too much{asked}. "
                "Nothing was clawed back."
            )
        case NotUnderAwarded(under_awards):
            asked = f", not {points:,} points" if under_awards else ""
            return (
                f"Seller {seller_id} lacks {_told(under_awards)} from {month}{asked}. "
                "Nothing was awarded."
            )
        case EarnedInAnotherMonth(award, earned_in):
            return (
                f"{month} did not earn tier {award.tier} for seller {seller_id}, but {earned_in} "
                "did, and each tier is given once. Nothing was clawed back."
            )


def _told(awards: Sequence[Award]) -> str:
    told = (f"tier {each.tier}, {each.points:,} points" for each in awards)
    return " and ".join(told) or "nothing"
