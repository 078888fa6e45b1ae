"""What the data-quality checks found: facts, collected. Only stopping is an exception."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from domain.months import SettlementMonth
from domain.refusal import Refused as Refused  # noqa: PLC0414


class Severity(StrEnum):
    """How much a finding weighs.

    A critical one blocks the month, a warning asks to be looked at, and an info is told where
    nothing is wrong that was not so before.
    """

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with a delivery, in a sentence: rule, where, how often.

    `count` is the number of lines, rows or files concerned; `examples` are a few of them.
    """

    rule: str
    severity: Severity
    sentence: str
    count: int
    where: str
    examples: tuple[str, ...] = ()


def blocking(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Pick the findings that forbid taking a delivery in."""
    return tuple(finding for finding in findings if finding.severity is Severity.CRITICAL)


def warnings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Pick the findings that ask to be looked at and forbid nothing."""
    return tuple(finding for finding in findings if finding.severity is Severity.WARNING)


class MonthBlocked(Refused):
    """A delivery with at least one critical finding; nothing of it was ingested.

    `next_step` says what to do about it.
    """

    def __init__(
        self, month: SettlementMonth, findings: tuple[Finding, ...], next_step: str = ""
    ) -> None:
        critical = blocking(findings)
        lines = [f"  {f.rule}: {f.sentence}" for f in critical]
        if others := warnings(findings):
            lines += ["Warnings, which may say why:"]
            lines += [f"  {f.rule}: {f.sentence}" for f in others]
        many = f"{len(critical)} finding{'s'[: len(critical) != 1]}"
        first = f"{month} is blocked by {many}; nothing was written:"
        super().__init__("\n".join(filter(None, [first, *lines, next_step])))
        self.month = month
        self.findings = findings


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
