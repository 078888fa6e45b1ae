"""What a rule is: a name, a weight, a limit and a sentence; for rows also the expression."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

import narwhals as nw

from domain.findings import Severity
from domain.limits import allowed
from domain.months import SettlementMonth
from domain.profile import REPLACED, PastMonth, Profile
from domain.settlement import Content


@dataclass(frozen=True, slots=True)
class Limit:
    """How many lines, rows or stores may break a rule before it counts as broken; none by default.

    `setting` names the share of them that an operator sets (`domain.limits`); a few, `count`, may
    always.
    """

    count: int = 0
    setting: str = ""

    def allows(self, total: int, limits: Mapping[str, float]) -> int:
        """Say how many of `total` may break the rule."""
        return max(self.count, allowed(limits[self.setting], total) if self.setting else 0)


NONE = Limit()
A_FEW = 2  # in a marketplace of some dozen stores that is no share to speak of

_COMPARED = 8
_ROUNDED = r"^[+-]?[0-9]+(\.[0-9]+([eE][+-]?[0-9]+)?|[eE][+][0-9]+)$"


@dataclass(frozen=True, slots=True)
class Rule:
    """Something that must hold of a delivery.

    `sentence` says what is wrong where the rule is broken, without saying where or how often.
    `unit` is what is counted: a line or a row of the snapshot, unless it says otherwise. `counts`
    names what the scan counted for it, where several rules weigh the same count: of those that
    are broken the heaviest is told.
    """

    name: str
    content: Content
    severity: Severity
    sentence: str
    limit: Limit = NONE
    unit: str = ""
    counts: str = ""

    @property
    def count_of(self) -> str:
        """The name under which its violations were counted."""
        return self.counts or self.name

    @property
    def counted(self) -> str:
        """The singular of what the rule counts."""
        return self.unit or ("line" if self.content is Content.SETTLEMENTS else "row")


def judged_of(rule: Rule, profile: Profile) -> int:
    """Say of how many lines, rows, sellers or stores a rule's violations are a part."""
    if rule.count_of in REPLACED:
        return profile.replaced_stores
    if rule.counted == "store":
        return profile.last_stores
    if rule.counted == "seller":
        return profile.sellers
    return profile.lines if rule.content is Content.SETTLEMENTS else profile.sellers


@dataclass(frozen=True, slots=True)
class BandRule:
    """A rule that a month's measure stays within a band around the months before it.

    `measure` reads it from a profile or from a past month; `tolerance` is how far below the
    smallest and above the largest of them it may lie, as a fraction of each.
    """

    rule: Rule
    measure: Callable[[Profile | PastMonth], int]
    tolerance: float

    def band(self, past: Sequence[PastMonth]) -> tuple[int, int]:
        """Give the least and the most that the past months allow."""
        values = [self.measure(month) for month in past]
        least, most = min(values), max(values)
        return least - int(abs(least) * self.tolerance), most + int(abs(most) * self.tolerance)


@dataclass(frozen=True, slots=True)
class WholeRule:
    """A rule that not every single line or row breaks the rule named `every`.

    What only warns while few do it means, once all do it, that a column holds something else and
    that nothing of the delivery would count.
    """

    rule: Rule
    every: str


@dataclass(frozen=True, slots=True)
class Check:
    """A row rule bound to a month, as the scan needs it: when a row keeps it, and what to show."""

    name: str
    refuses: bool
    shows: str
    holds: nw.Expr


@dataclass(frozen=True, slots=True)
class RowRule:
    """A rule that looks at one settlement line or one snapshot row, over its canonical columns.

    `holds` builds the expression that is true where a row keeps the rule. Wherever it is false or
    NULL the rule is broken, so a missing value passes only where the expression says that it may.
    `shows` names the column whose value helps to find the fault.
    """

    rule: Rule
    shows: str
    holds: Callable[[SettlementMonth], nw.Expr]

    def __post_init__(self) -> None:
        if self.rule.severity is Severity.CRITICAL and self.rule.limit != NONE:
            raise ValueError(f"{self.rule.name}: rows that are refused cannot be allowed for")

    def on(self, month: SettlementMonth) -> Check:
        """Bind the rule to the settlement month that a delivery claims to be."""
        refuses = self.rule.severity is Severity.CRITICAL
        return Check(self.rule.name, refuses, self.shows, self.holds(month))


def present(column: str) -> nw.Expr:
    """Be true where a text is there and not empty."""
    return nw.col(column) != ""


def empty(column: str) -> nw.Expr:
    """Be true where no text is there, for which another rule stands."""
    return nw.col(column).is_null() | (nw.col(column) == "")


def given(column: str) -> nw.Expr:
    """Be true where a value was written, whether or not it could be read."""
    return ~nw.col(column).is_null() | ~nw.col(f"{column}_unreadable").is_null()


def readable(column: str) -> nw.Expr:
    """Be true where a value could be read, or nothing was written."""
    return nw.col(f"{column}_unreadable").is_null()


def at_most(length: int, column: str) -> nw.Expr:
    """Be true where a text is absent or no longer than `length` characters."""
    return nw.col(column).is_null() | (nw.col(column).str.len_chars() <= length)


def free_of(pattern: str, column: str) -> nw.Expr:
    """Be true where a text is absent or holds no match of the regular expression."""
    return nw.col(column).is_null() | ~nw.col(column).str.contains(pattern)


def between(least: object, most: object, column: str) -> nw.Expr:
    """Be true where a value is absent or lies within two bounds, both included."""
    value = nw.col(column)
    return value.is_null() | ((value >= least) & (value <= most))


def exact_id(column: str) -> nw.Expr:
    """Be true where an id is absent or not a number that its type may have rounded.

    What stands here as a fraction or with an exponent was no whole number of at most 2^53.
    """
    # Most ids have neither sign; to look for the pattern costs ten times as much.
    value = nw.col(column)
    plain = ~value.str.contains(".", literal=True) & ~value.str.contains("+", literal=True)
    return value.is_null() | plain | ~value.str.contains(_ROUNDED)


def one_of(known: Iterable[str], column: str) -> nw.Expr:
    """Be true where a text is one of the known values, of which the first are the commonest.

    Those are spelled as comparisons: `is_in` becomes a list search that costs five times as much.
    """
    values = tuple(known)
    compared = reduce(or_, (nw.col(column) == value for value in values[:_COMPARED]))
    return compared | nw.col(column).is_in(values[_COMPARED:]) if values[_COMPARED:] else compared
