"""Months: records numbered without a gap, and evaluations of what was delivered."""

from adapters.postgres.sequence import NOTED
from adapters.postgres.verification.difference import QueryCheck
from domain.sentence import sentence

NUMBERED = tuple(
    QueryCheck(
        "months",
        sentence(
            "{month} has {records} records of {table}, and the last one is number {last}",
            table=table,
        ),
        f"""
        SELECT to_char(settlement_month, 'YYYY-MM') AS month, count(*) AS records,
               max({number}) AS last
        FROM growth_points.{table} GROUP BY settlement_month HAVING max({number}) <> count(*)
        ORDER BY 1
        """,  # noqa: S608 names
    )
    for table, number in (
        ("revision", "revision_no"),
        ("evaluation", "evaluation_no"),
        ("payout_date", "plan_no"),
    )
)


# A revision that was noted after an evaluation could not be known to it.
WINDOW = QueryCheck(
    "months",
    sentence(
        "evaluation {evaluation_no} of {month} does not rest on the newest revisions of the months "
        "until then"
    ),
    f"""
    WITH {NOTED}, used AS (
      SELECT evaluation_id, count(*) AS months, min(settlement_month) AS first,
             max(settlement_month) AS last
      FROM growth_points.evaluation_input JOIN growth_points.revision USING (revision_id)
      GROUP BY evaluation_id
    ), outdated AS (
      SELECT input.evaluation_id FROM growth_points.evaluation_input input
      JOIN growth_points.revision used USING (revision_id)
      JOIN growth_points.revision newer USING (settlement_month)
      JOIN noted made ON (made.subject, made.subject_key)
        = ('evaluation', input.evaluation_id::text)
      JOIN noted known ON (known.subject, known.subject_key)
        = ('revision', newer.revision_id::text)
      WHERE newer.revision_no > used.revision_no
        AND (known.waits, known.number) < (made.waits, made.number)
    )
    SELECT to_char(settlement_month, 'YYYY-MM') AS month, evaluation_no
    FROM growth_points.evaluation LEFT JOIN used USING (evaluation_id)
    WHERE last IS DISTINCT FROM settlement_month
      OR first <> (last - (months - 1) * interval '1 month')::date
      OR evaluation_id IN (SELECT evaluation_id FROM outdated)
    ORDER BY 1, 2
    """,  # noqa: S608 a constant
)


DECIDED_FOR_A_STORE = QueryCheck(
    "months",
    sentence(
        "evaluation {evaluation_no} of {month} decided seller {seller_id}, and its snapshot "
        "has none"
    ),
    """
    WITH snapshot AS (
      SELECT DISTINCT ON (evaluation_id) evaluation_id, revision_id
      FROM growth_points.evaluation_input JOIN growth_points.revision USING (revision_id)
      ORDER BY evaluation_id, settlement_month DESC
    )
    SELECT to_char(settlement_month, 'YYYY-MM') AS month, evaluation_no, seller_id
    FROM growth_points.decision JOIN growth_points.evaluation USING (evaluation_id)
    LEFT JOIN snapshot USING (evaluation_id)
    LEFT JOIN growth_points.seller_snapshot store USING (revision_id, seller_id)
    WHERE store.status IS NULL ORDER BY 1, 2, 3
    """,
)
