"""Corrections: what their postings moved, of paid months, and undoing each other in turn."""

from adapters.postgres.sequence import NOTED
from adapters.postgres.verification.difference import QueryCheck
from domain.sentence import sentence

MOVED = QueryCheck(
    "corrections",
    sentence(
        "the {kind} of posting {posting_no} gives seller {seller_id} other points than it moved"
    ),
    """
    SELECT correction.kind, posting_no, correction.seller_id
    FROM growth_points.correction LEFT JOIN growth_points.transfer USING (posting_no)
    GROUP BY correction.posting_no
    HAVING count(*) > 1 OR bool_or(
      (transfer.kind, transfer.seller_id, transfer.points, credit_account) IS DISTINCT FROM
      ('adjustment', correction.seller_id, correction.points,
       CASE correction.kind WHEN 'clawback' THEN 'program_fund' ELSE 'available' END))
    ORDER BY posting_no
    """,
)


UNDONE = QueryCheck(
    "corrections",
    sentence(
        "the {kind} of posting {posting_no} does not undo what gave or took these points, once"
    ),
    """
    WITH undone AS (
      SELECT posting_no, kind, settlement_month, seller_id, tier, points
      FROM growth_points.correction
      UNION ALL
      SELECT posting_no, 'award', settlement_month, seller_id, tier, points
      FROM growth_points.award WHERE state = 'paid'
    ), numbered AS (
      SELECT *, count(*) OVER (PARTITION BY seller_id, undoes) AS times
      FROM growth_points.correction WHERE undoes IS NOT NULL OR kind <> 'award'
    )
    SELECT numbered.kind, numbered.posting_no FROM numbered LEFT JOIN undone
      ON (undone.posting_no, undone.settlement_month, undone.seller_id, undone.tier, undone.points)
        = (numbered.undoes, numbered.settlement_month, numbered.seller_id, numbered.tier,
           numbered.points)
      AND (undone.kind = 'clawback') = (numbered.kind = 'reinstatement')
    WHERE times > 1 OR numbered.kind = 'award' OR undone.posting_no IS NULL
    ORDER BY numbered.posting_no
    """,
)


DECIDED = QueryCheck(
    "corrections",
    sentence(
        "posting {posting_no} awards seller {seller_id} tier {tier} for {month}, "
        "which no evaluation decided"
    ),
    """
    SELECT posting_no, seller_id, tier, to_char(settlement_month, 'YYYY-MM') AS month
    FROM growth_points.correction WHERE kind = 'award' AND NOT EXISTS (
      SELECT FROM growth_points.decision JOIN growth_points.evaluation USING (evaluation_id)
      WHERE evaluation.settlement_month = correction.settlement_month AND outcome = 'awarded'
        AND (decision.seller_id, decision.tier, decision.points)
          = (correction.seller_id, correction.tier, correction.points))
    ORDER BY posting_no
    """,
)


PAID = QueryCheck(
    "corrections",
    sentence("the {kind} of posting {posting_no} corrects {month}, which was not paid before"),
    f"""
    WITH {NOTED}
    SELECT kind, posting_no, to_char(settlement_month, 'YYYY-MM') AS month
    FROM growth_points.correction
    LEFT JOIN noted made ON (made.subject, made.subject_key) = ('posting', posting_no::text)
    WHERE NOT EXISTS (
      SELECT FROM growth_points.payout
      JOIN noted paid ON (paid.subject, paid.subject_key) = ('payout', settlement_month::text)
      WHERE payout.settlement_month = correction.settlement_month
        AND (paid.waits, paid.number) < (made.waits, made.number))
    ORDER BY posting_no
    """,  # noqa: S608 a constant
)


# What a month paid and what corrected it since, in the order in which that was recorded.
APPROVED = QueryCheck(
    "corrections",
    sentence(
        "posting {key} gives seller {seller_id} {points} points, which brings {month} above "
        "{above_points}, and nobody approved it"
    ),
    f"""
    WITH {NOTED}, given AS (
      SELECT corrected.*, posting.key, waits, number, payout.points + sum(
               CASE corrected.kind WHEN 'clawback' THEN -corrected.points ELSE corrected.points END
             ) OVER (PARTITION BY corrected.settlement_month ORDER BY waits, number) AS total
      FROM growth_points.correction corrected JOIN growth_points.posting USING (posting_no)
      JOIN growth_points.payout ON payout.settlement_month = corrected.settlement_month
      JOIN noted ON (subject, subject_key) = ('posting', corrected.posting_no::text)
    )
    SELECT given.key, seller_id, points, to_char(settlement_month, 'YYYY-MM') AS month, above_points
    FROM given JOIN LATERAL (
      SELECT min(above_points) AS above_points FROM growth_points.approval_rule rule
      JOIN noted ON (subject, subject_key)
        = ('approval_rule', concat_ws('/', rule.settlement_month, above_points))
      WHERE rule.settlement_month = given.settlement_month
        AND (noted.waits, noted.number) < (given.waits, given.number)
    ) asked ON total > above_points
    WHERE given.kind <> 'clawback' AND NOT EXISTS (
      SELECT FROM growth_points.adjustment_approval approved
      JOIN noted ON (subject, subject_key) = ('adjustment_approval', approved.key)
      WHERE (approved.key, approved.seller_id, approved.points)
          = (given.key, given.seller_id, given.points)
        AND (noted.waits, noted.number) < (given.waits, given.number))
    ORDER BY posting_no
    """,  # noqa: S608 a constant
)
