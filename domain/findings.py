"""Findings of the data-quality checks, and the exceptions that refuse a month because of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from domain.months import SettlementMonth
from domain.refusal import Refused as Refused  # noqa: PLC0414


class Severity(StrEnum):
    """How serious a finding is: critical ones block the month, warnings ask for a look."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem of a delivery, with a sentence that says what, where and how often.

    `count` is the number of affected lines, rows or files; `examples` are a few of them.
    """

    rule: str
    severity: Severity
    sentence: str
    count: int
    where: str
    examples: tuple[str, ...] = ()

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Finding":
        """Return the finding that was stored as plain data, by `dataclasses.asdict`."""
        severity, examples = Severity(data["severity"]), tuple(data["examples"])
        return cls(**{**data, "severity": severity, "examples": examples})


def blocking(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings that block ingesting a delivery."""
    return tuple(finding for finding in findings if finding.severity is Severity.CRITICAL)


def warnings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings that are warnings."""
    return tuple(finding for finding in findings if finding.severity is Severity.WARNING)


class DeliveryBlocked(Refused):
    """A delivery with critical findings; nothing was written. `next_step` says what to do."""

    def __init__(
        self, period: SettlementMonth | date, findings: tuple[Finding, ...], next_step: str = ""
    ) -> None:
        critical = blocking(findings)
        lines = [f"  {f.rule}: {f.sentence}" for f in critical]
        if others := warnings(findings):
            lines += ["Warnings that may explain it:"]
            lines += [f"  {f.rule}: {f.sentence}" for f in others]
        many = f"{len(critical)} finding{'s'[: len(critical) != 1]}"
        first = f"{period} is blocked by {many}; nothing was written:"
        super().__init__("\n".join(filter(None, [first, *lines, next_step])))
        self.period = period
        self.findings = findings


class MonthBlocked(DeliveryBlocked):
    """A month's delivery with critical findings."""


class DayBlocked(DeliveryBlocked):
    """A reward day's delivery with critical findings."""


class WindowIncomplete(Refused):
    """A month whose window lacks settlement data."""

    def __init__(self, month: SettlementMonth, missing: tuple[SettlementMonth, ...]) -> None:
        names = ", ".join(map(str, missing))
        super().__init__(
            f"{month} cannot be closed: its window also needs {names}, not ingested yet. "
            f"Run `growth-points ingest {missing[0]}` first; history need not be closed."
        )
        self.month = month
        self.missing = missing
