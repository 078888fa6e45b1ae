"""Take-backs: what a paid month gave too much and an operator took back by an adjustment (rule 16).

What was paid is never reversed, so the award stands and its tier stays taken; only its points went
back. When the month earns it again they are missing, and an adjustment gives them back. The keys
name the award and count, since data may change more than once.
"""

from collections import Counter
from datetime import date

from sqlalchemy import Connection, select

from adapters.postgres import ledger
from adapters.postgres.ledger.tables import posting, transfer
from domain.ledger import GIVE_BACKS, TAKE_BACKS, Award, return_key, returned_award


def taken_back(connection: Connection, *, seller_id: str | None = None) -> frozenset[Award]:
    """List the awards whose points were taken back, and not given back since."""
    taken, given = (_counted(connection, kind, seller_id) for kind in (TAKE_BACKS, GIVE_BACKS))
    return frozenset((taken - given).elements())


def given_back(connection: Connection, *, seller_id: str) -> frozenset[Award]:
    """List the awards whose points were taken back and given back again."""
    given = _counted(connection, GIVE_BACKS, seller_id)
    return frozenset(given) - taken_back(connection, seller_id=seller_id)


def take_back(
    connection: Connection, award: Award, *, effective_on: date, actor: str, reason: str
) -> ledger.Posted:
    """Take an over-award's points; for one that is taken back, return the posting that did it.

    The caller has seen that a paid month gave it too much and holds the program's lock.
    Raises BalanceTooLow, and PostingConflict when it was taken back for another reason.
    """
    times = _counted(connection, TAKE_BACKS, award.seller_id)[award]
    again = award in taken_back(connection, seller_id=award.seller_id)
    return _return(connection, TAKE_BACKS, award, times + (not again), effective_on, actor, reason)


def give_back(
    connection: Connection, award: Award, *, effective_on: date, actor: str, reason: str
) -> ledger.Posted:
    """Give taken points back; for an award that was given back, return the posting that did it."""
    times = _counted(connection, GIVE_BACKS, award.seller_id)[award]
    due = award in taken_back(connection, seller_id=award.seller_id)
    return _return(connection, GIVE_BACKS, award, times + due, effective_on, actor, reason)


def _return(
    connection: Connection,
    kind: str,
    award: Award,
    number: int,
    effective_on: date,
    actor: str,
    reason: str,
) -> ledger.Posted:
    return ledger.adjust(
        connection,
        key=return_key(kind, number, award),
        seller_id=award.seller_id,
        points=award.points if kind == GIVE_BACKS else -award.points,
        effective_on=effective_on,
        actor=actor,
        reason=reason,
    )


def _counted(connection: Connection, kind: str, seller_id: str | None) -> Counter[Award]:
    query = (
        select(posting.c.key, transfer.c.points)
        .join(transfer, transfer.c.posting_no == posting.c.posting_no)
        .where(posting.c.key.startswith(kind, autoescape=True))
    )
    if seller_id is not None:
        query = query.where(transfer.c.seller_id == seller_id)
    return Counter(returned_award(key, points) for key, points in connection.execute(query))
