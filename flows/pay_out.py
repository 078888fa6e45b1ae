"""The `pay-out` flow: what is due on a date is paid, month by month."""

from datetime import date

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from adapters.postgres.ledger import Payout
from domain.months import SettlementMonth
from flows.flow_occasion import flow_occasion
from flows.program import program_database
from flows.settings import Settings
from flows.steps.pay_out_month import PayoutRequest, due_months, pay_out_month


@flow(name="pay-out", validate_parameters=True)
def pay_out(on: date | None = None, ahead: bool = False) -> tuple[Payout, ...]:
    """Pay out every closed month that is due on a date and not paid yet.

    Running it again does nothing: a month is paid once.

    Args:
        on: The payout date; today in Seoul when left out. Months due earlier are paid, too.
        ahead: Allow a date that has not come yet. What was paid cannot be taken back.
    """
    settings, occasion = Settings.read(), flow_occasion()
    request = PayoutRequest(
        on or occasion.today, occasion.cause("the payout date"), occasion.today, ahead
    )
    return tuple(pay(settings, month, request) for month in find_due_months(settings, request.on))


@task(cache_policy=NO_CACHE)
def find_due_months(settings: Settings, on: date) -> tuple[SettlementMonth, ...]:
    """Find the months that are due on a date and not paid yet."""
    with program_database(settings) as engine:
        return due_months(engine, on)


@task(cache_policy=NO_CACHE, task_run_name="pay out {month}")
def pay(settings: Settings, month: SettlementMonth, request: PayoutRequest) -> Payout:
    """Pay one month out, in one transaction."""
    with program_database(settings) as engine:
        return pay_out_month(engine, month, request)
