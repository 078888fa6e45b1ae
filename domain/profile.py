"""What one scan over a delivery counted: enough to judge it without its lines."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from domain.limits import LIMITS
from domain.months import SettlementMonth
from domain.settlement import SELLER_FLAGS, Content

# What a scan counts by itself, beside the rules that look at one line or one snapshot row.
UNREADABLE_LINE = "line_unreadable"
CONTINUED_LINE = "line_continued"
DUPLICATE_LINE = "line_duplicated"
UNKNOWN_SELLER = "seller_unknown"
UNREADABLE_SELLER = "snapshot_row_unreadable"
SELLER_TWICE = "snapshot_seller_twice"
NEGATIVE_SELLER = "seller_negative"
EARLY_SALE = "sale_before_approval"
LOST_ZEROS = "product_order_zeros_lost"
ROUNDED_ORDERS = "product_order_rounded"
SELLER_LOOKALIKE = "snapshot_seller_lookalike"
SHEET_NOT_READ = "sheet_not_read"

# What a snapshot is beside the last one, in stores.
VANISHED_SELLER = "seller_vanished"
RETURNED_SELLER = "seller_returned"
JOINED_SELLER = "seller_joined"
REWRITTEN_SELLER = "seller_rewritten"
MOVED_APPROVAL = "approval_date_moved"
CHANGED_STATUS = "status_changed"
CHANGED_FLAG = {flag: f"{flag}_changed" for flag in SELLER_FLAGS}
# What it is beside the revision that it replaces.
WITHDRAWN_SELLER = "seller_withdrawn"
RESTATED_SELLER = "seller_restated"
REPLACED = (WITHDRAWN_SELLER, RESTATED_SELLER)
COMPARED = (
    *(VANISHED_SELLER, RETURNED_SELLER, JOINED_SELLER, REWRITTEN_SELLER, MOVED_APPROVAL),
    *(CHANGED_STATUS, *CHANGED_FLAG.values(), *REPLACED),
)

# The words that a column does not know, by column: how often, and how many for the first time.
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


@dataclass(frozen=True, slots=True)
class DeclaredTotals:
    """What the sender's manifest says of one file; None where it says nothing."""

    rows: int
    amount_krw: int | None
    sha256: str | None


@dataclass(frozen=True, slots=True)
class FileTotals:
    """What was read from one file, beside what its sender declared.

    `amount_krw` is the sum over all line types, and None for a seller snapshot.
    """

    name: str
    content: Content
    sha256: str
    rows: int
    amount_krw: int | None
    declared: DeclaredTotals | None = None


@dataclass(frozen=True, slots=True)
class Violations:
    """How many lines or rows break one rule: altogether, file by file, and a few of them."""

    rule: str
    count: int = 0
    by_file: tuple[tuple[str, int], ...] = ()
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UnknownWord:
    """A word that a column does not know: in how many lines or rows, and with which amount.

    `amount_krw` is the sum over its lines, and None for a snapshot.
    """

    column: str
    word: str
    rows: int
    amount_krw: int | None = None


@dataclass(frozen=True, slots=True)
class PastMonth:
    """What was ingested for an earlier month, to hold a delivery against."""

    settlement_month: SettlementMonth
    lines: int
    amount_krw: int


@dataclass(frozen=True, slots=True)
class Changes:
    """What a snapshot is beside the last one that was ingested, and the one that it replaces.

    `stores` and `replaced_stores` are how many those had, 0 where there was none; `counts` holds
    one count for each of `COMPARED`.
    """

    since: SettlementMonth | None = None
    stores: int = 0
    counts: tuple[Violations, ...] = tuple(map(Violations, COMPARED))
    replaced_stores: int = 0


@dataclass(frozen=True, slots=True)
class Past:
    """The months before a delivery, nearest first, and how its snapshot differs from the last.

    `words` are the unknown words of all deliveries that were ingested so far, each with its
    column; None where nobody can tell.
    """

    months: tuple[PastMonth, ...] = ()
    changes: Changes = Changes()
    words: frozenset[tuple[str, str]] | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """Control totals of a delivery, and for every rule that was counted its violations.

    `past` holds the months to compare with; none when there is no earlier month. `unknown_words`
    lists those with the largest amounts, and `new_words` those of them that no delivery had before.
    `last_month` is the month of the last snapshot, None where there is none; `last_stores` and
    `replaced_stores` are the sizes of the snapshots to compare with, `limits` what it is judged by.
    """

    settlement_month: SettlementMonth
    files: tuple[FileTotals, ...]
    violations: tuple[Violations, ...]
    past: tuple[PastMonth, ...] = ()
    last_month: SettlementMonth | None = None
    last_stores: int = 0
    replaced_stores: int = 0
    limits: Mapping[str, float] = field(default_factory=lambda: LIMITS)
    unknown_words: tuple[UnknownWord, ...] = ()
    new_words: tuple[UnknownWord, ...] = ()

    def beside(self, past: Past) -> "Profile":
        """Give the profile with the months before it, and what is different since."""
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
            past=past.months,
            last_month=past.changes.since,
            last_stores=past.changes.stores,
            replaced_stores=past.changes.replaced_stores,
            new_words=new,
        )

    @property
    def lines(self) -> int:
        """The number of settlement lines read."""
        return sum(file.rows for file in self.files if file.content is Content.SETTLEMENTS)

    @property
    def amount_krw(self) -> int:
        """The sum of all lines' amounts, whatever their type."""
        return sum(file.amount_krw or 0 for file in self.files)

    @property
    def sellers(self) -> int:
        """The number of rows in the seller snapshot."""
        return sum(file.rows for file in self.files if file.content is Content.SELLERS)

    def of(self, rule: str) -> Violations | None:
        """Find what was counted for a rule; None when the rule was not counted at all."""
        return next((found for found in self.violations if found.rule == rule), None)

    def as_data(self) -> dict[str, Any]:
        """Turn the profile into plain data that JSON can hold."""
        return {
            "settlement_month": str(self.settlement_month),
            "lines": self.lines,
            "amount_krw": self.amount_krw,
            "sellers": self.sellers,
            "files": [asdict(file) for file in self.files],
            "violations": [asdict(found) for found in self.violations],
            "limits": dict(self.limits),
            "unknown_words": [asdict(word) for word in self.unknown_words],
        }
