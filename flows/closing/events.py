"""The events of a closing: month closed, restated, refused, not closed in time."""

from pathlib import Path
from typing import Any

from adapters.ingest.delivery import DeliveryRefused
from adapters.languages.catalog import say
from domain.findings import MonthBlocked
from domain.months import SettlementMonth
from domain.refusal import Refused
from domain.sentence import Sentence, sentence
from flows.closing.cascade import AwardsBlocked
from flows.closing.due_months import DueMonth
from flows.closing.evaluation import EvaluatedMonth
from flows.closing.record_closing import Closing
from flows.closing.report import closing_facts
from flows.prefect.events import CLOSED, REFUSED, RESTATED, UNCLOSED, emit
from flows.prefect.unattended_states import why
from flows.settings import Settings


def emit_closed(closing: Closing, report: Path | None, *, again: bool = False) -> None:
    """Emit an event for each month that a closing changed: `closed` if it is new, else `restated`.

    With `again`, emit `closed` for the month itself: the run that closed it was killed first.
    """
    if closing.request.preview:
        return
    first = again or closing.before is None
    if first:
        facts = closing_facts(closing)
        emit(CLOSED, closing.closed.month, {**facts, "report": report and str(report)})
    for each in closing.months[1 if first else 0 :]:
        if each.changed:
            emit(RESTATED, each.month, _restated(closing, each, report))


def _restated(closing: Closing, month: EvaluatedMonth, report: Path | None) -> dict[str, Any]:
    asked_for = closing.closed.month
    return {
        "caused_by": None if month.month == asked_for else str(asked_for),
        "reason": closing.request.cause.reason,
        "evaluation": month.evaluation.evaluation_no,
        **month.restatement.counts,
        "report": report and str(report),
    }


def emit_refused(settings: Settings, month: SettlementMonth, refusal: Refused) -> None:
    """Emit an event that a closing was refused for another reason than its files.

    Those are told by the event of the blocked month.
    """
    of_its_files = isinstance(refusal, DeliveryRefused | MonthBlocked)
    if isinstance(refusal, AwardsBlocked) or not of_its_files:
        emit(REFUSED, month, {"reason": say(why(refusal), settings.language)})


def emit_unclosed(settings: Settings, due: DueMonth, later: int) -> None:
    """Emit an event that a month is not closed in time, what it waits for, and how many with it."""
    missing = say(what_is_missing(due), settings.language)
    emit(UNCLOSED, due.month, {"missing": missing, "later": later})


def what_is_missing(due: DueMonth) -> Sentence:
    """Say what a month waits for, even if it is only the next run."""
    return due.waits_for or sentence("Nothing; the next hourly run closes it.")
