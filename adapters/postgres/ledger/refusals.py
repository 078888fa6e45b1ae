"""What the ledger refuses, each with the sentence that an operator reads."""

import shlex
from datetime import date

from sqlalchemy.exc import DBAPIError

from domain.months import SettlementMonth
from domain.refusal import Refused, WrongUsage
from domain.using.standing import UseRefusal


class NothingToPost(WrongUsage):
    """A posting without a transfer, or an adjustment by nothing, was asked for."""


class PostingConflict(Refused):
    """A posting's key was used before, for something else."""

    def __init__(self, key: str) -> None:
        super().__init__(
            f"The ledger already has a posting {key} with other content. "
            "What was posted stays; post the correction under a key of its own."
        )
        self.key = key


class AlreadyPaidOut(Refused):
    """Awards of a month were to be posted or reversed after the month's payout (rule 16)."""

    def __init__(self, month: SettlementMonth, paid_on: date) -> None:
        super().__init__(
            f"{month} was paid out on {paid_on}; what was paid stays. "
            "Correct a seller's points with an adjustment and a reason."
        )
        self.month = month
        self.paid_on = paid_on


class PayoutNotDue(Refused):
    """A month was to be paid before its payout date, or before it has one (rule 14)."""

    def __init__(self, month: SettlementMonth, paid_on: date, due_on: date | None) -> None:
        when = f"is due on {due_on}, not on {paid_on}" if due_on else "has no payout date yet"
        super().__init__(f"{month} cannot be paid: it {when}. Nothing was paid.")
        self.month = month
        self.paid_on = paid_on
        self.due_on = due_on


class AwardNotPending(Refused):
    """An award was to be reversed that is not posted, or no longer pending."""

    def __init__(self, month: SettlementMonth, pending: int, asked: int) -> None:
        super().__init__(
            f"{asked - pending} of {asked} awards of {month} cannot be reversed: "
            "the ledger has no such pending award. Nothing was reversed."
        )
        self.month = month


class BalanceTooLow(Refused):
    """More points were to be taken from an account than are in it."""

    def __init__(self, seller_id: str, points: int, available: int) -> None:
        super().__init__(
            f"Seller {seller_id} has fewer than {points:,} available points: {available:,} are "
            "left to take. Nothing was taken."
        )
        self.seller_id = seller_id
        self.points = points
        self.available = available


class AdjustmentNotApproved(Refused):
    """More points were to be given or taken than the policy allows without an approval."""

    def __init__(self, request_id: str, seller_id: str, points: int, limit: int) -> None:
        what = shlex.join([request_id, seller_id, str(points)])
        super().__init__(
            f"An adjustment of more than {limit:,} points needs an approval. Nothing was adjusted. "
            f"Have it approved, then repeat it: growth-points approve-adjustment {what} "
            "--reason TEXT"
        )
        self.request_id, self.limit = request_id, limit


class AdjustmentAhead(Refused):
    """An adjustment was dated after the database's day: what it gives were usable for too long."""

    def __init__(self) -> None:
        super().__init__(
            "An adjustment is dated today, and by the database's clock that day has not come. "
            "Nothing was adjusted; check the clocks of this machine and of the database."
        )


class NotEntitled(Refused):
    """The database refused a conversion; `refusal` says why, and the caller knows the numbers."""

    def __init__(self, refusal: UseRefusal) -> None:
        super().__init__(f"{refusal}: the ledger refuses the conversion. Nothing was converted.")
        self.refusal = refusal


class BudgetExceeded(Refused):
    """The program fund would fall below its floor."""

    def __init__(self) -> None:
        super().__init__(
            "The program's budget does not cover these points. Nothing was posted; "
            "raise the budget (the floor of the program fund) and run it again."
        )


def constraint_of(error: DBAPIError) -> str | None:
    """Name the constraint that the database found broken, if it was one."""
    diagnosis = getattr(error.orig, "diag", None)
    return getattr(diagnosis, "constraint_name", None)
