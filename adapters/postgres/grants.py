"""Granted awards: what a paid month lacked and an operator granted by an adjustment (rule 16).

A grant is an adjustment whose key says which award it stands for. It is posted once, and from
then on the store holds the tier as if the month had paid it.
"""

from datetime import date

from sqlalchemy import Connection, select, text

from adapters.postgres import ledger
from adapters.postgres.ledger.tables import posting, transfer
from adapters.postgres.sequence import NOTED
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
    """List the awards that stood when an evaluation was decided.

    Those of months before the evaluation's own are what it was decided on. The order is told by
    numbers that a restored database keeps, and not by clocks or ids of transactions.
    """
    asked = {"evaluation_id": evaluation_id}
    posted = (Award(*row) for row in connection.execute(_POSTED_UNTIL, asked))
    granted = (granted_award(key, points) for key, points in connection.execute(_GRANTED, asked))
    return frozenset((*posted, *granted))


# Evaluations are numbered under the program's lock, within a transaction month by month, and what
# they post names them: so the awards of earlier months are those of evaluations until this one.
_POSTED_UNTIL = text("""
    SELECT posting.settlement_month, given.seller_id, given.tier, given.points
    FROM growth_points.transfer given JOIN growth_points.posting USING (posting_no)
    WHERE given.kind = 'award' AND posting.evaluation_id <= :evaluation_id AND NOT EXISTS (
      SELECT FROM growth_points.transfer undone JOIN growth_points.posting reversal
        ON reversal.posting_no = undone.posting_no AND reversal.evaluation_id <= :evaluation_id
      WHERE undone.finishes = given.entry_no AND undone.kind = 'reversal'
    )
""").columns(settlement_month=Month())
# A grant names no evaluation, but is posted before those that follow from it: the chain of seals,
# and after it what waits for its seal, has both in the order in which they were recorded.
_GRANTED = text(f"""
    WITH {NOTED}
    SELECT posting.key, transfer.points
    FROM growth_points.posting JOIN growth_points.transfer USING (posting_no)
    JOIN noted ON (subject, subject_key) = ('posting', posting_no::text)
    WHERE posting.key >= 'grant/' AND posting.key < 'grant0' AND (waits, number) < (
      SELECT waits, number FROM noted
      WHERE (subject, subject_key) = ('evaluation', CAST(:evaluation_id AS text)))
""")  # noqa: S608 a constant
