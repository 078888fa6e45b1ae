"""What the ledger refuses, each with the sentence that an operator reads."""

import shlex
from datetime import date

from sqlalchemy.exc import DBAPIError

from domain.months import SettlementMonth
from domain.refusal import Refused, WrongUsage
from domain.sentence import sentence
from domain.using.standing import UseRefusal


class NothingToPost(WrongUsage):
    """A posting without a transfer, or an adjustment by nothing, was asked for."""


class PostingConflict(Refused):
    """A posting's key was used before, for something else."""

    def __init__(self, key: str) -> None:
        super().__init__(
            sentence(
                "The ledger already has a posting {key} with other content. What was "
                "posted stays; post the correction under a key of its own.",
                key=key,
            )
        )
        self.key = key


class AlreadyPaidOut(Refused):
    """Awards of a month were to be posted or reversed after the month's payout (rule 16)."""

    def __init__(self, month: SettlementMonth, paid_on: date) -> None:
        super().__init__(
            sentence(
                "{month} was paid out on {paid_on}; what was paid stays. Correct a "
                "seller's points with an adjustment and a reason.",
                month=month,
                paid_on=paid_on,
            )
        )
        self.month = month
        self.paid_on = paid_on


class PayoutNotDue(Refused):
    """A month was to be paid before its payout date, or before it has one (rule 14)."""

    def __init__(self, month: SettlementMonth, paid_on: date, due_on: date | None) -> None:
        when = (
            sentence("is due on {due_on}, not on {paid_on}", due_on=due_on, paid_on=paid_on)
            if due_on
            else sentence("has no payout date yet")
        )
        super().__init__(
            sentence("{month} cannot be paid: it {when}. Nothing was paid.", month=month, when=when)
        )
        self.month = month
        self.paid_on = paid_on
        self.due_on = due_on


class PayoutNotDecided(Refused):
    """A month was to be paid whose awards are not those that it decided."""

    def __init__(self, month: SettlementMonth) -> None:
        super().__init__(
            sentence(
                "{month} is not paid: its awards are not those that it decided. See which "
                "stores differ: growth-points verify",
                month=month,
            )
        )
        self.month = month


class AwardNotPending(Refused):
    """An award was to be reversed that is not posted, or no longer pending."""

    def __init__(self, month: SettlementMonth, pending: int, asked: int) -> None:
        super().__init__(
            sentence(
                "{missing} of {asked} awards of {month} cannot be reversed: the ledger "
                "has no such pending award. Nothing was reversed.",
                missing=asked - pending,
                asked=asked,
                month=month,
            )
        )
        self.month = month


class BalanceTooLow(Refused):
    """More points were to be taken from an account than are in it."""

    def __init__(self, seller_id: str, points: int, available: int) -> None:
        super().__init__(
            sentence(
                "Seller {seller_id} has fewer than {points:,} available points: "
                "{available:,} are left to take. Nothing was taken.",
                seller_id=seller_id,
                points=points,
                available=available,
            )
        )
        self.seller_id = seller_id
        self.points = points
        self.available = available


class AdjustmentNotApproved(Refused):
    """More points were to be given or taken than the policy allows without an approval."""

    def __init__(self, request_id: str, seller_id: str, points: int, limit: int) -> None:
        what = shlex.join([request_id, seller_id, str(points)])
        super().__init__(
            sentence(
                "An adjustment of more than {limit:,} points needs an approval. "
                "Nothing was adjusted. Have it approved, then repeat it: growth-points "
                "approve-adjustment {what} --reason TEXT",
                limit=limit,
                what=what,
            )
        )
        self.request_id, self.limit = request_id, limit


class CorrectionNotApproved(Refused):
    """A correction was to bring a month above the points that need an approval to be paid."""

    def __init__(
        self, key: str, seller_id: str, points: int, month: SettlementMonth, total: int
    ) -> None:
        what = shlex.join([key, seller_id, str(points)])
        super().__init__(
            sentence(
                "This correction brings {month} to {total:,} points in all, more than its closing "
                "lets pass without an approval. Nothing was adjusted. Have it approved, then "
                "repeat it: growth-points approve-adjustment {what} --reason TEXT",
                month=month,
                total=total,
                what=what,
            )
        )
        self.key, self.month, self.total = key, month, total


class AdjustmentAhead(Refused):
    """An adjustment was dated after the database's day: what it gives were usable for too long."""

    def __init__(self) -> None:
        super().__init__(
            sentence(
                "An adjustment is dated today, and by the database's clock that day "
                "has not come. Nothing was adjusted; check the clocks of this machine "
                "and of the database."
            )
        )


class NotEntitled(Refused):
    """The database refused a conversion; `refusal` says why, and the caller knows the numbers."""

    def __init__(self, refusal: UseRefusal) -> None:
        super().__init__(
            sentence(
                "{refusal}: the ledger refuses the conversion. Nothing was converted.",
                refusal=refusal,
            )
        )
        self.refusal = refusal


class BudgetExceeded(Refused):
    """The program fund would fall below its floor."""

    def __init__(self) -> None:
        super().__init__(
            sentence(
                "The program's budget does not cover these points. Nothing was posted; "
                "raise the budget (the floor of the program fund) and run it again."
            )
        )


def constraint_of(error: DBAPIError) -> str | None:
    """Name the constraint that the database found broken, if it was one."""
    diagnosis = getattr(error.orig, "diag", None)
    return getattr(diagnosis, "constraint_name", None)
