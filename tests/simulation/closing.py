"""Ingesting, closing, approving and paying, with what must come of each."""

from functools import partial
from typing import Final

from domain.approval import NO_APPROVAL, ApprovalRule
from domain.months import SettlementMonth
from flows.closing.cascade import ChangesPaidMonths
from flows.paying.approve_payout import ApprovalOutOfDate, NothingToApprove, approve_payout
from flows.paying.pay_out_month import PayoutNotApproved, PayoutOutdated
from flows.paying.reschedule_payouts import reschedule_payouts
from tests.closings import FAR_AHEAD, POLICIES, Delivered, cause
from tests.simulation.operator import FEW_STATEMENTS, MONTHS, Operator

MANY_STATEMENTS: Final = 100
_APPROVALS: Final = (*(NO_APPROVAL,) * 3, ApprovalRule(450_000), ApprovalRule.parse("required"))


def ingest(operator: Operator) -> None:
    """A delivery of any month, which makes what was closed with another one outdated."""
    ingest_month(operator, operator.any_of(MONTHS))


def ingest_month(operator: Operator, month: SettlementMonth) -> None:
    """A delivery of a month."""
    operator.tell("ingest", month)
    delivered = operator.delivery(month)
    operator.do(lambda: operator.program.ingest(str(month), delivered), FEW_STATEMENTS)
    operator.model.deliver(month, delivered)


def close(operator: Operator) -> None:
    """A first closing or a restatement, seen before or not."""
    month = operator.ready_month()
    _close(operator, month, operator.delivery(month), preview=operator.any_of((True, False)))


def close_again(operator: Operator) -> None:
    """A closing with the delivery that is current."""
    month = operator.closed_month()
    _close(operator, month, operator.model.current(month))


def close_and_give_up(operator: Operator) -> None:
    """A closing that is cut off and not repeated, if it has so many statements."""
    month, rule = operator.ready_month(), operator.any_of(_APPROVALS)
    operator.tell("close and give up", month, rule)
    delivered = operator.delivery(month)
    closing = partial(operator.program.close, str(month), delivered, approval=rule)
    if not operator.give_up(partial(closing, acknowledge_paid=True), MANY_STATEMENTS):
        _closed_in_the_model(operator, month, delivered, rule)


def _close(
    operator: Operator, month: SettlementMonth, delivered: Delivered, preview: bool = False
) -> None:
    rule = operator.any_of(_APPROVALS)
    operator.tell("close", month, rule, f"preview={preview}")
    closing = partial(operator.program.close, str(month), delivered, approval=rule)
    if preview:
        operator.do(partial(closing, preview=True), MANY_STATEMENTS)
        operator.agrees()
    try:
        operator.do(closing, MANY_STATEMENTS)
    except ChangesPaidMonths:
        operator.changed_nothing(ChangesPaidMonths)
        operator.do(partial(closing, acknowledge_paid=True), MANY_STATEMENTS)
    _closed_in_the_model(operator, month, delivered, rule)


def _closed_in_the_model(
    operator: Operator, month: SettlementMonth, delivered: Delivered, rule: ApprovalRule
) -> None:
    operator.model.close(month, delivered, rule)
    later = [each for each in operator.model.decided_on if each >= month]
    operator.model.reschedule(later, operator.program.holidays)


def pay(operator: Operator) -> None:
    """A payout, which is refused while data was replaced, or until it is approved."""
    _pay(operator, operator.closed_month())


def pay_and_restate(operator: Operator) -> None:
    """A payout, and a restatement of what it paid."""
    month = operator.closed_month()
    _pay(operator, month)
    _close(operator, month, operator.delivery(month))


def _pay(operator: Operator, month: SettlementMonth) -> None:
    operator.tell("pay", month)
    model, paying = operator.model, partial(operator.program.pay, str(month), FAR_AHEAD)
    if month not in model.paid and model.outdated(month):
        operator.refused(paying, PayoutOutdated)
        return
    if month not in model.paid and model.open_payout(month)[2]:
        operator.refused(paying, PayoutNotApproved)
        if operator.any_of((True, False)):
            return
        _approve(operator, month)
    operator.do(paying)
    model.pay(month)


def approve(operator: Operator) -> None:
    """An approval of what a month would pay, needed or not; or of another total."""
    _approve(operator, operator.closed_month(), wrong_by=operator.any_of((0, 0, 0, 1)))


def _approve(operator: Operator, month: SettlementMonth, wrong_by: int = 0) -> None:
    operator.tell("approve", month)
    model = operator.model
    points = model.open_payout(month)[0]
    approving = partial(
        approve_payout, operator.program.engine, month, points + wrong_by, cause("seen")
    )
    if month in model.paid or model.outdated(month):
        operator.refused(approving, NothingToApprove)
    elif wrong_by:
        operator.refused(approving, ApprovalOutOfDate)
    else:
        operator.do(approving)
        model.approved[month] = points


def announce_a_holiday(operator: Operator) -> None:
    """A holiday that moves the payout dates of what is not paid."""
    day = operator.any_of(MONTHS).payout_month.first_day.replace(day=operator.any_of(range(10, 15)))
    operator.tell("announce a holiday", day)
    program = operator.program
    program.holidays[day] = "Temporary holiday"
    facts = program.engine, cause(), POLICIES, program.calendar
    operator.do(lambda: reschedule_payouts(*facts))
    operator.model.reschedule(operator.model.decided_on, program.holidays)
