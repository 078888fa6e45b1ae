"""The ledger as it stood: at a seal of the chain, or when a day ended in Seoul.

Seals are numbered in the order of commits, without gaps, and nothing sealed ever changes. So what
is answered for a seal today is answered next year, and a reader that goes from seal to seal
misses nothing, however late a transaction commits.

A day is a matter of clocks. Seals are dated so that none is before an earlier one: what was
recorded after a clock had been ahead is of the day which that clock showed, until the right clock
has passed it. So a day has no transfer without the earlier ones, and what is answered for it stays,
though a record may be of a later day than the one on which it was made.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    DateTime,
    Select,
    Text,
    case,
    cast,
    func,
    select,
    text,
)

from adapters.postgres.ledger import seal_now
from adapters.postgres.ledger.tables import seal, transfer
from domain.ledger import SELLER_ACCOUNTS, Account

# Shared by every transaction from its first note until its commit; see schema/1_guards.sql.
_NOTES_LOCK: Final = 7_310_020_004


@dataclass(frozen=True, slots=True)
class SellerBalance:
    """The points of one seller in each account of its own."""

    seller_id: str
    points: Mapping[Account, int]


def last_seal_of(connection: Connection, day: date) -> int:
    """Find the last seal of what was recorded until the end of a calendar date in Seoul; 0: none.

    A commit under way may belong to that day, so it is waited for; then all that waits is sealed.
    """
    _wait_for_commits(connection)
    seal_now(connection)
    ends_at = func.timezone("Asia/Seoul", cast(day + timedelta(days=1), DateTime))
    last = select(func.coalesce(func.max(seal.c.seal_no), 0)).where(seal.c.sealed_at < ends_at)
    return int(connection.execute(last).scalar_one())


def _wait_for_commits(connection: Connection) -> None:
    """Take the lock of those that commit, and release it with a savepoint.

    However this is interrupted, the lock ends with the transaction and not with the session, which
    goes back to the pool.
    """
    with connection.begin_nested() as savepoint:
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_NOTES_LOCK})"))
        savepoint.rollback()


def seller_balances(
    connection: Connection, *, seal_no: int, seller_id: str | None = None
) -> Iterator[SellerBalance]:
    """Stream the balances of all sellers, or of one, as they stood at a seal, by seller id."""
    query = _FOLD.where(seal.c.seal_no <= seal_no)
    if seller_id is not None:
        query = query.where(transfer.c.seller_id == seller_id)
    for row in connection.execute(query, execution_options={"yield_per": 10_000}):
        yield SellerBalance(row[0], dict(zip(SELLER_ACCOUNTS, row[1:], strict=True)))


def _moved(account: Account) -> ColumnElement[int]:
    """Add up what an account was given less what was taken from it."""
    points = case(
        (transfer.c.credit_account == account, transfer.c.points),
        (transfer.c.debit_account == account, -transfer.c.points),
        else_=0,
    )
    return cast(func.sum(points), BigInteger)


_FOLD: Final[Select[Any]] = (
    select(transfer.c.seller_id, *map(_moved, SELLER_ACCOUNTS))
    .join(
        seal,
        (seal.c.subject == "posting") & (seal.c.subject_key == cast(transfer.c.posting_no, Text)),
    )
    .group_by(transfer.c.seller_id)
    .order_by(transfer.c.seller_id)
)
