"""The next step after a closing: commit what was previewed, or approve the payout."""

from dataclasses import replace
from datetime import date
from typing import Final

from adapters.postgres.approvals import strictest_rules
from domain.approval import NO_APPROVAL
from domain.ledger import total_points
from domain.many import many
from domain.sentence import Sentence, sentence
from flows.closing.cascade import changed_paid_months
from flows.closing.evaluation import USUAL_REASON
from flows.closing.record_closing import Closing
from flows.closing.report import usual_next_step
from flows.closing.report_figures import is_due
from flows.paying.open_payouts import open_payouts
from flows.prefect.attached_report import form_link
from flows.program import program_database
from flows.reports.close_command import close_command, unless_set
from flows.reports.report import NextStep
from flows.settings import Settings

_CLOSING: Final = "close-month/close-month"
_APPROVAL: Final = "approve-payout/approve-payout"
_ADJUSTMENT: Final = "adjust-points/adjust-points"
_PAYING: Final = "pay-out/pay-out"


def next_step(settings: Settings, closing: Closing, settlements: str = "") -> NextStep | None:
    """Return the next step if a form does it, else None: the report has a default."""
    if closing.request.preview:
        return _close_it(settings, closing, settlements)
    return _approve_it(settings, closing)


def _close_it(settings: Settings, closing: Closing, settlements: str) -> NextStep:
    request = closing.request
    options = ["--policy", request.policy_name] if request.policy_name else []
    acknowledge = request.acknowledge_paid or bool(changed_paid_months(closing.months))
    options += ["--acknowledge-paid"] if acknowledge else []
    options += ["--reason", request.cause.reason] if request.cause.reason != USUAL_REASON else []
    filled_in = {
        "month": str(request.month),
        "settlements": unless_set(settings, settlements),
        "policy": request.policy_name or "",
        "acknowledge_paid": acknowledge,
        "reason": request.cause.reason,
        "mode": "commit",
    }
    form = form_link(sentence("close it"), _CLOSING, filled_in)
    command = close_command(settings, request.month, settlements, *options)
    paid = _paid_at_once(settings, closing) if form else None
    return NextStep(paid or sentence("Nothing was written. To close it like this:"), command, form)


def _paid_at_once(settings: Settings, closing: Closing) -> Sentence | None:
    """Say that a month whose date has come is paid as soon as it is closed, if it would be."""
    points = total_points(closing.closed.earned)
    if closing.closed.paid_out or not points or not is_due(closing):
        return None
    with program_database(settings) as engine, engine.connect() as connection:
        recorded = strictest_rules(connection).get(closing.closed.month, NO_APPROVAL)
    if any(each.demands(points) for each in (settings.approval_rule, recorded)):
        return None
    return sentence(
        "Nothing was written. Its payout was due on {due_on}, so that closing it also pays "
        "{points}, which cannot be undone:",
        due_on=closing.payouts[closing.closed.month].due_on,
        points=many("point", points),
    )


def _correct_it(closing: Closing) -> NextStep | None:
    """Lead to the form that corrects what paid months paid otherwise than they earned."""
    unsettled = [each.month for each in closing.months if each.restatement.is_unsettled]
    if not unsettled:
        return None
    form = form_link(sentence("adjust a store's points"), _ADJUSTMENT, {"month": str(unsettled[0])})
    return replace(usual_next_step(closing), form=form)


def _paid_by_its_run(settings: Settings, closing: Closing, due_on: date) -> NextStep | None:
    """Say that a run pays a month whose date has come, if the server has planned one."""
    unsettled = any(each.restatement.is_unsettled for each in closing.months)
    if unsettled or due_on > closing.request.cause.started_at.date():
        return None
    month = str(closing.closed.month)
    form = form_link(sentence("pay it by hand"), _PAYING, {"month": month, "mode": "commit"})
    if form is None:
        return None
    said = sentence(
        "Nothing: its payout was due on {due_on}, and a run of pay-out pays it now.", due_on=due_on
    )
    return NextStep(said, form=form)


def _approve_it(settings: Settings, closing: Closing) -> NextStep | None:
    month = closing.closed.month
    with program_database(settings) as engine, engine.connect() as connection:
        payout = open_payouts(connection).get(month)
    if payout is None:
        return _correct_it(closing)
    due_on = closing.payouts[month].due_on
    if not payout.waits(settings.approval_rule):
        return _paid_by_its_run(settings, closing, due_on) if payout.points else None
    filled_in = {"month": str(month), "points": payout.points, "mode": "commit"}
    return NextStep(
        sentence(
            "{points} wait for an approval, to be paid on {due_on}:",
            points=many("point", payout.points),
            due_on=due_on,
        ),
        f"growth-points approve-payout {month} {payout.points} --reason TEXT",
        form_link(sentence("approve them"), _APPROVAL, filled_in),
    )
