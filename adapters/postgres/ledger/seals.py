"""The chain over everything recorded: what waits is sealed, and the newest seal is the head."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, text
from sqlalchemy.exc import DBAPIError

from adapters.postgres.ledger.refusals import BudgetExceeded, constraint_of
from adapters.postgres.ledger.tables import seal


@dataclass(frozen=True, slots=True)
class ChainHead:
    """The newest seal; its hash (hex) stands for everything recorded until then."""

    seal_no: int
    hash: str
    sealed_at: datetime


def check_now(connection: Connection) -> None:
    """Check, last in a transaction, what the database would check at its commit.

    Post nothing more afterwards: under a budget the chain is held from here on.
    Raises BudgetExceeded.
    """
    try:
        connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    except DBAPIError as error:
        if constraint_of(error) == "posting_stays_within_the_budget":
            raise BudgetExceeded from error
        raise
    connection.execute(text("SET CONSTRAINTS ALL DEFERRED"))


def seal_now(connection: Connection) -> ChainHead | None:
    """Seal whatever is committed or recorded in this transaction, and find the newest seal.

    Last in a transaction, like `check_now`. A head may be told once this is committed.
    """
    check_now(connection)
    connection.execute(_SEAL_WAITING)
    return chain_head(connection)


def chain_head(connection: Connection) -> ChainHead | None:
    """Find the newest seal; None at first. What was recorded since then waits for `seal_now`."""
    newest = select(seal.c.seal_no, seal.c.hash, seal.c.sealed_at)
    row = connection.execute(newest.order_by(seal.c.seal_no.desc()).limit(1)).first()
    return None if row is None else ChainHead(row.seal_no, row.hash.hex(), row.sealed_at)


def waiting_for_seals(connection: Connection) -> int:
    """Count what is recorded and not sealed yet."""
    return int(connection.execute(_WAITING).scalar_one())


_WAITING = text("SELECT waiting FROM growth_points.sealing")
_SEAL_WAITING = text("SELECT growth_points.seal_waiting()")
