"""The ledger as of a seal of the chain, or as of the end of a day in Seoul.

Seals are numbered in commit order without gaps, and sealed records never change. The answer for a
seal is therefore always the same, and reading from seal to seal misses no transaction.

The dates of seals never decrease. After a clock was ahead, seals keep its date until the correct
clock has passed it, so a record may belong to a later day than the one on which it was made. The
answer for a day includes all earlier transfers, and stays the same.
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


@dataclass(frozen=True, slots=True)
class SellerBalance:
    """The balances of one seller's accounts."""

    seller_id: str
    points: Mapping[Account, int]


def last_seal_of(connection: Connection, day: date) -> int:
    """Return the number of the last seal of a calendar date in Seoul, 0 if there is none.

    Waits for commits under way, which may belong to that day, then seals what is not sealed yet.
    """
    _wait_for_commits(connection)
    seal_now(connection)
    ends_at = func.timezone("Asia/Seoul", cast(day + timedelta(days=1), DateTime))
    last = select(func.coalesce(func.max(seal.c.seal_no), 0)).where(seal.c.sealed_at < ends_at)
    return int(connection.execute(last).scalar_one())


def _wait_for_commits(connection: Connection) -> None:
    """Take the lock that committing transactions share, and release it with a savepoint.

    A lock of a table cannot leak into the connection pool when this is interrupted.
    """
    with connection.begin_nested() as savepoint:
        connection.execute(text("SELECT growth_points.wait_for_notes()"))
        savepoint.rollback()


def seller_balances(
    connection: Connection, *, seal_no: int, seller_id: str | None = None
) -> Iterator[SellerBalance]:
    """Stream the balances of all sellers, or of one, as of a seal, ordered by seller id."""
    query = _FOLD.where(seal.c.seal_no <= seal_no)
    if seller_id is not None:
        query = query.where(transfer.c.seller_id == seller_id)
    for row in connection.execute(query, execution_options={"yield_per": 10_000}):
        yield SellerBalance(row[0], dict(zip(SELLER_ACCOUNTS, row[1:], strict=True)))


def _moved(account: Account) -> ColumnElement[int]:
    """Sum an account's credits less its debits."""
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
