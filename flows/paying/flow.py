"""The flows about payouts: pay, sweep, report late ones, approve, reschedule."""

from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import replace
from datetime import date
from typing import Annotated, Final

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from pydantic import Field

from adapters.postgres.ledger import PaidOut, Payout
from adapters.postgres.payout_dates import planned_payouts
from adapters.postgres.runs import Action
from adapters.postgres.standing import program_standing
from domain.months import SettlementMonth
from domain.refusal import Refused
from domain.sentence import sentence
from flows.heads import publish_newest_head
from flows.paying.approve_payout import (
    ApprovalOutOfDate,
    ApprovedPayout,
    approval_told,
    approve,
)
from flows.paying.due_payouts import plan_payout_runs
from flows.paying.events import emit_late, emit_paid, emit_unapproved, why_late
from flows.paying.missing_approvals import missing_approvals
from flows.paying.open_payouts import open_payouts
from flows.paying.pay_out_month import (
    PayoutRequest,
    PayoutsRefused,
    due_months,
    pay_out_month,
    payouts_told,
)
from flows.paying.reschedule_payouts import RescheduledPayout, reschedule, reschedule_told
from flows.prefect.attached_report import form_link
from flows.prefect.clock_check import check_clocks
from flows.prefect.endings import refused, step, telling, told, why
from flows.prefect.flow_occasion import flow_occasion
from flows.prefect.forms import Mode, Month, MonthOrNone, Name, NameOrNone, Reason
from flows.prefect.retrying import RETRIES
from flows.prefect.run_names import payout_name
from flows.prefect.server_errors import best_effort
from flows.program import program_database
from flows.refused_runs import recording_refusals
from flows.reports.markdown import plain
from flows.settings import Settings

_ALL_PAID: Final = sentence("Everything that is due is paid.")
_APPROVAL: Final = "approve-payout/approve-payout"


@flow(name="pay-out", flow_run_name=payout_name)
@telling
def pay_out(month: MonthOrNone = "", mode: Mode = "preview") -> tuple[Payout, ...]:
    """Pay out every closed month that is due today and not paid yet, or one such month.

    Running it again does nothing: a month is paid once.

    Args:
        month: Only this settlement month, as YYYY-MM, such as 2026-10. Empty: all that are due.
        mode: "preview" shows what would be paid and writes nothing; "commit" pays.
    """
    settings = Settings.read()
    request = replace(_request(settings), preview=mode == "preview")
    check_clocks(settings)
    paid: tuple[Payout, ...]
    if month:
        paid = (pay(settings, SettlementMonth.parse(month), request),)
    else:
        paid = pay_each(settings, find_due_months(settings, request.on), request)
    return told(paid, *payouts_told(paid, preview=request.preview))


@flow(name="pay-out-on", flow_run_name=payout_name)
@telling
def pay_out_on(on: date | None = None, ahead: bool = False) -> tuple[Payout, ...]:
    """Pay out what is due on a date; only the command line offers this, no form does.

    Args:
        on: The payout date, by default today in Seoul. Months due earlier are paid, too.
        ahead: Allow a date in the future. A payout cannot be undone.
    """
    settings = Settings.read()
    request = _request(settings, on, ahead)
    check_clocks(settings)
    paid = pay_each(settings, find_due_months(settings, request.on), request)
    return told(paid, *payouts_told(paid))


def _request(
    settings: Settings, on: date | None = None, ahead: bool = False, reason: str = ""
) -> PayoutRequest:
    occasion = flow_occasion()
    return PayoutRequest(
        on or occasion.today,
        occasion.cause(reason or _reason(on, occasion.today)),
        occasion.today,
        ahead,
        settings.approval_rule,
    )


def _reason(on: date | None, today: date) -> str:
    if on is None or on == today:
        return "the payout date"
    return f"paid {'ahead' if on > today else 'later'}, on {today} as if it were {on}"


@flow(name="pay-out-sweep", flow_run_name="pay what was missed")
@telling
def pay_out_sweep() -> None:
    """Pay whatever is due and not paid, and plan a run for each open payout that has none.

    It runs daily and catches what planned payouts missed, for whatever reason. What it cannot pay
    is reported as a missing approval or a late payout.
    """
    settings = Settings.read()
    request = _request(settings, reason="it was due and not paid")
    check_clocks(settings)
    plan_payout_runs(settings)
    try:
        paid = pay_each(settings, find_due_months(settings, request.on), request)
    except PayoutsRefused as refusal:
        return refused(why(refusal))
    months = ", ".join(str(each.settlement_month) for each in paid)
    done = sentence("Paid: {months}.", months=months) if paid else _ALL_PAID
    return told(None, done)


@flow(name="tell-missing-approvals", flow_run_name="report missing approvals")
@telling
def tell_missing_approvals() -> tuple[SettlementMonth, ...]:
    """Emit an event for every payout that is due soon and lacks its approval.

    It runs daily, before payouts take place, for those due within as many days as
    GROWTH_POINTS_APPROVAL_NOTICE_DAYS says; once the date has passed the payout is late.
    """
    settings, today = Settings.read(), flow_occasion().today
    soon = [
        each
        for each in missing_approvals(settings)
        if each.is_due_within(settings.approval_notice_days, today)
    ]
    for each in soon:
        emit_unapproved(each, today)
    return tuple(each.payout.month for each in soon)


