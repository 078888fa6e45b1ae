"""What a rule is: a name, a weight, a limit and a sentence; for rows also the expression."""

from collections.abc import Callable
from dataclasses import dataclass

import narwhals as nw

from domain.findings import Severity
from domain.months import SettlementMonth
from domain.settlement import Content


@dataclass(frozen=True, slots=True)
class Limit:
    """How many lines or rows may break a rule before it counts as broken; none by default."""

    count: int = 0
    fraction: float = 0.0

    def allows(self, total: int) -> int:
        """Say how many of `total` may break the rule."""
        return max(self.count, int(self.fraction * total))


NONE = Limit()


@dataclass(frozen=True, slots=True)
class Rule:
    """Something that must hold of a delivery.

    `sentence` says what is wrong where the rule is broken, without saying where or how often.
    """

    name: str
    content: Content
    severity: Severity
    sentence: str
    limit: Limit = NONE


@dataclass(frozen=True, slots=True)
class Check:
    """A row rule bound to a month, as the scan needs it: when a row breaks it, and what to show."""

    name: str
    refuses: bool
    shows: str
    breaks: nw.Expr


@dataclass(frozen=True, slots=True)
class RowRule:
    """A rule that looks at one settlement line or one snapshot row, over its canonical columns.

    `breaks` builds the expression that is true where the rule is broken. It is never NULL: every
    expression says itself what a missing value means, and the scan counts NULL as broken.
    `shows` names the column whose value helps to find the fault.
    """

    rule: Rule
    shows: str
    breaks: Callable[[SettlementMonth], nw.Expr]

    def on(self, month: SettlementMonth) -> Check:
        """Bind the rule to the settlement month that a delivery claims to be."""
        refuses = self.rule.severity is Severity.CRITICAL
        return Check(self.rule.name, refuses, self.shows, self.breaks(month))


def missing(column: str) -> nw.Expr:
    """Be true where a text is absent or empty."""
    return nw.col(column).is_null() | (nw.col(column) == "")


def longer_than(length: int, column: str) -> nw.Expr:
    """Be true where a text is present and longer than `length` characters."""
    return ~nw.col(column).is_null() & (nw.col(column).str.len_chars() > length)


def other_than(known: tuple[str, ...], column: str) -> nw.Expr:
    """Be true where a text is present and none of the known values.

    Spelled as comparisons: `is_in` becomes a list search that costs five times as much.
    """
    unlike = [nw.col(column) != value for value in known]
    return ~missing(column) & nw.all_horizontal(*unlike, ignore_nulls=False)


def matches(pattern: str, column: str) -> nw.Expr:
    """Be true where a text is present and holds a match of the regular expression."""
    return ~nw.col(column).is_null() & nw.col(column).str.contains(pattern)
