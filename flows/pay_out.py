"""The `pay-out` flows: what is due on a date is paid, month by month."""

from collections.abc import Iterable
from datetime import date

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from adapters.postgres.ledger import Payout
from adapters.postgres.payout_dates import planned_payouts
from adapters.postgres.runs import Action
from adapters.postgres.standing import program_standing
from domain.months import SettlementMonth
from domain.refusal import Refused
from flows.operations.clock_check import check_clocks
from flows.operations.events import tell_late, tell_paid
from flows.operations.flow_occasion import flow_occasion
from flows.operations.forms import MonthOrNone
from flows.operations.payout_runs import plan_payout_runs
from flows.operations.refusals import refusals_in_the_history
from flows.operations.retrying import PATIENCE
from flows.operations.run_names import payout_name
from flows.program import program_database
from flows.servers.telling import only_telling
from flows.settings import Settings
from flows.steps.pay_out_month import PayoutRequest, PayoutsRefused, due_months, pay_out_month


@flow(name="pay-out", flow_run_name=payout_name)
def pay_out(month: MonthOrNone = "") -> tuple[Payout, ...]:
    """Pay out every closed month that is due today and not paid yet, or one such month.

    Running it again does nothing: a month is paid once.

    Args:
        month: Only this settlement month, as YYYY-MM, such as 2026-10. Empty: all that are due.
    """
    settings = Settings.read()
    request = _request(settings)
    check_clocks(settings)
    if month:
        return (pay(settings, SettlementMonth.parse(month), request),)
    return pay_each(settings, find_due_months(settings, request.on), request)


@flow(name="pay-out-on", flow_run_name=payout_name)
def pay_out_on(on: date | None = None, ahead: bool = False) -> tuple[Payout, ...]:
    """Pay out what is due on a date: for the command line alone, no form offers another date.

    Args:
        on: The payout date; today in Seoul when left out. Months due earlier are paid, too.
        ahead: Allow a date that has not come yet. What was paid cannot be taken back.
    """
    settings = Settings.read()
    request = _request(settings, on, ahead)
    check_clocks(settings)
    return pay_each(settings, find_due_months(settings, request.on), request)


def _request(settings: Settings, on: date | None = None, ahead: bool = False) -> PayoutRequest:
    occasion = flow_occasion()
    return PayoutRequest(
        on or occasion.today,
        occasion.cause(_reason(on, occasion.today)),
        occasion.today,
        ahead,
        settings.approval_rule,
    )


def _reason(on: date | None, today: date) -> str:
    if on is None or on == today:
        return "the payout date"
    return f"paid {'ahead' if on > today else 'later'}, on {today} as if it were {on}"


@flow(name="pay-out-sweep", flow_run_name="pay what was missed")
def pay_out_sweep() -> tuple[Payout, ...]:
    """Pay whatever is due today and was not paid; do nothing when there is no such month.

    It catches what a planned payout missed, for whatever reason, and plans again what lost its run.
    """
    settings, occasion = Settings.read(), flow_occasion()
    check_clocks(settings)
    plan_payout_runs(settings)
    request = PayoutRequest(
        occasion.today,
        occasion.cause("it was due and not paid"),
        occasion.today,
        approval=settings.approval_rule,
    )
    return pay_each(settings, find_due_months(settings, request.on), request)


@flow(name="tell-late-payouts", flow_run_name="tell what is late")
def tell_late_payouts() -> tuple[SettlementMonth, ...]:
    """Tell of every month whose payout date has passed and that is not paid; pay nothing.

    It comes every day for as long as there is such a month, after the sweep had its try.
    """
    settings, today = Settings.read(), flow_occasion().today
    with program_database(settings) as engine, engine.connect() as connection:
        late = [each for each in program_standing(connection) if each.days_late(today)]
    for each in late:
        tell_late(each, today)
    return tuple(each.settlement_month for each in late)


def pay_each(
    settings: Settings, months: Iterable[SettlementMonth], request: PayoutRequest
) -> tuple[Payout, ...]:
    """Pay months, the others too when one is refused; raises PayoutsRefused in the end."""
    payouts, refused = [], []
    for month in months:
        try:
            payouts.append(pay(settings, month, request))
        except Refused as refusal:
            refused.append(refusal)
    if refused:
        raise PayoutsRefused(refused, payouts)
    return tuple(payouts)


@task(cache_policy=NO_CACHE, name="find what is due", **PATIENCE)
def find_due_months(settings: Settings, on: date) -> tuple[SettlementMonth, ...]:
    """Find the months that are due on a date and not paid yet."""
    with program_database(settings) as engine:
        return due_months(engine, on)


@task(cache_policy=NO_CACHE, task_run_name="pay out {month}")
def pay(settings: Settings, month: SettlementMonth, request: PayoutRequest) -> Payout:
    """Pay one month out, in one transaction."""
    history = refusals_in_the_history(settings, month, Action.PAY_OUT, request.cause)
    with program_database(settings) as engine, history:
        payout = pay_out_month(engine, month, request)
        with engine.connect() as connection:
            due_on = planned_payouts(connection)[month].due_on
    with only_telling("what was paid"):
        tell_paid(payout, due_on)
        _show(payout, due_on)
    return payout


def _show(payout: Payout, due_on: date) -> None:
    """Show with the run what was paid, or that it had been paid before."""
    month = payout.settlement_month
    said = f"{month} {'is' if payout.created else 'had been'} paid"
    create_markdown_artifact(
        f"# {said}\n\n{payout.points:,} points to {payout.sellers:,} sellers on {payout.paid_on}; "
        f"due on {due_on}; by {payout.actor}.",
        key=f"payout-{month}",
        description=said,
    )
