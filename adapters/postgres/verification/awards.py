"""Awards: decided, of their policy's tiers, given once, finished once."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, BIGINT, INTEGER

from adapters.postgres.verification.difference import Difference, QueryCheck
from adapters.postgres.verification.policies import readable_policies
from domain.eligibility import Terms
from domain.months import SettlementMonth
from domain.policy import Policy
from domain.sentence import sentence

DECIDED = QueryCheck(
    "awards",
    sentence(
        "entry {entry_no} awards seller {seller_id} tier {tier} for {month}, "
        "which its evaluation did not decide"
    ),
    """
    SELECT entry_no, seller_id, award.tier, to_char(award.settlement_month, 'YYYY-MM') AS month
    FROM growth_points.award
    LEFT JOIN growth_points.evaluation USING (evaluation_id)
    LEFT JOIN growth_points.decision USING (evaluation_id, seller_id)
    WHERE (evaluation.settlement_month, outcome, decision.tier, decision.points)
      IS DISTINCT FROM (award.settlement_month, 'awarded', award.tier, award.points)
    ORDER BY entry_no
    """,
)


AWARDED_ONCE = QueryCheck(
    "awards",
    sentence("seller {seller_id} holds tier {tier} {times} times"),
    """
    SELECT seller_id, tier, count(*) AS times FROM (
      SELECT seller_id, tier FROM growth_points.award WHERE state <> 'reversed'
      UNION ALL
      SELECT seller_id, tier FROM growth_points.correction WHERE kind = 'award'
    ) held GROUP BY seller_id, tier HAVING count(*) > 1 ORDER BY 1, 2
    """,
)


FINISHED = QueryCheck(
    "awards",
    sentence(
        "entry {entry_no} does not finish an award of its seller, its points and its month, once"
    ),
    """
    SELECT finish.entry_no FROM (
      SELECT finish.*, posting.settlement_month, count(*) OVER (PARTITION BY finishes) AS times
      FROM growth_points.transfer finish LEFT JOIN growth_points.posting USING (posting_no)
      WHERE finish.kind IN ('payout', 'reversal') OR finishes IS NOT NULL
    ) finish
    LEFT JOIN growth_points.award ON award.entry_no = finish.finishes
    WHERE times > 1 OR (award.seller_id, award.points, award.settlement_month)
      IS DISTINCT FROM (finish.seller_id, finish.points, finish.settlement_month)
    ORDER BY 1
    """,
)


STANDING = QueryCheck(
    "awards",
    sentence("{month}: seller {seller_id} {what}"),
    """
    SELECT to_char(settlement_month, 'YYYY-MM') AS month, seller_id,
           CASE WHEN is_posted THEN 'has an award that the current evaluation did not decide'
                ELSE 'was awarded by the current evaluation, but not posted' END AS what
    FROM growth_points.undecided_award
    WHERE settlement_month NOT IN (SELECT settlement_month FROM growth_points.payout)
    ORDER BY 1, 2
    """,
)


_OUTSIDE_ITS_TIER = text("""
    SELECT entry_no, seller_id, award.tier, award.points, window_amount_krw
    FROM growth_points.award JOIN growth_points.decision USING (evaluation_id, seller_id)
    LEFT JOIN unnest(:tiers, :points, :lower, :upper) AS policy (tier, points, lower, upper)
      ON policy.tier = award.tier
    WHERE evaluation_id = :evaluation_id AND (award.points IS DISTINCT FROM policy.points
      OR window_amount_krw < lower OR window_amount_krw >= upper)
    ORDER BY entry_no
""").bindparams(
    bindparam("tiers", type_=ARRAY(INTEGER)),
    *(bindparam(name, type_=ARRAY(BIGINT)) for name in ("points", "lower", "upper")),
)


def awards_by_policy(connection: Connection) -> Iterator[Difference]:
    policies = readable_policies(connection)
    evaluations = connection.execute(
        text("SELECT evaluation_id, settlement_month, policy_hash FROM growth_points.evaluation")
    ).all()
    for evaluation_id, first_day, policy_hash in evaluations:
        policy = policies.get(policy_hash)
        if policy is None:
            yield Difference(
                "awards",
                sentence(
                    "evaluation {evaluation_id} rests on a policy that is not recorded",
                    evaluation_id=evaluation_id,
                ),
            )
            continue
        terms = Terms.of(policy, SettlementMonth.of(first_day))
        found = connection.execute(
            _OUTSIDE_ITS_TIER,
            {
                "evaluation_id": evaluation_id,
                "tiers": [tier.number for tier in policy.tiers],
                "points": [tier.points for tier in policy.tiers],
                "lower": [terms.lower_sum_krw(tier) for tier in policy.tiers],
                "upper": [terms.upper_sum_krw(tier) for tier in policy.tiers],
            },
        )
        yield from (_outside_its_tier(row, policy) for row in found)


def _outside_its_tier(row: Row[Any], policy: Policy) -> Difference:
    said = sentence(
        "entry {entry_no} awards seller {seller_id} tier {tier} and {points} "
        "points for {window_amount_krw} KRW; {name} does not",
        entry_no=row.entry_no,
        seller_id=row.seller_id,
        tier=row.tier,
        points=row.points,
        window_amount_krw=row.window_amount_krw,
        name=policy.name,
    )
    return Difference("awards", said)
