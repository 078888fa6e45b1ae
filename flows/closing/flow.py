"""The flows that close: one month, one month again, or by themselves whatever is due."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

from prefect import flow

from adapters.ingest.root import source_of
from adapters.postgres.runs import Action
from domain.months import SettlementMonth
from domain.refusal import Refused, Unavailable
from domain.sentence import Sentence, sentence
from flows.closing.due_months import (
    BY_ITSELF,
    find_unclosed,
    is_overdue,
    look_at,
    no_month_closes,
    why_unclosed,
)
from flows.closing.evaluation import USUAL_REASON, ClosingRequest
from flows.closing.events import (
    emit_refused,
    emit_unclosed,
    what_is_missing,
)
from flows.closing.lost_reports import publish_lost_reports
from flows.closing.publishing import ClosedMonth, publish
from flows.closing.record_closing import ClosedMeanwhile, Closing, record_closing
from flows.closing.require_window import require_window
from flows.closing.told import closing_told
from flows.heads import publish_head
from flows.ingesting.flow import sound_delivery
from flows.ingesting.quality_pages import refresh_quality_pages
from flows.ingesting.record_delivery import SoundDelivery
from flows.occasion import Occasion
from flows.paying.due_payouts import plan_payout_runs
from flows.prefect.clock_check import check_clocks
from flows.prefect.endings import failed, refused, step, telling, told, trouble_of, why
from flows.prefect.flow_occasion import flow_occasion
from flows.prefect.forms import Mode, Month, MonthOrNone, NameOrNone, Reason
from flows.prefect.retrying import RETRIES
from flows.prefect.run_names import closing_name, month_to_close, rerun_name
from flows.prefect.run_progress import RunProgress
from flows.prefect.server_errors import best_effort
from flows.program import program_calendar, program_database, program_policies
from flows.refused_runs import recording_refusals
from flows.settings import Settings


@flow(name="close-month", flow_run_name=closing_name)
@telling
def close_month(
    month: MonthOrNone = "",
    settlements: str = "",
    mode: Mode = "preview",
    reason: Reason = USUAL_REASON,
    asked_by: NameOrNone = "",
    acknowledge_paid: bool = False,
    policy: str = "",
) -> ClosedMonth:
    """Close a settlement month: check its files, decide for every seller, post, plan the payout.

    Closing a month again with the same files changes nothing; with other files it posts the
    difference, in this month and in the later ones that were closed.

    Args:
        month: The settlement month, as YYYY-MM, such as 2026-10. Empty: the month before the one
            in which this run is scheduled.
        settlements: The root of the settlement folders, a path or an object-store URL; or a table,
            as table:catalog.schema.settlements. Empty: GROWTH_POINTS_SETTLEMENTS.
        mode: "preview" computes everything, shows it and writes nothing; "commit" closes.
        reason: Why the month is closed; recorded with it.
        asked_by: Your name; recorded with it.
        acknowledge_paid: Agree that paid months keep their payout though their awards change.
        policy: The name of a policy to use instead of the month's own. Empty: the month's own.
    """
    cause = flow_occasion(asked_by).cause(reason)
    preview = mode == "preview"
    request = ClosingRequest(
        month_to_close(month), cause, policy or None, preview, acknowledge_paid
    )
    return _closed(Settings.read(), request, settlements)


@flow(name="rerun-month", flow_run_name=rerun_name)
@telling
def rerun_month(
    month: Month,
    reason: Reason,
    mode: Mode = "preview",
    asked_by: NameOrNone = "",
    acknowledge_paid: bool = False,
    policy: str = "",
    settlements: str = "",
) -> ClosedMonth:
    """Close a month again after its files, or those of an earlier month, changed.

    A preview shows what would change and writes nothing. A commit posts the difference in this
    month and in the later closed ones; with unchanged files there is none.

    Args:
        month: The settlement month, as YYYY-MM, such as 2026-10.
        reason: Why the month is run again; recorded with it.
        mode: "preview" computes everything, shows it and writes nothing; "commit" posts it.
        asked_by: Your name; recorded with the run.
        acknowledge_paid: Agree that paid months keep their payout though their awards change.
        policy: The name of a policy to use instead of the one the month was closed with.
        settlements: The root of the settlement folders, if not GROWTH_POINTS_SETTLEMENTS.
    """
    request = ClosingRequest(
        SettlementMonth.parse(month),
        flow_occasion(asked_by).cause(reason),
        policy or None,
        mode == "preview",
        acknowledge_paid,
    )
    return _closed(Settings.read(), request, settlements)


def _closed(settings: Settings, request: ClosingRequest, settlements: str) -> ClosedMonth:
    """Close a month, and end the run with what came of it."""
    closed = close(settings, request, settlements)
    later = (each.told() for each in closed.later)
    return told(closed, closing_told(closed.closing), *later)


def close(settings: Settings, request: ClosingRequest, settlements: str) -> ClosedMonth:
    """Close a month from the settlement folders given or configured.

    A refused closing is recorded in the month's history; a refused preview is not.
    """
    request = replace(request, approval=settings.approval_rule)
    root = settings.settlements_root(settlements)
    progress = RunProgress(request.month, settings.language)
    with _recording_refusals(settings, request, root):
        progress.reach(0, sentence("checking the window"))
        check_clocks(settings)
        require(settings, request)
        progress.reach(10, sentence("reading and checking its files"))
        with sound_delivery(
            settings, request.month, root, preview=request.preview, told=request.told
        ) as delivery:
            progress.reach(60, sentence("deciding and posting"))
            closing = decide_and_post(settings, request, delivery)
        progress.reach(90, sentence("reporting"))
        if not request.preview:
            publish_head(settings, closing.chain_head)
            refresh_quality_pages(settings)
            plan_payout_runs(settings)
        closed = publish(settings, closing, root)
    progress.reach(100, closed.report.headline)
    return closed


def _recording_refusals(
    settings: Settings, request: ClosingRequest, root: str
) -> AbstractContextManager[None]:
    if request.preview:
        return nullcontext()
    return recording_refusals(
        settings,
        request.month,
        Action.CLOSE,
        request.cause,
        source=source_of(root, request.month),
        policy_name=request.policy_name,
        rests_on=request.rests_on,
    )


@flow(name="close-due-months", flow_run_name="close what is due")
@telling
def close_due_months() -> None:
    """Close each month that is over and whose files are complete, oldest first.

    It runs every hour, and stops at the first month that is not delivered or is refused. A refused
    month is tried again once its files, settings or other months' data change, and once a day.
    Reports that an earlier run owes are published first.
    """
    settings, occasion = Settings.read(), flow_occasion()
    unclosed = find_due(settings, occasion.today)
    if unclosed is None:
        return told(None, no_month_closes())
    try:
        late = publish_lost_reports(settings, occasion)
    except Exception as failure:
        # A report that fails keeps no month waiting.
        done, trouble = _close_in_order(settings, occasion, unclosed)
        if (why_not := trouble_of(failure)) is None:
            raise
        return failed(*done, *([why(trouble)] if trouble else ()), why_not)
    done, trouble = _close_in_order(settings, occasion, unclosed)
    if trouble is None:
        return told(None, *done, *late)
    ended = refused if isinstance(trouble, Refused) else failed
    return ended(*done, *late, why(trouble))


def _close_in_order(
    settings: Settings, occasion: Occasion, months: Sequence[SettlementMonth]
) -> tuple[list[object], Refused | Unavailable | None]:
    """Close months up to the first that waits; say what came of each.

    A month that cannot be closed ends it; the trouble that prevented it is returned as well.
    """
    done = list[object]()
    for month in months:
        try:
            kept_by = _close_if_due(settings, occasion, month)
        except ClosedMeanwhile as closed:
            done.append(why(closed))
            continue
        except Unavailable as trouble:
            return done, trouble
        if isinstance(kept_by, Refused):
            return done, kept_by
        if kept_by is not None:
            return [*done, sentence("{month} waits. {why}", month=month, why=kept_by)], None
        done.append(sentence("{month} is closed.", month=month))
    return done or [sentence("Every month that is over is closed.")], None


def _close_if_due(
    settings: Settings, occasion: Occasion, month: SettlementMonth
) -> Sentence | Refused | None:
    """Close a month; return what it waits for, or why its closing was refused."""
    due = look(settings, month, occasion.now)
    if due.waits_for is not None:
        return due.waits_for
    cause = occasion.cause(BY_ITSELF)
    request = ClosingRequest(month, cause, rests_on=due.rests_on, told=due.refused)
    try:
        close(settings, request, "")
    except Refused as refusal:
        with best_effort("what was refused"):
            emit_refused(settings, month, refusal, due.refused)
        return refusal
    return None


@flow(name="tell-unclosed-months", flow_run_name="report a month that is not closed")
@telling
def tell_unclosed_months() -> None:
    """Emit an event if a month is not closed by the day set (GROWTH_POINTS_CLOSE_BY_DAY).

    It runs daily and reports the oldest such month: the later ones wait for it.
    """
    settings, occasion = Settings.read(), flow_occasion()
    unclosed = find_due(settings, occasion.today)
    if unclosed is None:
        return told(None, no_month_closes())
    if not unclosed or not is_overdue(settings, unclosed[0], occasion.today):
        return told(None, sentence("No month is overdue."))
    due = look_for_the_reason(settings, unclosed[0], occasion.now)
    with best_effort("what is not closed"):
        emit_unclosed(settings, due, later=len(unclosed) - 1)
    said = sentence("{month} is not closed. {why}", month=due.month, why=what_is_missing(due))
    return told(None, said)


find_due = step(name="find what is not closed", **RETRIES)(find_unclosed)
look = step(name="look at its files", **RETRIES)(look_at)
look_for_the_reason = step(name="look at its files", **RETRIES)(why_unclosed)


@step(name="check the window", **RETRIES)
def require(settings: Settings, request: ClosingRequest) -> None:
    """Refuse a month that cannot be closed before reading its files."""
    with program_database(settings) as engine:
        require_window(engine, request, program_policies(settings), program_calendar(settings))


@step(name="decide, post, plan the payout")
def decide_and_post(
    settings: Settings, request: ClosingRequest, delivery: SoundDelivery
) -> Closing:
    """Close the month in one transaction."""
    with program_database(settings) as engine:
        return record_closing(
            engine, request, delivery, program_policies(settings), program_calendar(settings)
        )
