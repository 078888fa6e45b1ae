"""Adjustments that correct no month: of known stores, and approved beyond the policy's limit."""

from adapters.postgres.sequence import NOTED
from adapters.postgres.verification.difference import QueryCheck
from domain.sentence import sentence

OF_A_STORE = QueryCheck(
    "adjustments",
    sentence("posting {key} adjusts seller {seller_id}, whom no snapshot has"),
    """
    SELECT posting.key, seller_id
    FROM growth_points.posting JOIN growth_points.transfer USING (posting_no)
    LEFT JOIN growth_points.correction USING (posting_no, seller_id)
    WHERE posting.kind = 'adjustment' AND correction.posting_no IS NULL
      AND seller_id NOT IN (SELECT seller_id FROM growth_points.seller_snapshot)
    ORDER BY posting_no
    """,
)


# The limit is that of the newest closed month when the points moved.
APPROVED = QueryCheck(
    "adjustments",
    sentence(
        "posting {key} moves {points} points of seller {seller_id}, more than {most}, and nobody "
        "approved it"
    ),
    f"""
    WITH {NOTED}, adjusted AS (
      SELECT posting_no, posting.key, seller_id, waits, number,
             CASE credit_account WHEN 'available' THEN points ELSE -points END AS points
      FROM growth_points.posting JOIN growth_points.transfer USING (posting_no)
      JOIN noted ON (subject, subject_key) = ('posting', posting_no::text)
      WHERE posting.kind = 'adjustment'
        AND points > (SELECT coalesce(min(adjustment_limit), 0) FROM growth_points.policy)
        AND posting_no NOT IN (SELECT posting_no FROM growth_points.correction)
    )
    SELECT adjusted.key, seller_id, points, coalesce(most, 0) AS most
    FROM adjusted LEFT JOIN LATERAL (
      SELECT adjustment_limit AS most
      FROM growth_points.evaluation JOIN growth_points.policy USING (policy_hash)
      JOIN noted made ON (made.subject, made.subject_key) = ('evaluation', evaluation_id::text)
      WHERE (made.waits, made.number) < (adjusted.waits, adjusted.number)
      ORDER BY settlement_month DESC, evaluation_no DESC LIMIT 1
    ) newest ON true
    WHERE abs(points) > coalesce(most, 0) AND NOT EXISTS (
      SELECT FROM growth_points.adjustment_approval given
      JOIN noted ON (subject, subject_key) = ('adjustment_approval', given.key)
      WHERE (given.key, given.seller_id, given.points)
          = (adjusted.key, adjusted.seller_id, adjusted.points)
        AND (noted.waits, noted.number) < (adjusted.waits, adjusted.number))
    ORDER BY posting_no
    """,  # noqa: S608 a constant
)


# What is given is usable for a year from its date. It may be recorded just before midnight.
NOT_AHEAD = QueryCheck(
    "adjustments",
    sentence(
        "posting {key} is dated {effective_on} and was recorded on {recorded_on}, before that day"
    ),
    """
    SELECT key, effective_on, (recorded_at AT TIME ZONE 'Asia/Seoul')::date AS recorded_on
    FROM growth_points.posting
    WHERE kind = 'adjustment'
      AND effective_on > (recorded_at AT TIME ZONE 'Asia/Seoul')::date + 1
    ORDER BY 1
    """,
)
