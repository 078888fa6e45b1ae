"""Corrections of paid months, posted and read, and the awards that bind with them (rule 16)."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import Connection, select, text

from adapters.postgres import ledger
from adapters.postgres.ledger.tables import award, correction
from adapters.postgres.sequence import NOTED
from adapters.postgres.tables import Month
from domain.cause import Cause
from domain.corrections import Correction, CorrectionKind, PostedCorrection
from domain.ledger import Award

_AWARD = "settlement_month", "seller_id", "tier", "points"


def post_correction(
    connection: Connection, of: Correction, effective_on: date, cause: Cause
) -> ledger.Posted:
    """Post a correction and move its points at once; again returns the first posting.

    The caller has decided it under the program's lock. Raises BalanceTooLow, CorrectionNotApproved,
    and PostingConflict when it was posted for another reason.
    """
    return ledger.adjust(
        connection,
        key=of.key,
        seller_id=of.award.seller_id,
        points=of.points,
        effective_on=effective_on,
        cause=cause,
        correction=of,
    )


def corrections(
    connection: Connection, *, seller_id: str | None = None
) -> tuple[PostedCorrection, ...]:
    """List the corrections that were posted, oldest first."""
    found = select(
        correction.c.posting_no,
        correction.c.kind,
        correction.c.undoes,
        *(correction.c[name] for name in _AWARD),
    ).order_by(correction.c.posting_no)
    if seller_id is not None:
        found = found.where(correction.c.seller_id == seller_id)
    return tuple(
        PostedCorrection(posting_no, Correction(CorrectionKind(kind), Award(*of), undoes))
        for posting_no, kind, undoes, *of in connection.execute(found)
    )


def standing_awards_of(connection: Connection, seller_id: str) -> Mapping[Award, int]:
    """List a seller's awards that are posted and not reversed, with their postings' numbers."""
    found = select(award.c.posting_no, *(award.c[name] for name in _AWARD)).where(
        award.c.seller_id == seller_id, award.c.state != "reversed"
    )
    return {Award(*of): posting_no for posting_no, *of in connection.execute(found)}


def binding_awards(connection: Connection) -> frozenset[Award]:
    """List every award that takes its tier: posted and not reversed, or a correction (rule 11)."""
    corrected = {each.correction.award for each in corrections(connection)}
    return frozenset(ledger.standing_awards(connection) | corrected)


def awards_bound_by(connection: Connection, evaluation_id: int) -> frozenset[Award]:
    """List the awards that stood when an evaluation was decided.

    Those of months before the evaluation's own are what it was decided on. The order is told by
    numbers that a restored database keeps, and not by clocks or ids of transactions.
    """
    asked = {"evaluation_id": evaluation_id}
    rows = (*connection.execute(_POSTED_UNTIL, asked), *connection.execute(_CORRECTED, asked))
    return frozenset(Award(*row) for row in rows)


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
# A correction names no evaluation, but is posted before those that follow from it: the chain of
# seals, and after it what waits for its seal, has both in the order in which they were recorded.
_CORRECTED = text(f"""
    WITH {NOTED}
    SELECT settlement_month, seller_id, tier, points
    FROM growth_points.correction
    JOIN noted ON (subject, subject_key) = ('posting', posting_no::text)
    WHERE kind = 'award' AND (waits, number) < (
      SELECT waits, number FROM noted
      WHERE (subject, subject_key) = ('evaluation', CAST(:evaluation_id AS text)))
""").columns(settlement_month=Month())  # noqa: S608 a constant
