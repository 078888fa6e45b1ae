"""Paying a month out: its pending points become available, in one transaction, once."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Engine

from adapters.postgres.database import lock_program
from adapters.postgres.evaluations import current_evaluation, outdated_months
from adapters.postgres.ledger import PaidOut, Payout, paid_months, pay_out
from adapters.postgres.payout_dates import planned_payouts
from adapters.postgres.runs import Action, record_run
from domain.approval import NO_APPROVAL, ApprovalRule
from domain.cause import Cause
from domain.months import SettlementMonth
from domain.refusal import Refused
from flows.paying.open_payouts import open_payouts

log = logging.getLogger("growth_points.payout")


class PayoutAhead(Refused):
    """A payout was asked for on a date that has not come."""

    def __init__(self, on: date, today: date) -> None:
        super().__init__(
            f"{on} has not come yet (today is {today} in Seoul), and a payout cannot be taken "
            f"back. Add --ahead to pay out on that date all the same."
        )


class PayoutOutdated(Refused):
    """A month was to be paid whose data was replaced since it was closed."""

    def __init__(self, month: SettlementMonth) -> None:
        super().__init__(
            f"{month} is not paid: settlement data of its window was replaced since it was closed, "
            f"and a payout cannot be taken back. Close it again first: growth-points close {month}"
        )
        self.month = month


class PayoutNotApproved(Refused):
    """A month was to be paid that needs an approval and has none of what it would pay now."""

    def __init__(self, month: SettlementMonth, points: int) -> None:
        super().__init__(
            f"{month} is not paid: its {points:,} points wait for an approval. Look at the newest "
            f"report of {month}, then: growth-points approve-payout {month} {points} --reason TEXT"
        )
        self.month, self.points = month, points


class PayoutsRefused(Refused):
    """Some of the months that were due could not be paid; the others are."""

    def __init__(self, refusals: Sequence[Refused], payouts: Sequence[Payout]) -> None:
        lines = [str(each) for each in refusals]
        lines += [f"{each.settlement_month} is paid: {each.points:,} points." for each in payouts]
        super().__init__("\n".join(lines))
        self.refusals = tuple(refusals)
        self.payouts = tuple(payouts)


@dataclass(frozen=True, slots=True)
class PayoutRequest:
    """What is due on this date is to be paid, by whom; `ahead` allows a date to come.

    `approval` says which payouts somebody must have agreed to.
    """

    on: date
    cause: Cause
    today: date
    ahead: bool = False
    approval: ApprovalRule = NO_APPROVAL

    def __post_init__(self) -> None:
        if self.on > self.today and not self.ahead:
            raise PayoutAhead(self.on, self.today)

    @property
    def days_ahead(self) -> int:
        """How many days before its date the payout takes place; 0 for one that is due."""
        return max(0, (self.on - self.today).days)


def due_months(engine: Engine, on: date) -> tuple[SettlementMonth, ...]:
    """List the months that are due on a date and not paid yet, oldest first."""
    with engine.connect() as connection:
        paid = paid_months(connection)
        planned = planned_payouts(connection)
    return tuple(
        month for month, plan in planned.items() if plan.due_on <= on and month not in paid
    )


def pay_out_month(engine: Engine, month: SettlementMonth, request: PayoutRequest) -> PaidOut:
    """Pay one month out in one transaction; a month that was paid stays as it is.

    Raises PayoutOutdated, PayoutNotApproved, PayoutNotDue.
    """
    with engine.begin() as connection:
        lock_program(connection)
        if month in outdated_months(connection) - paid_months(connection):
            raise PayoutOutdated(month)
        waiting = open_payouts(connection).get(month)
        if waiting is not None and waiting.waits(request.approval):
            raise PayoutNotApproved(month, waiting.points)
        paid = pay_out(connection, month=month, paid_on=request.on, actor=request.cause.actor)
        evaluation = current_evaluation(connection, month)
        record_run(
            connection,
            month,
            Action.PAY_OUT,
            request.cause,
            changed=paid.created,
            difference={
                "sellers": paid.payout.sellers,
                "points": paid.payout.points,
                "days_ahead": request.days_ahead if paid.created else 0,
            },
            evaluation_id=None if evaluation is None else evaluation.evaluation_id,
        )
    log.info("paid out %s: %s points", month, f"{paid.payout.points:,}")
    return paid
