"""Findings of the data-quality checks, and the exceptions that refuse a month because of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from domain.months import SettlementMonth
from domain.refusal import Refused as Refused  # noqa: PLC0414
from domain.sentence import Text, as_data, joined, of_data, sentence, sentences


class Severity(StrEnum):
    """How serious a finding is: critical ones block the month, warnings ask for a look."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem of a delivery, with a text that says what, where and how often.

    `count` is the number of affected lines, rows or files; `examples` are a few of them.
    """

    rule: str
    severity: Severity
    text: Text
    count: int
    where: str
    examples: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The text in English, as programs read it."""
        return str(self.text)

    def as_data(self) -> dict[str, Any]:
        """Return the finding as programs read it."""
        return {
            "rule": self.rule,
            "severity": self.severity,
            "sentence": self.sentence,
            "count": self.count,
            "where": self.where,
            "examples": self.examples,
        }

    def stored(self) -> dict[str, Any]:
        """Return what `of` makes the finding from, in every language, besides `as_data`."""
        return {**self.as_data(), "text": as_data(self.text)}

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Finding":
        """Return the finding that was stored by `stored`, or in English alone, as it once was."""
        return cls(
            data["rule"],
            Severity(data["severity"]),
            of_data(data.get("text", data["sentence"])),
            data["count"],
            data["where"],
            tuple(data["examples"]),
        )


def blocking(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings that block ingesting a delivery."""
    return tuple(finding for finding in findings if finding.severity is Severity.CRITICAL)


def warnings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings that are warnings."""
    return tuple(finding for finding in findings if finding.severity is Severity.WARNING)


def _lines(findings: Sequence[Finding]) -> Iterator[Text]:
    yield from map(_line, blocking(findings))
    if others := warnings(findings):
        yield sentence("Warnings that may explain it:")
        yield from map(_line, others)


def _line(finding: Finding) -> Text:
    return joined((f"  {finding.rule}", finding.text), ": ")


class DeliveryBlocked(Refused):
    """A delivery with critical findings; nothing was written. `next_step` says what to do."""

    has_an_alarm = True

    def __init__(
        self, period: SettlementMonth | date, findings: tuple[Finding, ...], next_step: Text = ""
    ) -> None:
        first = sentences(
            "{period} is blocked by {count} finding; nothing was written:",
            "{period} is blocked by {count} findings; nothing was written:",
            count=len(blocking(findings)),
            period=str(period),
        )
        super().__init__(joined([first, *_lines(findings), next_step], "\n"))
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
            sentence(
                "{month} cannot be closed: its window also needs {names}, not ingested "
                "yet. Run `growth-points ingest {first}` first; history need not be "
                "closed.",
                month=month,
                names=names,
                first=missing[0],
            )
        )
        self.month = month
        self.missing = missing
