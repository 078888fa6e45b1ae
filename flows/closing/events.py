"""The events of a closing: a month closed for the first time, or restated."""

from pathlib import Path
from typing import Any

from domain.findings import warnings
from flows.closing.evaluation import EvaluatedMonth
from flows.closing.record_closing import Closing
from flows.prefect.events import CLOSED, RESTATED, tell


def tell_closed(closing: Closing, report: Path | None, *, again: bool = False) -> None:
    """Tell of each month that a closing has changed: closed for the first time, or restated.

    With `again` the month is told as closed, since the run that closed it told nobody.
    """
    if closing.request.preview:
        return
    first = again or closing.before is None
    if first:
        tell(CLOSED, closing.closed.month, _closed(closing, report))
    for each in closing.months[1 if first else 0 :]:
        if each.changed:
            tell(RESTATED, each.month, _restated(closing, each, report))


def _closed(closing: Closing, report: Path | None) -> dict[str, Any]:
    closed, revision = closing.closed, closing.closed.revision
    return {
        "policy": closed.policy.name,
        "revision": revision.revision_no,
        "sellers": revision.sellers,
        "lines": revision.lines,
        "amount_krw": revision.amount_krw,
        "awards": len(closed.earned),
        "points": sum(award.points for award in closed.earned),
        "warnings": len(warnings(closing.findings)),
        "due_on": str(closing.payouts[closed.month].due_on),
        "ledger_head": closing.chain_head and closing.chain_head.hash,
        "report": report and str(report),
    }


def _restated(closing: Closing, month: EvaluatedMonth, report: Path | None) -> dict[str, Any]:
    asked_for = closing.closed.month
    return {
        "caused_by": None if month.month == asked_for else str(asked_for),
        "reason": closing.request.cause.reason,
        "evaluation": month.evaluation.evaluation_no,
        **month.restatement.counts,
        "report": report and str(report),
    }
