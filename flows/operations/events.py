"""What the program tells a Prefect server beyond its runs: events that automations act on.

An event says that something has happened to a month. It is told after the database has it, and
never decides anything: a server that cannot be reached keeps no month from closing.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from prefect.events import emit_event

from adapters.postgres.ledger import Payout
from adapters.postgres.standing import Standing
from domain.findings import Finding, Severity, warnings
from domain.months import SettlementMonth
from flows.closing.evaluation import EvaluatedMonth
from flows.servers.temporary_server import server_is_temporary
from flows.steps.record_closing import Closing

CLOSED: Final = "growth-points.month.closed"
BLOCKED: Final = "growth-points.month.blocked"
RESTATED: Final = "growth-points.month.restated"
PAID: Final = "growth-points.payout.paid"
LATE: Final = "growth-points.payout.late"

_MOST_FINDINGS: Final = 20  # an event is small; the report has all of them


def tell_closed(closing: Closing, report: Path | None, *, again: bool = False) -> None:
    """Tell of each month that a closing has changed: closed for the first time, or restated.

    With `again` the month is told as closed, since the run that closed it told nobody.
    """
    if closing.request.preview:
        return
    first = again or closing.before is None
    if first:
        _tell(CLOSED, closing.closed.month, _closed(closing, report))
    for each in closing.months[1 if first else 0 :]:
        if each.changed:
            _tell(RESTATED, each.month, _restated(closing, each, report))


def tell_blocked(
    month: SettlementMonth, source: str, findings: Sequence[Finding], report: Path
) -> None:
    """Tell that a month's delivery was refused, and for what."""
    critical = [each for each in findings if each.severity is Severity.CRITICAL]
    told = [
        {"rule": each.rule, "sentence": each.sentence, "count": each.count}
        for each in critical[:_MOST_FINDINGS]
    ]
    payload = {"source": source, "critical": len(critical), "findings": told}
    _tell(BLOCKED, month, payload | {"report": str(report)})


def tell_paid(payout: Payout, due_on: date) -> None:
    """Tell that a month was paid, unless it had been paid before."""
    if payout.created:
        payload = {
            "due_on": str(due_on),
            "paid_on": str(payout.paid_on),
            "days_late": (payout.paid_on - due_on).days,
            "sellers": payout.sellers,
            "points": payout.points,
        }
        _tell(PAID, payout.settlement_month, payload)


def tell_late(month: Standing, today: date) -> None:
    """Tell that a month's payout date has passed and the month is not paid."""
    payload = {
        "due_on": str(month.due_on),
        "days_late": month.days_late(today),
        "sellers": month.pending_sellers,
        "points": month.pending_points,
    }
    _tell(LATE, month.settlement_month, payload)


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
    way, asked_for = month.restatement, closing.closed.month
    return {
        "caused_by": None if month.month == asked_for else str(asked_for),
        "reason": closing.request.cause.reason,
        "evaluation": month.evaluation_no,
        "reversed": len(way.reverse),
        "awarded": len(way.post),
        "over_awarded": len(way.over_awarded),
        "under_awarded": len(way.under_awarded),
        "points": sum(a.points for a in way.post) - sum(a.points for a in way.reverse),
        "report": report and str(report),
    }


def _tell(event: str, month: SettlementMonth, payload: dict[str, Any]) -> None:
    """Send an event about a month; a server that ends with its command has nobody to act on it."""
    if server_is_temporary():
        return
    resource = {
        "prefect.resource.id": f"growth-points.month.{month}",
        "prefect.resource.name": str(month),
    }
    emit_event(event, resource, payload={"month": str(month), **payload})
