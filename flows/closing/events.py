"""The events of a closing: month closed, restated, refused, not closed in time."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from adapters.languages.catalog import say
from domain.cause import Cause
from domain.months import SettlementMonth
from domain.refusal import Refused
from domain.restatement import Restatement
from domain.sentence import Sentence, sentence
from flows.closing.due_months import DueMonth, expected_payout_on, was_refused
from flows.closing.evaluation import EvaluatedMonth
from flows.closing.later_months import LaterMonth
from flows.closing.record_closing import Closing
from flows.closing.report import closing_facts
from flows.prefect.endings import why
from flows.prefect.events import CLOSED, REFUSED, RESTATED, UNCLOSED, emit
from flows.refused_runs import recorded_reason
from flows.settings import Settings


def emit_closed(closing: Closing, report: Path, *, again: bool = False) -> None:
    """Emit an event for the month that was closed: `closed` if it is new, `restated` if it changed.

    With `again`, emit `closed`: the run that closed it was killed first.
    """
    closed, cause = closing.closed, closing.request.cause
    if again or closing.before is None:
        emit(CLOSED, closed.month, {**closing_facts(closing), "report": str(report)})
    elif closed.changed:
        _emit_restated(closed, cause, report, None, closed.restatement.counts)


def emit_evaluated_again(
    months: Iterable[LaterMonth], cause: Cause, caused_by: SettlementMonth
) -> None:
    """Emit `restated` for each later month that a change of another one evaluated again."""
    for each in months:
        _emit_restated(each.month, cause, each.file, caused_by, each.month.restatement.counts)


def emit_late_news(closing: Closing, report: Path, posted: Mapping[str, int]) -> None:
    """Emit what the run that evaluated a month did not; `posted` counts what it posted."""
    closed, cause = closing.closed, closing.request.cause
    if closed.evaluation.evaluation_no == 1:
        emit_closed(closing, report, again=True)
    else:
        counts = {**Restatement().counts, **posted}
        _emit_restated(closed, cause, report, closing.caused_by, counts)


def _emit_restated(
    month: EvaluatedMonth,
    cause: Cause,
    report: Path,
    caused_by: SettlementMonth | None,
    counts: Mapping[str, int],
) -> None:
    payload = {
        "caused_by": caused_by and str(caused_by),
        "reason": cause.reason,
        "evaluation": month.evaluation.evaluation_no,
        **counts,
        "report": str(report),
    }
    emit(RESTATED, month.month, payload)


def emit_refused(
    settings: Settings, month: SettlementMonth, refusal: Refused, told: str | None
) -> None:
    """Emit an event that a closing was refused for another reason than its files.

    Those are told by the event of the blocked month; the reason that was `told` is not told again.
    """
    if not (refusal.has_an_alarm or recorded_reason(refusal) == told):
        emit(REFUSED, month, {"reason": say(why(refusal), settings.language)})


def emit_unclosed(settings: Settings, due: DueMonth, later: int) -> None:
    """Emit an event that a month is not closed in time.

    It has what the month waits for, when it is to be paid, and how many later months wait for it.
    """
    missing = say(what_is_missing(due), settings.language)
    due_on = expected_payout_on(settings, due.month) or sentence("not known")
    payload = {"missing": missing, "due_on": say(due_on, settings.language), "later": later}
    emit(UNCLOSED, due.month, payload)


def what_is_missing(due: DueMonth) -> Sentence:
    """Say what a month waits for, even if it is only the next run."""
    if due.waits_for is None and due.refused is not None:
        return was_refused(due.refused)
    return due.waits_for or sentence("Nothing; the next hourly run closes it.")
