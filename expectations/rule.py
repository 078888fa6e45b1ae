"""Rules: a name, a severity, a limit and a sentence, and for row rules an expression."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Generic, TypeVar

import narwhals as nw

from domain.columns import LONGEST_ID, Content
from domain.findings import Severity
from domain.limits import allowed
from domain.profile import REPLACED, PastMonth, Profile
from domain.sentence import Text


@dataclass(frozen=True, slots=True)
class Limit:
    """How many lines, rows or stores may break a rule; none by default.

    `setting` names the operator's limit, a share (`domain.limits`); `count` are always allowed.
    """

    count: int = 0
    setting: str = ""

    def allows(self, total: int, limits: Mapping[str, float]) -> int:
        """Return how many of `total` may break the rule."""
        return max(self.count, allowed(limits[self.setting], total) if self.setting else 0)


NONE = Limit()
T = TypeVar("T")
A_FEW = 2  # for small marketplaces, where a share would allow none

_COMPARED = 8
_CONTROL_CHARACTER = r"[\x00-\x1f\x7f]"
_ROUNDED = r"^[+-]?[0-9]+(\.[0-9]+([eE][+-]?[0-9]+)?|[eE][+][0-9]+)$"


_ROW_OF = {Content.SETTLEMENTS: "line", Content.SELLERS: "row", Content.REWARDS: "entry"}


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that a delivery must satisfy.

    `sentence` says what is wrong when it is broken, without where or how often. `unit` is what is
    counted, by default a line, a snapshot row or a reward entry. `counts` names the count to check
    where several rules share one; of the broken ones only the most severe is reported.
    """

    name: str
    content: Content
    severity: Severity
    sentence: Text
    limit: Limit = NONE
    unit: str = ""
    counts: str = ""

    @property
    def count_of(self) -> str:
        """The name of the count that the rule checks."""
        return self.counts or self.name

    @property
    def counted(self) -> str:
        """The singular of what the rule counts."""
        return self.unit or _ROW_OF[self.content]


def line_rule(
    name: str, sentence: Text, severity: Severity = Severity.CRITICAL, *, unit: str = ""
) -> Rule:
    """Return a rule about settlement lines, of which none may break it."""
    return Rule(name, Content.SETTLEMENTS, severity, sentence, unit=unit)


def snapshot_rule(name: str, sentence: Text, severity: Severity = Severity.CRITICAL) -> Rule:
    """Return a rule about the seller snapshot, of which no row may break it."""
    return Rule(name, Content.SELLERS, severity, sentence)


def checked_total(rule: Rule, profile: Profile) -> int:
    """Return the total number of rows, sellers or stores that a rule is checked on."""
    if rule.count_of in REPLACED:
        return profile.past.changes.replaced_stores
    if rule.counted == "store":
        return profile.past.changes.stores
    if rule.counted == "seller":
        return profile.sellers
    return profile.rows_of(rule.content)


@dataclass(frozen=True, slots=True)
class BandRule:
    """A rule that a month's measure stays within a band around earlier months.

    `measure` reads it from a profile or a past month; `tolerance` is the fraction by which it may
    fall below the smallest or exceed the largest of them.
    """

    rule: Rule
    measure: Callable[[Profile | PastMonth], int]
    tolerance: float

    def band(self, past: Sequence[PastMonth]) -> tuple[int, int]:
        """Return the minimum and the maximum that the past months allow."""
        values = [self.measure(month) for month in past]
        least, most = min(values), max(values)
        return least - int(abs(least) * self.tolerance), most + int(abs(most) * self.tolerance)


@dataclass(frozen=True, slots=True)
class PresenceRule:
    """A rule that a delivery holds something; `measure` says how much, and 0 breaks the rule."""

    rule: Rule
    measure: Callable[[Profile], int]


@dataclass(frozen=True, slots=True)
class WholeRule:
    """A rule that is broken when all lines or rows break the rule named `every`.

    Then a column contains something else, and nothing of the delivery would count.
    """

    rule: Rule
    every: str


@dataclass(frozen=True, slots=True)
class Check:
    """A row rule bound to a delivery, for the scan."""

    name: str
    refuses: bool
    shows: str
    holds: nw.Expr


@dataclass(frozen=True, slots=True)
class RowRule(Generic[T]):
    """A rule for one row of a delivery, over its canonical columns.

    `holds` builds an expression that is true where a row satisfies the rule; false and NULL break
    it, so missing values must be allowed explicitly. It gets what rows of a delivery are held to,
    such as its month. `shows` names the column to show in examples.
    """

    rule: Rule
    shows: str
    holds: Callable[[T], nw.Expr]

    def __post_init__(self) -> None:
        if self.rule.severity is Severity.CRITICAL and self.rule.limit != NONE:
            raise ValueError(f"{self.rule.name}: rows that are refused cannot be allowed for")

    def on(self, delivery: T) -> Check:
        """Bind the rule to what rows of a delivery are held to."""
        refuses = self.rule.severity is Severity.CRITICAL
        return Check(self.rule.name, refuses, self.shows, self.holds(delivery))


def present(column: str) -> nw.Expr:
    """True where a text is present and not empty."""
    return nw.col(column) != ""


def empty(column: str) -> nw.Expr:
    """True where a text is absent or empty, which another rule reports."""
    return nw.col(column).is_null() | (nw.col(column) == "")


def given(column: str) -> nw.Expr:
    """True where a value was written, readable or not."""
    return ~nw.col(column).is_null() | ~nw.col(f"{column}_unreadable").is_null()


def readable(column: str) -> nw.Expr:
    """True where a value could be read or nothing was written."""
    return nw.col(f"{column}_unreadable").is_null()


def at_most(length: int, column: str) -> nw.Expr:
    """True where a text is absent or has at most `length` characters."""
    return nw.col(column).is_null() | (nw.col(column).str.len_chars() <= length)


def free_of(pattern: str, column: str) -> nw.Expr:
    """True where a text is absent or does not match the regular expression."""
    return nw.col(column).is_null() | ~nw.col(column).str.contains(pattern)


def between(least: object, most: object, column: str) -> nw.Expr:
    """True where a value is absent or within two inclusive bounds."""
    value = nw.col(column)
    return value.is_null() | ((value >= least) & (value <= most))


def exact_id(column: str) -> nw.Expr:
    """True where an id is absent or not a number that may have been rounded.

    An id with a fraction or an exponent was not a whole number of at most 2^53.
    """
    # Most ids have neither character, and matching the pattern costs ten times as much.
    value = nw.col(column)
    plain = ~value.str.contains(".", literal=True) & ~value.str.contains("+", literal=True)
    return value.is_null() | plain | ~value.str.contains(_ROUNDED)


def one_of(known: Iterable[str], column: str) -> nw.Expr:
    """True where a text is one of the known values, the most common of which come first.

    Those become comparisons, since `is_in` becomes a list search that costs five times as much.
    """
    values = tuple(known)
    compared = reduce(or_, (nw.col(column) == value for value in values[:_COMPARED]))
    return compared | nw.col(column).is_in(values[_COMPARED:]) if values[_COMPARED:] else compared


def well_formed_word(known: Iterable[str], column: str) -> nw.Expr:
    """True where a word is absent or known, or else neither too long nor with control characters.

    Known words come first, so that the pattern runs only over the others.
    """
    fits = at_most(LONGEST_ID, column) & free_of(_CONTROL_CHARACTER, column)
    return one_of(known, column) | fits


def known_word(known: Iterable[str], column: str) -> nw.Expr:
    """True where a word is known, or absent or malformed, which other rules report."""
    return one_of(known, column) | empty(column) | ~well_formed_word(known, column)
