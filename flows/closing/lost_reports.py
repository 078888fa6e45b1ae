"""What a run that closed a month owes: it was killed after its commit, or the disk was full."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection

from adapters.postgres.ledger import ChainHead, seal_now
from adapters.postgres.runs import MakingRun, making_run
from domain.sentence import Sentence, sentence
from flows.closing.due_months import BY_ITSELF
from flows.closing.evaluation import EvaluatedMonth
from flows.closing.events import emit_late_news
from flows.closing.later_months import as_closing, months_without_report, report_name, report_of
from flows.closing.record_closing import Closing
from flows.closing.report import marked_as_rewritten
from flows.heads import publish_head
from flows.ingesting.quality_pages import refresh_quality_pages
from flows.occasion import Occasion
from flows.paying.due_payouts import plan_payout_runs
from flows.paying.events import emit_waiting
from flows.prefect.attached_report import attach_report
from flows.prefect.server_errors import best_effort
from flows.program import program_database
from flows.reports.keeping import keep_report
from flows.settings import Settings

_AT_WORK: Final = timedelta(minutes=30)  # the run may still be about to report what it closed
_NEWS: Final = timedelta(days=31)  # what is older was told, and its report was lost afterwards


@dataclass(frozen=True, slots=True)
class _Unreported:
    """A closed month without a report, as a closing, and the run that made its evaluation."""

    closing: Closing
    made: MakingRun


def publish_lost_reports(settings: Settings, occasion: Occasion) -> tuple[Sentence, ...]:
    """Publish the reports of closed months that have none, and their events; say which those are.

    What was evaluated within half an hour is left to the run that did it.
    """
    until = occasion.now - _AT_WORK
    months = months_without_report(
        settings, occasion.cause(BY_ITSELF), lambda each: each.evaluated_at <= until
    )
    if not months:
        return ()
    with program_database(settings) as engine, engine.begin() as connection:
        head = seal_now(connection)
        unreported = [_unreported(connection, each, head) for each in months]
    publish_head(settings, head)
    refresh_quality_pages(settings)
    plan_payout_runs(settings)
    for each in unreported:
        is_news = each.closing.closed.evaluation.evaluated_at > occasion.now - _NEWS
        _publish(settings, each, is_news=is_news)
    return tuple(
        sentence(
            "The report of {month} is written: the run that closed it kept none.", month=each.month
        )
        for each in months
    )


def _unreported(
    connection: Connection, month: EvaluatedMonth, head: ChainHead | None
) -> _Unreported:
    """Show a month as its run would have; what differed from the run before is not known any more.

    Whatever was new to that run is new to whoever reads the report.
    """
    made = making_run(connection, month.evaluation.evaluation_id)
    new = replace(month, changed=True)
    closing = as_closing(connection, new, made.cause, made.caused_by, head)
    return _Unreported(replace(closing, before=None), made)


def _publish(settings: Settings, unreported: _Unreported, *, is_news: bool) -> None:
    closing = unreported.closing
    closed = closing.closed
    report = marked_as_rewritten(report_of(settings, closing))
    kept = keep_report(settings, report_name(closed.evaluation), report)
    attach_report(settings, report, kept)
    if is_news:
        with best_effort("the closing"):
            emit_late_news(closing, kept, unreported.made.difference)
            emit_waiting(settings, [closed.month])
