"""The profile of a delivery: what a scan counted, so that it can be checked without its lines."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from domain.columns import Content
from domain.delivery import Period, expected_of
from domain.limits import LIMITS
from domain.months import SettlementMonth
from domain.settlement import SELLER_FLAGS

# Counts of the scan itself, in addition to those of row rules.
UNREADABLE_LINE = "line_unreadable"
CONTINUED_LINE = "line_continued"
DUPLICATE_LINE = "line_duplicated"
UNKNOWN_SELLER = "seller_unknown"
UNREADABLE_SELLER = "snapshot_row_unreadable"
SELLER_TWICE = "snapshot_seller_twice"
NEGATIVE_SELLER = "seller_negative"
LARGE_SELLER = "seller_amount_too_large"
EARLY_SALE = "sale_before_approval"
LOST_ZEROS = "product_order_zeros_lost"
ROUNDED_ORDERS = "product_order_rounded"
SELLER_LOOKALIKE = "snapshot_seller_lookalike"
SHEET_NOT_READ = "sheet_not_read"

# Stores that differ from the last snapshot.
VANISHED_SELLER = "seller_vanished"
RETURNED_SELLER = "seller_returned"
JOINED_SELLER = "seller_joined"
REWRITTEN_SELLER = "seller_rewritten"
MOVED_APPROVAL = "approval_date_moved"
CHANGED_STATUS = "status_changed"
CHANGED_FLAG = {flag: f"{flag}_changed" for flag in SELLER_FLAGS}
# Stores that differ from the replaced revision.
WITHDRAWN_SELLER = "seller_withdrawn"
RESTATED_SELLER = "seller_restated"
REPLACED = (WITHDRAWN_SELLER, RESTATED_SELLER)
COMPARED = (
    *(VANISHED_SELLER, RETURNED_SELLER, JOINED_SELLER, REWRITTEN_SELLER, MOVED_APPROVAL),
    *(CHANGED_STATUS, *CHANGED_FLAG.values(), *REPLACED),
)

# Unknown words of a column: occurrences, and words that are new to the program.
UNKNOWN_WORD = {
    "line_type": "line_type_unknown",
    "settlement_type": "settlement_type_unknown",
    "status": "status_unknown",
}
NEW_WORD = {
    "line_type": "line_type_new",
    "settlement_type": "settlement_type_new",
    "status": "status_new",
}
OTHER_LINE = "line_not_product"
IDLE_STORE = "store_not_normal"

# Of a reward day: entries that the rules over the whole delivery refuse, and those that differ
# from what is recorded.
UNREADABLE_ENTRY = "reward_row_unreadable"
CONTINUED_ENTRY = "reward_row_continued"
REPEATED_ENTRY = "reward_entry_repeated"
POSITION_GAP = "reward_position_gap"
EVENT_OF_STORES = "reward_event_of_stores"
UNKNOWN_STORE = "reward_store_unknown"
CHANGED_ENTRY = "reward_entry_changed"
CANCELLED_NOTHING = "cancellation_of_nothing"
CANCELLED_TWICE = "cancellation_twice"
CANCELLED_OTHER = "cancellation_differs"
COMPARED_ENTRIES = (
    *(UNKNOWN_STORE, CHANGED_ENTRY),
    *(CANCELLED_NOTHING, CANCELLED_TWICE, CANCELLED_OTHER),
)

# How the sum of a file's values is stored.
_SUM_AS: Final = {Content.REWARDS: "points"}
_SUM: Final = "amount_krw"


@dataclass(frozen=True, slots=True)
class DeclaredTotals:
    """What the manifest declares of one file; None for what it leaves out."""

    rows: int
    total: int | None
    sha256: str | None


@dataclass(frozen=True, slots=True)
class FileTotals:
    """What was read from one file, and what its manifest declares.

    `total` is the sum of its column of `domain.delivery.SUMMED`: the KRW of all line types, or the
    points; None for a seller snapshot.
    """

    name: str
    content: Content
    sha256: str
    rows: int
    total: int | None
    declared: DeclaredTotals | None = None

    def as_data(self) -> dict[str, Any]:
        """Return the totals as data for JSON."""
        data, name = asdict(self), _SUM_AS.get(self.content, _SUM)
        for totals in filter(None, (data, data["declared"])):
            totals[name] = totals.pop("total")
        return data


@dataclass(frozen=True, slots=True)
class Violations:
    """The lines or rows that break one rule: their number, in total and by file, and examples."""

    rule: str
    count: int = 0
    by_file: tuple[tuple[str, int], ...] = ()
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UnknownWord:
    """An unknown word of a column, its number of lines or rows, and (None for a snapshot) their
    sum."""

    column: str
    word: str
    rows: int
    amount_krw: int | None = None


@dataclass(frozen=True, slots=True)
class PastMonth:
    """The totals of an earlier month, to compare a delivery with."""

    settlement_month: SettlementMonth
    lines: int
    amount_krw: int


@dataclass(frozen=True, slots=True)
class Changes:
    """How a snapshot differs from the last one that was ingested and from the one it replaces.

    `stores` and `replaced_stores` are the sizes of those, 0 where there is none; `counts` holds
    one count for each of `COMPARED`.
    """

    since: SettlementMonth | None = None
    stores: int = 0
    counts: tuple[Violations, ...] = tuple(map(Violations, COMPARED))
    replaced_stores: int = 0


@dataclass(frozen=True, slots=True)
class Past:
    """The months before a delivery, nearest first, and how its snapshot differs from the last.

    `words` are the unknown words of all ingested deliveries, each with its column; None if they
    are not available.
    """

    months: tuple[PastMonth, ...] = ()
    changes: Changes = Changes()
    words: frozenset[tuple[str, str]] | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """The control totals of a delivery, and the violations of every rule that was counted.

    `past` is what it is compared with. `unknown_words` lists those with the largest amounts, and
    `new_words` those that no delivery had before.
    """

    period: Period
    files: tuple[FileTotals, ...]
    violations: tuple[Violations, ...]
    past: Past = Past()
    limits: Mapping[str, float] = field(default_factory=lambda: LIMITS)
    unknown_words: tuple[UnknownWord, ...] = ()
    new_words: tuple[UnknownWord, ...] = ()

    def compared_with(self, past: Past) -> "Profile":
        """Return the profile with the comparison to earlier months added."""
        known = past.words
        new = tuple(
            w for w in self.unknown_words if known is not None and (w.column, w.word) not in known
        )
        counts = [
            Violations(rule, sum(word.column == column for word in new))
            for column, rule in NEW_WORD.items()
        ]
        return replace(
            self,
            violations=(*self.violations, *past.changes.counts, *counts),
            past=past,
            new_words=new,
        )

    def with_violations(self, found: Iterable[Violations]) -> "Profile":
        """Return the profile with violations added that were counted elsewhere."""
        return replace(self, violations=(*self.violations, *found))

    @property
    def lines(self) -> int:
        """The number of settlement lines read."""
        return self.rows_of(Content.SETTLEMENTS)

    @property
    def amount_krw(self) -> int:
        """The sum of all lines' amounts, whatever their type."""
        return self._total_of(Content.SETTLEMENTS)

    @property
    def sellers(self) -> int:
        """The number of rows in the seller snapshot."""
        return self.rows_of(Content.SELLERS)

    @property
    def entries(self) -> int:
        """The number of reward entries read."""
        return self.rows_of(Content.REWARDS)

    @property
    def points(self) -> int:
        """The sum of all reward entries' points, those of cancellations among them."""
        return self._total_of(Content.REWARDS)

    def rows_of(self, content: Content) -> int:
        """The number of rows read of one content."""
        return sum(file.rows for file in self.files if file.content is content)

    def _total_of(self, content: Content) -> int:
        return sum(file.total or 0 for file in self.files if file.content is content)

    def of(self, rule: str) -> Violations | None:
        """Return the violations of a rule; None when the rule was not counted."""
        return next((found for found in self.violations if found.rule == rule), None)

    def as_data(self) -> dict[str, Any]:
        """Return the profile as data for JSON."""
        return {
            expected_of(self.period).stated_as: str(self.period),
            **self._sizes(),
            "files": [file.as_data() for file in self.files],
            "violations": [asdict(found) for found in self.violations],
            "limits": dict(self.limits),
            "unknown_words": [asdict(word) for word in self.unknown_words],
        }

    def _sizes(self) -> dict[str, int]:
        if Content.REWARDS in expected_of(self.period).contents:
            return {"entries": self.entries, "points": self.points}
        return {"lines": self.lines, "amount_krw": self.amount_krw, "sellers": self.sellers}
