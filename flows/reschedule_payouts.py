"""The `reschedule-payouts` flow: payout dates worked out again after a holiday was announced."""

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows.operations.corrections import reschedule
from flows.operations.flow_occasion import flow_occasion
from flows.operations.forms import NameOrNone, Reason
from flows.operations.payout_runs import plan_payout_runs
from flows.settings import Settings
from flows.steps.reschedule_payouts import PlannedAnew

plan_anew = task(cache_policy=NO_CACHE, name="plan the payouts anew")(reschedule)


@flow(name="reschedule-payouts", flow_run_name="reschedule payouts")
def reschedule_planned_payouts(
    reason: Reason = "payout dates worked out again", asked_by: NameOrNone = ""
) -> tuple[PlannedAnew, ...]:
    """Work out every planned payout date again, after a holiday was announced.

    The holiday must stand in the file that GROWTH_POINTS_HOLIDAYS names. What was paid stays.

    Args:
        reason: Which holiday, and who announced it; recorded with every date that moves.
        asked_by: Your name; recorded with them, too.
    """
    settings = Settings.read()
    moved = plan_anew(settings, flow_occasion(asked_by).cause(reason))
    plan_payout_runs(settings)
    return moved
