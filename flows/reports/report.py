"""The report of a month: what was found, who is awarded, why others are not, when it pays.

One document for everybody: attached to the run, kept as a page, shown in the terminal. This is what
it says; how it looks is said elsewhere (`markdown`, `page`, `console.terminal`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from domain.findings import Finding
from domain.months import SettlementMonth


class Mood(StrEnum):
    """How a month stands, at a glance; the values are also the names of looks."""

    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Bar:
    """A row drawn: how much goes on, and how much is lost with this row."""

    kept: int
    lost: int = 0


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report: a title over a table, every cell already text.

    `shown` is how many rows are enough to read at a glance, None for all; `bars` draws the rows,
    one for each, to a common scale.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    shown: int | None = None
    bars: tuple[Bar, ...] = ()

    @property
    def numbers(self) -> tuple[bool, ...]:
        """Say of each column whether it holds nothing but numbers; the first names the rows."""
        return tuple(
            no > 0 and all(_is_number(row[no]) for row in self.rows)
            for no in range(len(self.columns))
        )

    @property
    def longest_bar(self) -> int:
        """Give the length that all bars are drawn to the scale of; 1 where all are empty."""
        return max(bar.kept + bar.lost for bar in self.bars) or 1


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that everybody looks for first, and a few words about it."""

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """Something to look at beside the report: a file of ours, or an address."""

    name: str
    target: Path | str


@dataclass(frozen=True, slots=True)
class NextStep:
    """What is to be done now: a sentence, and the command or the form that does it."""

    sentence: str
    command: str | None = None
    form: Link | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What there is to say of a month: a headline, findings first, figures, then tables.

    `facts` are what a program would want to know of it, as they are written to JSON.
    """

    month: SettlementMonth
    headline: str
    mood: Mood
    findings: tuple[Finding, ...]
    figures: tuple[Figure, ...]
    sections: tuple[Section, ...]
    next_step: NextStep
    links: tuple[Link, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)


def _is_number(value: str) -> bool:
    return not value or value.replace(",", "").lstrip("+-").isdecimal()
