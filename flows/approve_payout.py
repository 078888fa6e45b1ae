"""The `approve-payout` flow: the form by which somebody agrees to a month's payout."""

from typing import Annotated

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from pydantic import Field

from domain.months import SettlementMonth
from flows.operations.corrections import approve
from flows.operations.flow_occasion import flow_occasion
from flows.operations.forms import Month, Name, Reason
from flows.operations.payout_runs import plan_payout_runs
from flows.settings import Settings
from flows.steps.approve_payout import ApprovedPayout

record = task(cache_policy=NO_CACHE, name="record the approval")(approve)


@flow(name="approve-payout", flow_run_name="approve {month}")
def approve_payout_of(
    month: Month, points: Annotated[int, Field(ge=0)], approved_by: Name, reason: Reason
) -> ApprovedPayout:
    """Agree that a month's payout takes place, on its date or at once if that has come.

    The total must be the one in the month's newest report. If the month changes afterwards the
    approval is void, and the new total must be approved.

    Args:
        month: The settlement month, as YYYY-MM, such as 2026-10.
        points: How many points the payout is expected to pay in all.
        approved_by: Your name; recorded with the approval.
        reason: Why it may be paid: what you looked at; recorded with the approval.
    """
    settings, cause = Settings.read(), flow_occasion(approved_by).cause(reason)
    approved = record(settings, SettlementMonth.parse(month), points, cause)
    plan_payout_runs(settings)
    return approved
