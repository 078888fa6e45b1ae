"""Journal entries for the operator's books: as rows, and as Beancount text."""

from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import Connection

from adapters import beancount
from adapters.postgres.accounts import head_of_month, journal_entries
from domain.accounting.journal import AccountCodes, JournalEntry
from domain.ledger import SELLER_ACCOUNTS, Account
from domain.months import SettlementMonth
from flows.accounting.roll_forward import Period, roll_months_forward

COLUMNS: Final = (
    "date",
    "entry",
    "kind",
    "settlement_month",
    "debit",
    "credit",
    "amount_krw",
    "transfers",
    "reason",
)


def entries_of_month(
    connection: Connection, month: SettlementMonth, seal_no: int
) -> Iterator[JournalEntry]:
    """List the entries of a month in order; nothing after the seal is included."""
    heads = (head_of_month(connection, each, seal_no) for each in (month - 1, month))
    after, until = (head.seal_no if head else 0 for head in heads)
    return journal_entries(connection, after, until)


def journal_rows(
    connection: Connection, codes: AccountCodes, months: Sequence[SettlementMonth], seal_no: int
) -> Iterator[tuple[object, ...]]:
    """Yield a row of `COLUMNS` for each entry of consecutive months."""
    for month in months:
        for each in entries_of_month(connection, month, seal_no):
            yield _row(each, codes)


def _row(entry: JournalEntry, codes: AccountCodes) -> tuple[object, ...]:
    return (
        entry.on,
        entry.reference,
        entry.kind.value,
        entry.settlement_month and str(entry.settlement_month),
        codes[entry.debit],
        codes[entry.credit],
        entry.points,
        entry.transfers,
        entry.reason,
    )


def beancount_text(
    connection: Connection,
    codes: AccountCodes,
    months: Sequence[SettlementMonth],
    seal_no: int,
    *,
    continued: bool = False,
) -> Iterator[str]:
    """Write the entries of consecutive months, each followed by its balances, line by line.

    It is a book of its own, or (`continued`) follows on that of the months before. Raises
    NotABeancountAccount, NotTied.
    """
    beancount.require_beancount_accounts(codes)
    periods = roll_months_forward(connection, months, seal_no)[: len(months)]
    if not continued:
        begin = months[0].first_day
        opening = {each: periods[0].accounts[each].opening for each in Account}
        yield from beancount.opened(codes, begin)
        yield from beancount.opening_balances(codes, begin, opening)
    for period in periods:
        entries = entries_of_month(connection, period.last, seal_no)
        yield from beancount.transactions(codes, entries)
        yield from _end_of(period, codes)


def _end_of(period: Period, codes: AccountCodes) -> Iterator[str]:
    closing = {each: period.accounts[each].closing for each in Account}
    head = f"{period.head.seal_no} {period.head.hash}" if period.head else "none"
    next_day = (period.last + 1).first_day
    return beancount.balances_asserted(codes, next_day, closing, SELLER_ACCOUNTS, head)
