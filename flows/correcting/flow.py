"""The `adjust-points` flow: the form by which an operator corrects a seller's points."""

from prefect import flow
from prefect.cache_policies import NO_CACHE
from prefect.tasks import task

from domain.months import SettlementMonth
from flows.correcting.adjust_points import Adjustment
from flows.correcting.corrections import adjust
from flows.prefect.flow_occasion import flow_occasion
from flows.prefect.forms import MonthOrNone, Name, NameOrNone, Reason
from flows.settings import Settings

post = task(cache_policy=NO_CACHE, name="post the adjustment")(adjust)


@flow(name="adjust-points", flow_run_name="adjust {seller_id}")
def adjust_points_of(
    seller_id: Name,
    points: int,
    reason: Reason,
    grants_month: MonthOrNone = "",
    asked_by: NameOrNone = "",
    request_id: NameOrNone = "",
    acknowledge_paid: bool = False,
) -> Adjustment:
    """Give a seller available points, or take them back; the same again does nothing.

    Args:
        seller_id: The store's id, as in the settlement files.
        points: How many points to give, such as 50000; below zero, how many to take.
        reason: Why; recorded in the ledger beside your name.
        grants_month: The paid month, as YYYY-MM, that lacks just these points for this store, or
            gave them too much. Empty for all other corrections.
        asked_by: Your name; recorded in the ledger.
        request_id: A name of its own, to give the same points for the same reason once more.
        acknowledge_paid: Agree that later months stay paid, though the correction changes what
            they earned.
    """
    return post(
        Settings.read(),
        flow_occasion(asked_by),
        seller_id,
        points,
        reason,
        SettlementMonth.parse(grants_month) if grants_month else None,
        request_id,
        acknowledge_paid,
    )
