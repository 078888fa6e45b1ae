"""The event of a refused delivery."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from domain.findings import Finding, Severity
from domain.months import SettlementMonth
from flows.prefect.events import BLOCKED, emit

_MOST_FINDINGS: Final = 20  # an event is small; the report has all of them


def emit_blocked(
    month: SettlementMonth, source: str, findings: Sequence[Finding], report: Path
) -> None:
    """Emit an event that a month's delivery was refused, with its critical findings."""
    critical = [each for each in findings if each.severity is Severity.CRITICAL]
    shown = [
        {"rule": each.rule, "sentence": each.sentence, "count": each.count}
        for each in critical[:_MOST_FINDINGS]
    ]
    payload = {"source": source, "critical": len(critical), "findings": shown}
    emit(BLOCKED, month, payload | {"report": str(report)})
