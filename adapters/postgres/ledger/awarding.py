"""Posting what evaluations earned as pending points, and reversing it (rules 11 and 17)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy import BigInteger, Connection, SmallInteger, Text, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY

from adapters.postgres.database import lock_program
from adapters.postgres.evaluations import Evaluation
from adapters.postgres.ledger.entries import find_payout
from adapters.postgres.ledger.posting import Posted, Request, post, posted_before
from adapters.postgres.ledger.refusals import AlreadyPaidOut, AwardNotPending, NothingToPost
from adapters.postgres.tables import Month
from domain.cause import Cause
from domain.ledger import Award, TransferKind, awards_key, reversals_key
from domain.sentence import sentence


def post_awards(
    connection: Connection,
    evaluation: Evaluation,
    awards: Sequence[Award],
    effective_on: date,
    cause: Cause,
) -> Posted:
    """Post what an evaluation newly earned, as pending points.

    The evaluation must be the month's current one and must have decided every award.
    Raises AlreadyPaidOut, PostingConflict, NothingToPost.
    """
    key = awards_key(evaluation.settlement_month, evaluation.evaluation_no)
    asked = Request(key, TransferKind.AWARD, effective_on, cause.actor)
    posted = _post_for(connection, evaluation, awards, asked)
    if posted.created:
        connection.execute(_AWARD, {"posting_no": posted.posting_no, **_arrays(awards)})
    return posted


def reverse_awards(
    connection: Connection,
    evaluation: Evaluation,
    awards: Sequence[Award],
    effective_on: date,
    cause: Cause,
) -> Posted:
    """Reverse pending awards that an evaluation no longer grants; their tiers are free again.

    Raises AwardNotPending, AlreadyPaidOut, PostingConflict, NothingToPost (rule 17).
    """
    month = evaluation.settlement_month
    key = reversals_key(month, evaluation.evaluation_no)
    asked = Request(key, TransferKind.REVERSAL, effective_on, cause.actor, cause.reason)
    posted = _post_for(connection, evaluation, awards, asked)
    if posted.created:
        values = {"posting_no": posted.posting_no, "month": month, **_arrays(awards)}
        reversed_ = connection.execute(_REVERSE, values).rowcount
        if reversed_ != len(awards):
            raise AwardNotPending(month, reversed_, len(awards))
    return posted


def _post_for(
    connection: Connection, evaluation: Evaluation, awards: Sequence[Award], asked: Request
) -> Posted:
    month = evaluation.settlement_month
    if not awards:
        raise NothingToPost(sentence("{key} would have no transfer", key=asked.key))
    if any(each.settlement_month != month for each in awards):
        raise NothingToPost(
            sentence("{key} is asked to post awards of another month", key=asked.key)
        )
    lock_program(connection)
    paid = None if posted_before(connection, asked.key) else find_payout(connection, month)
    if paid is not None:
        raise AlreadyPaidOut(month, paid.paid_on)
    asked = replace(asked, month=month, evaluation_id=evaluation.evaluation_id)
    content = sorted((each.seller_id, each.tier, each.points) for each in awards)
    points = sum(each.points for each in awards)
    return post(connection, asked, [str(month), content, asked.reason], len(awards), points)


def _arrays(awards: Sequence[Award]) -> dict[str, list[str] | list[int]]:
    ordered = sorted(awards)
    return {
        "sellers": [each.seller_id for each in ordered],
        "tiers": [each.tier for each in ordered],
        "points": [each.points for each in ordered],
    }


# Bulk statements take whole columns as arrays: one statement, however many awards there are.
_ASKED = (
    bindparam("sellers", type_=ARRAY(Text())),
    bindparam("tiers", type_=ARRAY(SmallInteger())),
    bindparam("points", type_=ARRAY(BigInteger())),
)
OF_MONTH = bindparam("month", type_=Month())
_AWARD = text("""
    INSERT INTO growth_points.transfer
      (posting_no, kind, seller_id, debit_account, credit_account, points, tier, award_no)
    SELECT :posting_no, 'award', seller_id, 'program_fund', 'pending', points, tier, 1 + coalesce(
      (SELECT max(award_no) FROM growth_points.transfer earlier WHERE kind = 'award'
       AND earlier.seller_id = asked.seller_id AND earlier.tier = asked.tier), 0)
    FROM unnest(:sellers, :tiers, :points) AS asked (seller_id, tier, points)
""").bindparams(*_ASKED)
FINISH_AWARDS = """
    INSERT INTO growth_points.transfer
      (posting_no, kind, seller_id, debit_account, credit_account, points, finishes)
    SELECT :posting_no, '{kind}', seller_id, 'pending', '{credit}', points, entry_no
    FROM growth_points.award {asked}
    WHERE settlement_month = :month AND state = 'pending' ORDER BY entry_no
"""
_REVERSE = text(
    FINISH_AWARDS.format(
        kind="reversal",
        credit="program_fund",
        asked="""JOIN unnest(:sellers, :tiers, :points) AS asked (seller_id, tier, points)
                 USING (seller_id, tier, points)""",
    )
).bindparams(OF_MONTH, *_ASKED)
