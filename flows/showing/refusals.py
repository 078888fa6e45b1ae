"""The refusals of showing a store's decision, with their messages."""

from domain.months import SettlementMonth
from domain.refusal import Refused
from domain.sentence import sentence


class MonthNotClosed(Refused):
    """The month was never closed."""

    def __init__(self, month: SettlementMonth) -> None:
        super().__init__(
            sentence(
                "{month} was never closed. Close it with: growth-points close {month}", month=month
            )
        )
        self.month = month


class NoDecision(Refused):
    """The month has no decision for the seller."""

    def __init__(self, seller_id: str, month: SettlementMonth) -> None:
        super().__init__(
            sentence(
                "There is no decision for seller {seller_id!r} in {month}: the store "
                "is not in the month's seller snapshot.",
                seller_id=seller_id,
                month=month,
            )
        )
        self.seller_id = seller_id
        self.month = month
