"""The tables of a store's page."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from domain.ledger import SELLER_ACCOUNTS, Account
from domain.sentence import Sentence, Word, sentence
from flows.showing.labels import TITLES
from flows.showing.seller_rows import SELLER_RECORDS, Row
from flows.showing.seller_view import SellerView
from web.operators.looks import look_of
from web.operators.tables import Cells, Column, Linked, Tags, reason_tags
from web.operators.visit import Visit


@dataclass(frozen=True, slots=True)
class StoreTable:
    """A table of a store, and the rows that its file has."""

    name: str
    title: Sentence
    empty: Sentence
    columns: tuple[Column, ...]
    usual: str
    rows: Callable[[Visit, SellerView], Iterator[Cells]]

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns of its file."""
        return SELLER_RECORDS[self.name].columns

    def records(self, view: SellerView) -> Iterable[Row]:
        """Return the rows of its file."""
        return SELLER_RECORDS[self.name].rows(view)


def _months(visit: Visit, view: SellerView) -> Iterator[Cells]:
    decided = {each.month: each for each in view.months}
    for month in sorted({*view.amounts, *decided}):
        each = decided.get(month)
        why = visit.store(view.seller_id, f"/seen/why/{month}")
        yield (
            Linked(month, why) if each else month,
            view.counted.get(month),
            each and each.window_amount_krw,
            Tags((look_of(Word("outcome", each.outcome)),)) if each else None,
            each and each.tier,
            (each.points or None) if each else None,
            Tags((look_of(Word("award state", each.state)),)) if each and each.state else None,
            reason_tags(each.reasons) if each else None,
        )


def _ledger(visit: Visit, view: SellerView) -> Iterator[Cells]:
    for each in view.ledger:
        entry = each.entry
        month = entry.settlement_month
        taken = entry.debit_account in SELLER_ACCOUNTS
        within = taken and entry.credit_account in SELLER_ACCOUNTS
        yield (
            entry.entry_no,
            entry.effective_on,
            Word("kind", entry.kind),
            Linked(month, visit.at(f"months/{month}")) if month else None,
            entry.points if within or not taken else -entry.points,
            *(each.after[account] for account in SELLER_ACCOUNTS),
        )


def _corrections(visit: Visit, view: SellerView) -> Iterator[Cells]:
    for each in view.corrections:
        award = each.correction.award
        yield (
            each.posting_no,
            Word("correction", each.correction.kind),
            Linked(award.settlement_month, visit.at(f"months/{award.settlement_month}")),
            award.tier,
            each.correction.points,
        )


def _conversions(_: Visit, view: SellerView) -> Iterator[Cells]:
    for each in view.conversions:
        yield (
            each.requested_at,
            each.request_id,
            each.points,
            each.account_id,
            Tags((look_of(Word("conversion state", each.state)),)),
            each.ended_at,
            each.attempts,
            each.answer,
        )


def _rewards(_: Visit, view: SellerView) -> Iterator[Cells]:
    for each in view.rewards:
        yield (
            each.occurred_on,
            each.event_id,
            each.position,
            Word("reward kind", each.kind),
            each.points,
            Tags((look_of(Word("reward outcome", each.outcome)),)),
            each.cancelled_by,
        )


_POINTS: Final = Column("points", sentence("Points"), number=True)
_TIER: Final = Column("tier", sentence("Tier"), number=True)
_MONTH: Final = Column("month", sentence("Month"))
_STATE: Final = Column("state", sentence("State"))
_AFTER: Final = {
    Account.PENDING: sentence("Pending after"),
    Account.AVAILABLE: sentence("Available after"),
    Account.HELD: sentence("Held after"),
}
STORE_TABLES: Final = (
    StoreTable(
        "months",
        TITLES["months"],
        sentence("No snapshot of a closed month has the store."),
        (
            _MONTH,
            Column("counted_amount_krw", sentence("Counted sales, KRW"), number=True),
            Column("window_amount_krw", sentence("Counted in three months, KRW"), number=True),
            Column("outcome", sentence("Decision")),
            _TIER,
            _POINTS,
            _STATE,
            Column("reasons", sentence("Reasons")),
        ),
        "-month",
        _months,
    ),
    StoreTable(
        "ledger",
        TITLES["ledger"],
        sentence("No points of the store have moved yet."),
        (
            Column("entry_no", sentence("Entry"), number=True),
            Column("effective_on", sentence("Date")),
            Column("kind", sentence("Kind")),
            _MONTH,
            _POINTS,
            *(Column(f"{each}_after", _AFTER[each], number=True) for each in SELLER_ACCOUNTS),
        ),
        "-entry_no",
        _ledger,
    ),
    StoreTable(
        "corrections",
        TITLES["corrections"],
        sentence("Nothing has been corrected."),
        (
            Column("posting_no", sentence("Posting"), number=True),
            Column("kind", sentence("Kind")),
            _MONTH,
            _TIER,
            _POINTS,
        ),
        "-posting_no",
        _corrections,
    ),
    StoreTable(
        "conversions",
        TITLES["conversions"],
        sentence("The store has converted no points."),
        (
            Column("requested_at", sentence("Requested")),
            Column("request_id", sentence("Request id")),
            _POINTS,
            Column("account_id", sentence("Search-ad account")),
            _STATE,
            Column("ended_at", sentence("Ended")),
            Column("attempts", sentence("Attempts"), number=True),
            Column("answer", sentence("Answer of the ad system")),
        ),
        "-requested_at",
        _conversions,
    ),
    StoreTable(
        "rewards",
        TITLES["rewards"],
        sentence("The store has given its customers no points."),
        (
            Column("occurred_on", sentence("Date")),
            Column("event_id", sentence("Event")),
            Column("position", sentence("Position"), number=True),
            Column("kind", sentence("Kind")),
            _POINTS,
            Column("outcome", sentence("Result")),
            Column("cancelled_by", sentence("Cancelled by")),
        ),
        "-occurred_on",
        _rewards,
    ),
)