@flow(name="tell-late-payouts", flow_run_name="report late payouts")
@telling
def tell_late_payouts() -> tuple[SettlementMonth, ...]:
    """Emit an event for every month that is unpaid after its payout date; pay nothing.

    It runs daily, after the sweep.
    """
    settings, today = Settings.read(), flow_occasion().today
    with program_database(settings) as engine, engine.connect() as connection:
        late = [each for each in program_standing(connection) if each.days_late(today)]
        payouts = open_payouts(connection)
    for each in late:
        emit_late(each, today, why_late(settings, payouts.get(each.settlement_month)))
    return tuple(each.settlement_month for each in late)


def pay_each(
    settings: Settings, months: Iterable[SettlementMonth], request: PayoutRequest
) -> tuple[Payout, ...]:
    """Pay each month even if another is refused; raises PayoutsRefused at the end."""
    payouts, refused = [], []
    for month in months:
        try:
            payouts.append(pay(settings, month, request))
        except Refused as refusal:
            refused.append(refusal)
    if refused:
        raise PayoutsRefused(refused, payouts)
    return tuple(payouts)


@step(name="find what is due", **RETRIES)
def find_due_months(settings: Settings, on: date) -> tuple[SettlementMonth, ...]:
    """Find the months that are due on a date and not paid yet."""
    with program_database(settings) as engine:
        return due_months(engine, on)


@step(task_run_name="pay out {month}")
def pay(settings: Settings, month: SettlementMonth, request: PayoutRequest) -> Payout:
    """Pay one month out, in one transaction; a preview is rolled back."""
    recorded = recording_refusals(settings, month, Action.PAY_OUT, request.cause)
    history = nullcontext() if request.preview else recorded
    with program_database(settings, preview=request.preview) as engine, history:
        paid = pay_out_month(engine, month, request)
        if request.preview:
            return paid.payout
        with engine.connect() as connection:
            due_on = planned_payouts(connection)[month].due_on
        publish_newest_head(settings, engine)
    with best_effort("what was paid"):
        emit_paid(paid, due_on)
        _show(paid, due_on)
    return paid.payout


def _show(paid: PaidOut, due_on: date) -> None:
    """Attach to the run what was paid, or that it had been paid before."""
    payout, month = paid.payout, paid.payout.settlement_month
    said = f"{month} {'is' if paid.created else 'had been'} paid"
    create_markdown_artifact(
        f"# {said}\n\n{payout.points:,} points to {payout.sellers:,} sellers on {payout.paid_on}; "
        f"due on {due_on}; by {plain(payout.actor)}.",
        key=f"payout-{month}",
        description=said,
    )


record_approval = step(name="record the approval")(approve)
record_reschedule = step(name="reschedule the payouts")(reschedule)


@flow(name="approve-payout", flow_run_name="approve {month}")
@telling
def approve_payout_of(
    month: Month,
    points: Annotated[int, Field(ge=0)],
    approved_by: Name,
    reason: Reason,
    mode: Mode = "preview",
) -> ApprovedPayout:
    """Approve a month's payout, which takes place on its date, or at once if it is due.

    The total must be the one in the month's newest report. If the month changes afterwards the
    approval is void, and the new total must be approved.

    Args:
        month: The settlement month, as YYYY-MM, such as 2026-10.
        points: The total that the payout will pay.
        approved_by: Your name; recorded with the approval.
        reason: Why it may be paid, such as what you checked; recorded with the approval.
        mode: "preview" checks the total and writes nothing; "commit" approves it.
    """
    settings, cause = Settings.read(), flow_occasion(approved_by).cause(reason)
    wanted, preview = SettlementMonth.parse(month), mode == "preview"
    try:
        approved = record_approval(settings, wanted, points, cause, preview=preview)
    except ApprovalOutOfDate as refused:
        with best_effort("the newest total"):
            _show_newest_total(refused)
        raise
    if not preview:
        plan_payout_runs(settings)
    return told(approved, approval_told(approved, preview=preview))


def _show_newest_total(refused: ApprovalOutOfDate) -> None:
    """Attach to the run a link to the form with the total that the month would pay now."""
    month = str(refused.month)
    filled_in = {"month": month, "points": refused.points, "mode": "commit"}
    if form := form_link(f"{month}: {refused.points:,}", _APPROVAL, filled_in):
        create_markdown_artifact(
            f"{plain(str(refused))} [{form.name}]({form.target})",
            key=f"approval-{month}",
            description=plain(str(refused)),
        )


@flow(name="reschedule-payouts", flow_run_name="reschedule payouts")
@telling
def reschedule_planned_payouts(
    reason: Reason = "payout dates recomputed",
    mode: Mode = "preview",
    asked_by: NameOrNone = "",
) -> tuple[RescheduledPayout, ...]:
    """Recompute the payout dates of all unpaid months after a holiday was announced.

    The holiday must be listed in the file that GROWTH_POINTS_HOLIDAYS names.

    Args:
        reason: Which holiday, and who announced it; recorded with each month.
        mode: "preview" shows which dates would move and writes nothing; "commit" moves them.
        asked_by: Your name; recorded with it.
    """
    settings, preview = Settings.read(), mode == "preview"
    moved = record_reschedule(settings, flow_occasion(asked_by).cause(reason), preview=preview)
    if not preview:
        plan_payout_runs(settings)
    return told(moved, *reschedule_told(moved, preview=preview))
