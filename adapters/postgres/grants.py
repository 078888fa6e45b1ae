"""Granted awards: what a paid month lacked and an operator granted by an adjustment (rule 16).

A grant is an adjustment whose key says which award it stands for. It is posted once, and from
then on the store holds the tier as if the month had paid it.
"""

from datetime import date

from sqlalchemy import Connection, select

from adapters.postgres import ledger
from adapters.postgres.ledger_tables import posting, transfer
from domain.ledger import GRANTS, Award, grant_key, granted_award


def granted_awards(connection: Connection, *, seller_id: str | None = None) -> frozenset[Award]:
    """List the awards that were granted by adjustments."""
    query = (
        select(posting.c.key, transfer.c.points)
        .join(transfer, transfer.c.posting_no == posting.c.posting_no)
        .where(posting.c.key.startswith(GRANTS, autoescape=True))
    )
    if seller_id is not None:
        query = query.where(transfer.c.seller_id == seller_id)
    return frozenset(granted_award(key, points) for key, points in connection.execute(query))


def grant(
    connection: Connection, award: Award, *, effective_on: date, actor: str, reason: str
) -> ledger.Posted:
    """Give a seller at once what a paid month lacked; again returns the first grant.

    The caller has seen that the award is missing and holds the program's lock.
    Raises PostingConflict when it was granted for another reason.
    """
    return ledger.adjust(
        connection,
        key=grant_key(award.settlement_month, award.tier, award.seller_id),
        seller_id=award.seller_id,
        points=award.points,
        effective_on=effective_on,
        actor=actor,
        reason=reason,
    )


def binding_awards(connection: Connection) -> frozenset[Award]:
    """List every award that takes its tier: posted and not reversed, or granted (rule 11)."""
    return frozenset(ledger.standing_awards(connection)) | granted_awards(connection)
