"""The `rerun-month` flow: the form by which an operator closes a month once more."""

from prefect import flow

from domain.months import SettlementMonth
from flows.close_month import ClosedMonth, close
from flows.closing.evaluation import ClosingRequest
from flows.operations.flow_occasion import flow_occasion
from flows.operations.forms import Mode, Month, NameOrNone, Reason
from flows.operations.run_names import rerun_name
from flows.settings import Settings


@flow(name="rerun-month", flow_run_name=rerun_name)
def rerun_month(
    month: Month,
    reason: Reason,
    mode: Mode = "preview",
    asked_by: NameOrNone = "",
    acknowledge_paid: bool = False,
    policy: str = "",
    settlements: str = "",
) -> ClosedMonth:
    """Close a month again, after its files or the files of an earlier month changed.

    A preview shows what would change and writes nothing. With the files as they were nothing
    changes either; with others the difference is posted, in this month and in the later ones.

    Args:
        month: The settlement month, as YYYY-MM, such as 2026-10.
        reason: Why the month is run again; recorded with it.
        mode: "preview" computes everything, shows it and writes nothing; "commit" posts it.
        asked_by: Your name; recorded with the run.
        acknowledge_paid: Agree that paid months stay paid, though they earned something else.
        policy: The name of another policy than the one the month was closed with.
        settlements: The root of the settlement folders, if not GROWTH_POINTS_SETTLEMENTS.
    """
    request = ClosingRequest(
        SettlementMonth.parse(month),
        flow_occasion(asked_by).cause(reason),
        policy or None,
        mode == "preview",
        acknowledge_paid,
    )
    return close(Settings.read(), request, settlements)
