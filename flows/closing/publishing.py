"""Publishing what a closing came to: its report and those of later months, and their events."""

from pathlib import Path

from flows.closing.events import emit_closed, emit_evaluated_again
from flows.closing.later_months import (
    LaterMonth,
    months_without_report,
    report_later_months,
    report_name,
)
from flows.closing.next_step import next_step
from flows.closing.record_closing import Closing
from flows.closing.report import closing_report, marked_as_rewritten
from flows.ingesting.quality_pages import quality_page
from flows.paying.events import emit_waiting
from flows.prefect.attached_report import attach_report
from flows.prefect.server_errors import best_effort
from flows.reports.keeping import is_kept, keep_report
from flows.reports.report import Report
from flows.settings import Settings


class ClosedMonth:
    """A closing with its report; `file` is None for a preview, which writes nothing.

    `later` are the months that were evaluated again because of it.

    Not a dataclass: Prefect would spend seconds visiting every award in it.
    """

    __slots__ = ("closing", "file", "later", "report")

    def __init__(
        self,
        closing: Closing,
        report: Report,
        file: Path | None = None,
        later: tuple[LaterMonth, ...] = (),
    ) -> None:
        self.closing = closing
        self.report = report
        self.file = file
        self.later = later


def publish(settings: Settings, closing: Closing, root: str) -> ClosedMonth:
    """Attach the report to the run and keep it as a file.

    Not a task: Prefect would search every award of the closing for futures.
    """
    then = next_step(settings, closing, root)
    if closing.request.preview:
        report = closing_report(closing, next_step=then)
        attach_report(settings, report)
        return ClosedMonth(closing, report)
    closed, month, cause = closing.closed, closing.request.month, closing.request.cause
    name = report_name(closed.evaluation)
    # A run that was killed after its commit left no report and emitted no event.
    lost = not (closing.changed or is_kept(settings, month, name))
    evaluated = (
        months_without_report(settings, cause, lambda each: each.settlement_month > month)
        if lost
        else closing.months[1:]
    )
    later = report_later_months(settings, evaluated, cause, month)
    page = quality_page(settings, month, closed.revision.revision_no)
    links = (*(each.link() for each in later), page)
    report = closing_report(closing, links=links, next_step=then)
    report = marked_as_rewritten(report) if lost else report
    kept = keep_report(settings, name, report, overwrite=closing.changed)
    _tell(settings, ClosedMonth(closing, report, kept, later), kept, lost)
    return ClosedMonth(closing, report, kept, later)


def _tell(settings: Settings, published: ClosedMonth, kept: Path, lost: bool) -> None:
    """Attach the reports of all months, and emit their events."""
    closing, later = published.closing, published.later
    for each in later:
        attach_report(settings, each.report, each.file)
    attach_report(settings, published.report, kept)
    month = closing.closed.month
    changed = [month] if closing.closed.changed or lost else []
    with best_effort("the closing"):
        emit_closed(closing, kept, again=lost)
        emit_evaluated_again(later, closing.request.cause, month)
        emit_waiting(settings, [*changed, *(each.month.month for each in later)])
