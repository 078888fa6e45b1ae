"""Granted awards: what a paid month lacked and an operator granted by an adjustment (rule 16).

A grant is an adjustment whose key says which award it stands for. It is posted once, and from
then on the store holds the tier as if the month had paid it.
"""

from datetime import date

from sqlalchemy import Connection, select, text

from adapters.postgres import ledger
from adapters.postgres.ledger.tables import posting, transfer
from adapters.postgres.tables import Month
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


def awards_bound_by(connection: Connection, evaluation_id: int) -> frozenset[Award]:
    """List the awards that took their tiers when the transaction of an evaluation had ended.

    Those of months before the evaluation's own are what it was decided on.
    """
    asked = {"evaluation_id": evaluation_id}
    posted = (Award(*row) for row in connection.execute(_POSTED_UNTIL, asked))
    granted = (granted_award(key, points) for key, points in connection.execute(_GRANTED, asked))
    return frozenset((*posted, *granted))


# Evaluations are numbered under the program's lock: those of one transaction follow each other, and
# what they post names them. A grant is posted before the evaluations that follow from it.
_UNTIL = """
    (SELECT max(other.evaluation_id) FROM growth_points.evaluation asked
     JOIN growth_points.evaluation other USING (recorded_in)
     WHERE asked.evaluation_id = :evaluation_id)
"""
_POSTED_UNTIL = text(f"""
    SELECT posting.settlement_month, given.seller_id, given.tier, given.points
    FROM growth_points.transfer given JOIN growth_points.posting USING (posting_no)
    WHERE given.kind = 'award' AND posting.evaluation_id <= {_UNTIL} AND NOT EXISTS (
      SELECT FROM growth_points.transfer undone JOIN growth_points.posting reversal
        ON reversal.posting_no = undone.posting_no AND reversal.evaluation_id <= {_UNTIL}
      WHERE undone.finishes = given.entry_no AND undone.kind = 'reversal'
    )
""").columns(settlement_month=Month())  # noqa: S608 a part of the statement itself
_GRANTED = text("""
    SELECT posting.key, transfer.points
    FROM growth_points.posting JOIN growth_points.transfer USING (posting_no)
    WHERE posting.key >= 'grant/' AND posting.key < 'grant0' AND posting.recorded_at < (
      SELECT evaluated_at FROM growth_points.evaluation WHERE evaluation_id = :evaluation_id)
""")
