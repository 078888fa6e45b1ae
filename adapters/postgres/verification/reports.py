"""Reports: what each run told of its month is what the ledger has of it."""

from adapters.postgres.verification.difference import QueryCheck
from domain.sentence import sentence


def _count(name: str) -> str:
    """Select a count that a run told, 0 for anything but a number."""
    return (
        f"CASE jsonb_typeof(difference -> '{name}')"
        f" WHEN 'number' THEN (difference ->> '{name}')::numeric ELSE 0 END"
    )


TOLD_EVALUATIONS = QueryCheck(
    "reports",
    sentence(
        "the runs of {month} reported {told} by evaluation {evaluation_id}, the ledger has {posted}"
    ),
    f"""
    SELECT to_char(settlement_month, 'YYYY-MM') AS month, evaluation_id, told, posted
    FROM (
      SELECT settlement_month, evaluation_id, format('%s awards, %s reversals and %s points',
               sum({_count("awarded")}),
               sum({_count("reversed")}),
               sum({_count("points")})) AS told
      FROM growth_points.run
      WHERE action IN ('close', 'evaluate again') AND evaluation_id IS NOT NULL
      GROUP BY settlement_month, evaluation_id
    ) run LEFT JOIN LATERAL (
      SELECT format('%s awards, %s reversals and %s points',
               count(*) FILTER (WHERE transfer.kind = 'award'),
               count(*) FILTER (WHERE transfer.kind = 'reversal'),
               coalesce(sum(CASE transfer.kind WHEN 'award' THEN points ELSE -points END), 0)
             ) AS posted
      FROM growth_points.posting JOIN growth_points.transfer USING (posting_no)
      WHERE posting.settlement_month = run.settlement_month
        AND posting.evaluation_id = run.evaluation_id
    ) ledger ON true
    WHERE told <> posted ORDER BY 1, 2
    """,  # noqa: S608 constants
)


TOLD_PAYOUTS = QueryCheck(
    "reports",
    sentence("a run reported that {month} paid {told}, the ledger has {paid}"),
    f"""
    SELECT to_char(settlement_month, 'YYYY-MM') AS month, told, paid
    FROM (
      SELECT settlement_month, format('%s points to %s sellers',
               {_count("points")}, {_count("sellers")}
             ) AS told
      FROM growth_points.run WHERE action = 'pay out' AND difference ->> 'refused' IS NULL
    ) run LEFT JOIN (
      SELECT settlement_month, format('%s points to %s sellers', points, sellers) AS paid
      FROM growth_points.payout
    ) payout USING (settlement_month)
    WHERE told IS DISTINCT FROM paid ORDER BY 1
    """,  # noqa: S608 constants
)


TOLD_CORRECTIONS = QueryCheck(
    "reports",
    sentence("the {action} runs of {month} reported {told} points, the ledger has {posted}"),
    f"""
    SELECT to_char(settlement_month, 'YYYY-MM') AS month, action, told, posted
    FROM (
      SELECT settlement_month, action, sum({_count("points")}) AS told
      FROM growth_points.run WHERE action IN ('award correction', 'clawback', 'reinstatement')
      GROUP BY settlement_month, action
    ) run LEFT JOIN LATERAL (
      SELECT coalesce(sum(CASE kind WHEN 'clawback' THEN -points ELSE points END), 0) AS posted
      FROM growth_points.correction
      WHERE correction.settlement_month = run.settlement_month
        AND CASE kind WHEN 'award' THEN 'award correction' ELSE kind END = action
    ) ledger ON true
    WHERE told <> posted ORDER BY 1, 2
    """,  # noqa: S608 constants
)
