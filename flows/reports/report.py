"""The report of a month or of a reward day, as a value: findings, figures, tables, next step.

Its texts are put into a language (`in_language`); then it is rendered for the run (`markdown`), as
a page (`keeping`) and in the terminal (`console.terminal`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from domain.delivery import Period
from domain.findings import Finding
from domain.sentence import Text


class Mood(StrEnum):
    """The state of a period at a glance; the values are CSS classes, too."""

    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Bar:
    """A row's bar: how much is kept, and how much this row loses."""

    kept: int
    lost: int = 0


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report: a title and a table whose cells are texts.

    `shown` limits the rows in a terminal, None shows all; `left_out` counts further rows. `bars`
    has one bar for each row, drawn to a common scale.
    """

    title: Text
    columns: tuple[Text, ...]
    rows: tuple[tuple[Text, ...], ...]
    shown: int | None = None
    bars: tuple[Bar, ...] = ()
    left_out: int = 0

    def first(self, most: int | None) -> "Section":
        """Return the section with its first rows, None for all, and the others counted."""
        if most is None or len(self.rows) <= most:
            return self
        left_out = self.left_out + len(self.rows) - most
        return replace(self, rows=self.rows[:most], bars=self.bars[:most], left_out=left_out)

    @property
    def numbers(self) -> tuple[bool, ...]:
        """For each column but the first, whether it holds only numbers."""
        return tuple(
            no > 0 and all(_is_number(str(row[no])) for row in self.rows)
            for no in range(len(self.columns))
        )

    @property
    def longest_bar(self) -> int:
        """The longest bar, which sets the scale; 1 if all are empty."""
        return max(bar.kept + bar.lost for bar in self.bars) or 1


@dataclass(frozen=True, slots=True)
class Figure:
    """A key figure, with a short note."""

    name: Text
    value: str
    note: Text = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A link to a file of the program or to an address."""

    name: Text
    target: Path | str


@dataclass(frozen=True, slots=True)
class NextStep:
    """What to do now: a sentence, and the command or form that does it."""

    sentence: Text
    command: str | None = None
    form: Link | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """The report of a period: headline, findings, figures, then tables.

    `facts` are written to a JSON file for programs.
    """

    period: Period
    headline: Text
    mood: Mood
    findings: tuple[Finding, ...]
    figures: tuple[Figure, ...]
    sections: tuple[Section, ...]
    next_step: NextStep
    links: tuple[Link, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)


def _is_number(value: str) -> bool:
    return not value or value.replace(",", "").lstrip("+-").isdecimal()
