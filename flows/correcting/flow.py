"""The `adjust-points` flow, by which an operator adjusts a seller's points."""

from prefect import flow
from prefect.artifacts import create_markdown_artifact

from adapters.languages.catalog import say
from domain.months import SettlementMonth
from flows.closing.events import emit_evaluated_again
from flows.correcting.adjust_points import AdjustmentRequest
from flows.correcting.corrections import ReportedAdjustment, adjust, adjustment_told
from flows.paying.due_payouts import plan_payout_runs
from flows.paying.events import emit_waiting
from flows.prefect.attached_report import attach_report
from flows.prefect.endings import step, telling, told
from flows.prefect.flow_occasion import flow_occasion
from flows.prefect.forms import Mode, MonthOrNone, Name, NameOrNone, Reason
from flows.prefect.server_errors import best_effort
from flows.reports.markdown import plain
from flows.settings import Settings

post = step(name="post the adjustment")(adjust)


@flow(name="adjust-points", flow_run_name="adjust {seller_id}")
@telling
def adjust_points_of(
    seller_id: Name,
    points: int,
    reason: Reason,
    mode: Mode = "preview",
    month: MonthOrNone = "",
    asked_by: NameOrNone = "",
    request_id: NameOrNone = "",
    acknowledge_paid: bool = False,
) -> ReportedAdjustment:
    """Give a seller available points, or take them; repeating a request does nothing.

    Args:
        seller_id: The store's id, as in the settlement files.
        points: How many points to give, such as 50000; negative to take points.
        reason: Why; recorded in the ledger with your name.
        mode: "preview" shows what would be posted and writes nothing; "commit" posts it.
        month: The paid month to correct, as YYYY-MM: it lacks exactly these points for this store,
            or paid them in excess. Empty for a free adjustment.
        asked_by: Your name; recorded in the ledger.
        request_id: A unique id, to give the same points for the same reason once more.
        acknowledge_paid: Agree that later paid months keep their payout though their awards change.
    """
    settings, occasion = Settings.read(), flow_occasion(asked_by)
    request = AdjustmentRequest(
        seller_id,
        points,
        occasion.today,
        occasion.cause(reason),
        SettlementMonth.parse(month) if month else None,
        request_id,
        acknowledge_paid,
        mode == "preview",
    )
    reported = post(settings, request)
    with best_effort("the adjustment"):
        _show(settings, reported)
    return told(reported, *adjustment_told(reported))


def _show(settings: Settings, reported: ReportedAdjustment) -> None:
    """Attach what was done to the run, and the reports of later months that it changed."""
    request = reported.adjustment.request
    said = [plain(say(each, settings.language)) for each in adjustment_told(reported)]
    create_markdown_artifact("\n\n".join(said), key="adjustments", description=said[0])
    for each in reported.later:
        attach_report(settings, each.report, each.file)
    if reported.later and request.month is not None:
        emit_evaluated_again(reported.later, request.cause, request.month)
        emit_waiting(settings, [each.month.month for each in reported.later])
        plan_payout_runs(settings)
