"""Paying a month out: its pending points become available, once, in one transaction."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sqlalchemy import Connection, Engine

from adapters.postgres.database import lock_program
from adapters.postgres.evaluations import current_evaluation, outdated_months
from adapters.postgres.ledger import PaidOut, Payout, paid_months, pay_out
from adapters.postgres.payout_dates import planned_payouts
from adapters.postgres.runs import Action, record_run
from domain.approval import NO_APPROVAL, ApprovalRule
from domain.cause import Cause
from domain.many import many
from domain.months import SettlementMonth
from domain.refusal import Refused
from domain.sentence import Sentence, joined, message_of, sentence
from flows.one_day import on_one_day
from flows.paying.open_payouts import open_payouts

log = logging.getLogger("growth_points.payout")

_FARTHEST: Final = timedelta(days=1826)  # as the database schema has it


class PayoutAhead(Refused):
    """The payout date asked for is in the future."""

    def __init__(self, on: date, today: date) -> None:
        super().__init__(
            sentence(
                "{on} has not come yet (today is {today} in Seoul), and a payout "
                "cannot be undone. Add --ahead to pay out anyway.",
                on=on,
                today=today,
            )
        )


class PayoutFarAhead(Refused):
    """The payout date asked for is years away."""

    def __init__(self, month: SettlementMonth, on: date) -> None:
        super().__init__(
            sentence(
                "{month} is not paid: {on} is more than five years after its date and today.",
                month=month,
                on=on,
            )
        )
        self.month = month


class PayoutOutdated(Refused):
    """The month's data was replaced after it was closed."""

    def __init__(self, month: SettlementMonth) -> None:
        super().__init__(
            sentence(
                "{month} is not paid: settlement data in its window was replaced after "
                "it was closed, and a payout cannot be undone. Close it again first: "
                "growth-points close {month}",
                month=month,
            )
        )
        self.month = month


class PayoutNotApproved(Refused):
    """The month's payout lacks an approval of its current total."""

    has_an_alarm = True

    def __init__(self, month: SettlementMonth, points: int) -> None:
        super().__init__(
            sentence(
                "{month} is not paid: its {points:,} points wait for an approval. "
                "Check the newest report of {month}, then: growth-points "
                "approve-payout {month} {points} --reason TEXT",
                month=month,
                points=points,
            )
        )
        self.month, self.points = month, points


class PayoutsRefused(Refused):
    """Some due months could not be paid; the others were."""

    def __init__(self, refusals: Sequence[Refused], payouts: Sequence[Payout]) -> None:
        paid = [
            sentence(
                "{month} is paid: {points}.",
                month=each.settlement_month,
                points=many("point", each.points),
            )
            for each in payouts
        ]
        super().__init__(joined([*map(message_of, refusals), *paid], "\n"))
        self.refusals = tuple(refusals)
        self.payouts = tuple(payouts)


@dataclass(frozen=True, slots=True)
class PayoutRequest:
    """Pay what is due on a date; `ahead` allows a future one, `approval` is the rule in force.

    A `preview` is rolled back.
    """

    on: date
    cause: Cause
    today: date
    ahead: bool = False
    approval: ApprovalRule = NO_APPROVAL
    preview: bool = False

    def __post_init__(self) -> None:
        if self.on > self.today and not self.ahead:
            raise PayoutAhead(self.on, self.today)

    @property
    def days_ahead(self) -> int:
        """How many days ahead of its date the payout takes place; 0 if it is due."""
        return max(0, (self.on - self.today).days)


def payouts_told(payouts: Sequence[Payout], *, preview: bool = False) -> Iterator[Sentence]:
    """Say what was paid, or would be."""
    if preview:
        yield sentence("Nothing was written: this is a preview.")
    for each in payouts:
        yield _told(each, preview=preview)
    if not payouts:
        yield sentence("Nothing is due that was not paid already.")


def _told(payout: Payout, *, preview: bool) -> Sentence:
    facts = {
        "month": payout.settlement_month,
        "points": many("point", payout.points),
        "sellers": many("seller", payout.sellers),
        "paid_on": payout.paid_on,
    }
    if preview:
        return sentence("{month} would pay {points} to {sellers}.", **facts)
    return sentence("{month} paid {points} to {sellers} on {paid_on}.", **facts)


def due_months(engine: Engine, on: date) -> tuple[SettlementMonth, ...]:
    """List the months that are due on a date and not paid yet, oldest first."""
    with engine.connect() as connection:
        paid = paid_months(connection)
        planned = planned_payouts(connection)
    return tuple(
        month for month, plan in planned.items() if plan.due_on <= on and month not in paid
    )


def pay_out_month(engine: Engine, month: SettlementMonth, request: PayoutRequest) -> PaidOut:
    """Pay one month out in one transaction; do nothing if it was paid before.

    Raises PayoutOutdated, PayoutNotApproved, PayoutNotDue, PayoutFarAhead.
    """
    paid = on_one_day(engine, lambda connection: _pay_out(connection, month, request))
    if not request.preview:
        points = many("point", paid.payout.points)
        log.info(sentence("paid out {month}: {points}", month=month, points=points))
    return paid


def _pay_out(connection: Connection, month: SettlementMonth, request: PayoutRequest) -> PaidOut:
    lock_program(connection)
    if month in outdated_months(connection) - paid_months(connection):
        raise PayoutOutdated(month)
    waiting = open_payouts(connection).get(month)
    if waiting is not None and waiting.waits(request.approval):
        raise PayoutNotApproved(month, waiting.points)
    planned = planned_payouts(connection).get(month)
    if planned and request.on > max(planned.due_on, request.today) + _FARTHEST:
        raise PayoutFarAhead(month, request.on)
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
    return paid
