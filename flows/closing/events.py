"""The events of a closing: month closed, month restated."""

from pathlib import Path
from typing import Any

from flows.closing.evaluation import EvaluatedMonth
from flows.closing.record_closing import Closing
from flows.closing.report import closing_facts
from flows.prefect.events import CLOSED, RESTATED, emit


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
