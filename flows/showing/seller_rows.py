"""What there is of a store as rows, the same for files and for the command line."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from domain.ledger import SELLER_ACCOUNTS
from domain.sentence import Word, joined
from flows.showing.seller_view import SellerView

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Records:
    """A list of rows of a store: its columns, which are an interface, and how it is read.

    `words` are the columns whose cells are words, or several between semicolons, with what of.
    """

    columns: tuple[str, ...]
    rows: Callable[[SellerView], Iterator[Row]]
    words: Mapping[str, str] = field(default_factory=dict)


def _months(view: SellerView) -> Iterator[Row]:
    decided = {each.month: each for each in view.months}
    for month in sorted({*view.amounts, *decided}):
        each = decided.get(month)
        sold = (view.amounts.get(month), view.counted.get(month))
        if each is None:
            yield (str(month), *sold, *(None,) * 7)
            continue
        yield (
            str(month),
            *sold,
            each.window_amount_krw,
            each.outcome.value,
            each.tier,
            each.points,
            each.state,
            ";".join(each.reasons),
            each.policy,
        )


def _ledger(view: SellerView) -> Iterator[Row]:
    for each in view.ledger:
        entry = each.entry
        yield (
            entry.entry_no,
            entry.effective_on,
            entry.kind.value,
            entry.settlement_month and str(entry.settlement_month),
            entry.tier,
            entry.debit_account.value,
            entry.credit_account.value,
            entry.points,
            *(each.after[account] for account in SELLER_ACCOUNTS),
        )


def _corrections(view: SellerView) -> Iterator[Row]:
    for each in view.corrections:
        of = each.correction
        month = str(of.award.settlement_month)
        yield each.posting_no, of.kind.value, month, of.award.tier, of.points, of.undoes


def _conversions(view: SellerView) -> Iterator[Row]:
    for each in view.conversions:
        yield (
            each.conversion_no,
            each.request_id,
            each.points,
            each.account_id,
            each.requested_at.isoformat(timespec="seconds"),
            each.state.value,
            each.ended_at and each.ended_at.isoformat(timespec="seconds"),
            each.attempts,
            each.answer,
        )


def _rewards(view: SellerView) -> Iterator[Row]:
    for each in view.rewards:
        yield (
            each.occurred_on,
            each.event_id,
            each.position,
            each.kind,
            each.points,
            each.outcome.value,
            each.cancelled_by,
        )


SELLER_RECORDS: Final[Mapping[str, Records]] = {
    "months": Records(
        (
            *("settlement_month", "amount_krw", "counted_amount_krw", "window_amount_krw"),
            *("outcome", "tier", "points", "state", "reasons", "policy"),
        ),
        _months,
        {"outcome": "outcome", "state": "award state", "reasons": "reason"},
    ),
    "ledger": Records(
        (
            *("entry_no", "effective_on", "kind", "settlement_month", "tier", "debit_account"),
            *("credit_account", "points", *(f"{each}_after" for each in SELLER_ACCOUNTS)),
        ),
        _ledger,
        {"kind": "kind", "debit_account": "account", "credit_account": "account"},
    ),
    "corrections": Records(
        ("posting_no", "kind", "settlement_month", "tier", "points", "undoes"),
        _corrections,
        {"kind": "correction"},
    ),
    "conversions": Records(
        (
            *("conversion_no", "request_id", "points", "account_id", "requested_at", "state"),
            *("ended_at", "attempts", "answer"),
        ),
        _conversions,
        {"state": "conversion state"},
    ),
    "rewards": Records(
        ("occurred_on", "event_id", "position", "kind", "points", "outcome", "cancelled_by"),
        _rewards,
        {"kind": "reward kind", "outcome": "reward outcome"},
    ),
}


def for_people(records: Records, row: Row) -> Row:
    """Return a row with what people read in place of the words that programs know."""
    contexts = (records.words.get(column) for column in records.columns)
    return tuple(map(_said, contexts, row))


def _said(context: str | None, cell: object) -> object:
    if context is None or not isinstance(cell, str):
        return cell
    return joined((Word(context, each) for each in cell.split(";") if each), ", ")
