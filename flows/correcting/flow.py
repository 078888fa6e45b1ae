"""The `adjust-points` flow, by which an operator adjusts a seller's points."""

from prefect import flow
from prefect.cache_policies import NO_CACHE
from prefect.tasks import task

from domain.months import SettlementMonth
from flows.correcting.adjust_points import Adjustment, AdjustmentRequest
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
    """Give a seller available points, or take them; repeating a request does nothing.

    Args:
        seller_id: The store's id, as in the settlement files.
        points: How many points to give, such as 50000; negative to take points.
        reason: Why; recorded in the ledger with your name.
        grants_month: The paid month to correct, as YYYY-MM: it lacks exactly these points for this
            store, or paid them in excess. Empty for a free adjustment.
        asked_by: Your name; recorded in the ledger.
        request_id: A unique id, to give the same points for the same reason once more.
        acknowledge_paid: Agree that later paid months keep their payout though their awards change.
    """
    occasion = flow_occasion(asked_by)
    month = SettlementMonth.parse(grants_month) if grants_month else None
    cause, today = occasion.cause(reason), occasion.today
    request = AdjustmentRequest(
        seller_id, points, today, cause, month, request_id, acknowledge_paid
    )
    return post(Settings.read(), request)
