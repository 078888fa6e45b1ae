"""Deliveries: the totals that were accepted are the sum of their rows."""

from adapters.postgres.verification.difference import QueryCheck
from domain.sentence import sentence

TOTALS = QueryCheck(
    "deliveries",
    sentence(
        "revision {revision_id} of {month} was accepted with {lines} lines, {amount_krw} KRW and "
        "{sellers} sellers, its rows add up to {rows_lines}, {rows_amount_krw} and {rows_sellers}"
    ),
    """
    SELECT * FROM (
      SELECT revision_id, to_char(settlement_month, 'YYYY-MM') AS month, revision.lines,
             revision.amount_krw, sellers, coalesce(amount.lines, 0) AS rows_lines,
             coalesce(amount.amount_krw, 0) AS rows_amount_krw, (
               SELECT count(*) FROM growth_points.seller_snapshot snapshot
               WHERE snapshot.revision_id = revision.revision_id) AS rows_sellers
      FROM growth_points.revision LEFT JOIN (
        SELECT revision_id, sum(lines) AS lines, sum(amount_krw) AS amount_krw
        FROM growth_points.seller_amount GROUP BY revision_id
      ) amount USING (revision_id)
    ) totals
    WHERE (lines, amount_krw, sellers) <> (rows_lines, rows_amount_krw, rows_sellers)
    ORDER BY revision_id
    """,
)
