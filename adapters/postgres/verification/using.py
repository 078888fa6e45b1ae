"""Points in use: what entitled conversions and expiries, until when points were usable, notices."""

from typing import Final

from adapters.postgres.sequence import NOTED
from adapters.postgres.verification.difference import QueryCheck
from domain.sentence import sentence

# The reward entries that a posting paid or returned, at once or at a later try.
MOVED: Final = """
    SELECT posting_no, seller_id, event_id, position, points, occurred_on
    FROM growth_points.reward_entry WHERE posting_no IS NOT NULL
    UNION ALL
    SELECT retry.posting_no, seller_id, event_id, position, points, occurred_on
    FROM growth_points.reward_retry retry JOIN growth_points.reward_entry USING (event_id, position)
"""

# What is recorded as entitling a posting, one row for each of its transfers.
TITLES: Final = f"""
    SELECT posting_no, 'conversion' AS kind, seller_id, points, requested_on AS on_day,
           concat_ws('/', 'conversion', length(seller_id), seller_id, request_id) AS key,
           jsonb_build_array(seller_id, request_id, points, account_id, requested_on) AS content
    FROM growth_points.conversion
    UNION ALL
    SELECT ended.posting_no, CASE outcome WHEN 'delivered' THEN 'delivery' ELSE 'return' END,
           seller_id, points, NULL,
           concat_ws('/', CASE outcome WHEN 'delivered' THEN 'delivery' ELSE 'return' END,
                     conversion_no),
           jsonb_build_array(conversion_no, outcome, answer)
    FROM growth_points.conversion_end ended
    LEFT JOIN growth_points.conversion ON conversion.posting_no = conversion_no
    UNION ALL
    SELECT posting_no, 'expiry', seller_id, points, expired_on, NULL,
           jsonb_build_array(seller_id, points, last_usable_on, expired_on)
    FROM growth_points.expiry
    UNION ALL
    SELECT posting_no, kind, seller_id, points, NULL, NULL,
           jsonb_build_array(seller_id, points, entries)
    FROM (
      SELECT posting_no, seller_id, sum(points)::bigint AS points, count(*) AS entries
      FROM ({MOVED}) moved GROUP BY posting_no, seller_id
    ) rewarded LEFT JOIN growth_points.posting USING (posting_no)
"""  # noqa: S608 a constant

_USES: Final = "'conversion', 'delivery', 'return', 'expiry', 'reward', 'cancellation'"

# Until when each posting that is a grant makes points usable: a payout counts from its due date.
GRANTS: Final = """
    granting AS (
      SELECT posting_no, (CASE kind WHEN 'adjustment' THEN effective_on ELSE (
        SELECT due_on FROM growth_points.payout_date
        WHERE payout_date.settlement_month = posting.settlement_month
        ORDER BY plan_no DESC LIMIT 1) END + interval '1 year')::date AS through
      FROM growth_points.posting WHERE kind IN ('payout', 'adjustment')
    ), granted AS (
      SELECT posting_no, seller_id, through
      FROM growth_points.transfer JOIN granting USING (posting_no)
      WHERE credit_account = 'available'
    )
"""

MADE: Final = "noted made ON (made.subject, made.subject_key) = ('posting', {}.posting_no::text)"
BEFORE: Final = "(earlier.waits, earlier.number) < (made.waits, made.number)"

# What a store had when a record of its was made, and until when it was usable.
_HAD: Final = f"""
      SELECT coalesce(sum(CASE credit_account WHEN 'available' THEN points ELSE -points END), 0)
               AS had, max(through) AS through
      FROM growth_points.transfer JOIN noted earlier
        ON (earlier.subject, earlier.subject_key) = ('posting', transfer.posting_no::text)
      LEFT JOIN granted USING (posting_no, seller_id)
      WHERE transfer.seller_id = {{}}.seller_id AND {BEFORE}
        AND 'available' IN (debit_account, credit_account)
"""  # noqa: S608 a constant

ENTITLED = QueryCheck(
    "points in use",
    sentence(
        "posting {posting_no} moves other points of seller {seller_id} than what entitles it says"
    ),
    f"""
    SELECT posting_no, seller_id FROM (
      SELECT posting_no, seller_id, min(transfer.kind) AS kind, sum(points) AS points,
             count(*) AS times
      FROM growth_points.transfer LEFT JOIN growth_points.posting USING (posting_no)
      WHERE transfer.kind = ANY (ARRAY[{_USES}]) OR posting.kind = ANY (ARRAY[{_USES}])
      GROUP BY posting_no, seller_id
    ) moved FULL JOIN ({TITLES}) title USING (posting_no, seller_id)
    WHERE (moved.kind, moved.points, moved.times) IS DISTINCT FROM (title.kind, title.points, 1)
    ORDER BY 1, 2
    """,  # noqa: S608 a constant
)


# A day is that of the database's clock; a posting may be recorded just before midnight.
RECORDED_FOR_IT = QueryCheck(
    "points in use",
    sentence("what entitles posting {posting_no} was recorded for another request or another day"),
    f"""
    SELECT DISTINCT posting_no FROM ({TITLES}) title
    LEFT JOIN growth_points.posting USING (posting_no)
    WHERE (posting.kind, posting.key, effective_on) IS DISTINCT FROM
        (title.kind, coalesce(title.key, posting.key), coalesce(on_day, effective_on))
      OR abs(effective_on - (recorded_at AT TIME ZONE 'Asia/Seoul')::date) > 1
    ORDER BY 1
    """,  # noqa: S608 a constant
)


ENDED_ONCE = QueryCheck(
    "points in use",
    sentence("{what} of conversion {conversion_no}, which {but}"),
    """
    SELECT 'an end' AS what, conversion_no, 'ended before, or was never recorded' AS but
    FROM growth_points.conversion_end ended
    LEFT JOIN growth_points.conversion ON conversion.posting_no = conversion_no
    GROUP BY conversion_no HAVING count(*) > 1 OR count(conversion.posting_no) = 0
    UNION ALL
    SELECT DISTINCT 'an attempt', conversion_no, 'was never recorded'
    FROM growth_points.conversion_attempt
    WHERE conversion_no NOT IN (SELECT posting_no FROM growth_points.conversion)
    ORDER BY 1, 2
    """,
)


LINKED = QueryCheck(
    "points in use",
    sentence("search-ad account link {link_no} is of seller {seller_id}, whom no snapshot has"),
    """
    SELECT link_no, seller_id FROM growth_points.ad_account_link
    WHERE seller_id NOT IN (SELECT seller_id FROM growth_points.seller_snapshot) ORDER BY 1
    """,
)


CONVERTED_TO_ITS_ACCOUNT = QueryCheck(
    "points in use",
    sentence("conversion {posting_no} is for an account that seller {seller_id} had not linked"),
    f"""
    WITH {NOTED}
    SELECT posting_no, seller_id FROM growth_points.conversion
    JOIN {MADE.format("conversion")}
    WHERE account_id IS DISTINCT FROM (
      SELECT account_id FROM growth_points.ad_account_link link
      JOIN noted earlier
        ON (earlier.subject, earlier.subject_key) = ('ad_account_link', link_no::text)
      WHERE link.seller_id = conversion.seller_id AND {BEFORE}
      ORDER BY link_no DESC LIMIT 1)
    ORDER BY 1
    """,  # noqa: S608 a constant
)


CONVERTED_IN_TIME = QueryCheck(
    "points in use",
    sentence("conversion {posting_no} is of {requested_on}, after the last usable day {through}"),
    f"""
    WITH {NOTED}, {GRANTS}
    SELECT conversion.posting_no, requested_on, max(through) AS through
    FROM growth_points.conversion JOIN {MADE.format("conversion")}
    JOIN granted USING (seller_id)
    JOIN noted earlier
      ON (earlier.subject, earlier.subject_key) = ('posting', granted.posting_no::text)
    WHERE {BEFORE}
    GROUP BY conversion.posting_no HAVING requested_on > max(through) ORDER BY 1
    """,  # noqa: S608 a constant
)


EXPIRED_WHEN_DUE = QueryCheck(
    "points in use",
    sentence(
        "posting {posting_no} expires {points} points of seller {seller_id}, who had {had}, usable "
        "through {through}"
    ),
    f"""
    WITH {NOTED}, {GRANTS}
    SELECT posting_no, expiry.points, seller_id, had, through
    FROM growth_points.expiry JOIN {MADE.format("expiry")}
    CROSS JOIN LATERAL ({_HAD.format("expiry")}) before
    WHERE (expiry.points, last_usable_on) IS DISTINCT FROM (had, through)
      OR expired_on <= last_usable_on
    ORDER BY 1, 3
    """,  # noqa: S608 a constant
)


NOT_EXPIRED_BEFORE_A_LATE_PAYOUT = QueryCheck(
    "points in use",
    sentence(
        "posting {posting_no} expires points of seller {seller_id}, whose payout of {month} "
        "was late"
    ),
    f"""
    WITH {NOTED}
    SELECT DISTINCT expiry.posting_no, expiry.seller_id,
           to_char(posting.settlement_month, 'YYYY-MM') AS month
    FROM growth_points.expiry JOIN {MADE.format("expiry")}
    JOIN growth_points.transfer given USING (seller_id)
    JOIN growth_points.posting ON posting.posting_no = given.posting_no
    JOIN noted earlier
      ON (earlier.subject, earlier.subject_key) = ('posting', given.posting_no::text)
    LEFT JOIN growth_points.transfer finish ON finish.finishes = given.entry_no
    LEFT JOIN noted finished
      ON (finished.subject, finished.subject_key) = ('posting', finish.posting_no::text)
    WHERE given.kind = 'award' AND {BEFORE}
      AND (finish.entry_no IS NULL
        OR (finished.waits, finished.number) > (made.waits, made.number))
      AND last_usable_on >= (
        SELECT due_on FROM growth_points.payout_date plan JOIN noted earlier
          ON (earlier.subject, earlier.subject_key)
            = ('payout_date', concat_ws('/', plan.settlement_month, plan_no))
        WHERE plan.settlement_month = posting.settlement_month AND {BEFORE}
        ORDER BY plan_no DESC LIMIT 1)
    ORDER BY 1, 2
    """,  # noqa: S608 a constant
)


USABLE_THROUGH = QueryCheck(
    "points in use",
    sentence(
        "the {account} points of seller {seller_id} are usable through {last_usable_on}, "
        "which follows "
        "from no grant: {through}"
    ),
    f"""
    WITH {GRANTS}
    SELECT account, seller_id, last_usable_on, through
    FROM growth_points.balance LEFT JOIN (
      SELECT seller_id, 'available' AS account, max(through) AS through
      FROM granted GROUP BY seller_id
    ) usable USING (seller_id, account)
    WHERE last_usable_on IS DISTINCT FROM through ORDER BY 1, 2
    """,  # noqa: S608 a constant
)


TOLD_WHEN_DUE = QueryCheck(
    "points in use",
    sentence(
        "notice list {list_id} told seller {seller_id} on {told_on} of {points} points, "
        "usable through "
        "{last_usable_on}; the store had {had}, usable through {through}"
    ),
    f"""
    WITH {NOTED}, {GRANTS}
    SELECT notice_list_id AS list_id, told_on, notice.points, seller_id, last_usable_on, had,
           through
    FROM growth_points.notice JOIN growth_points.notice_list USING (notice_list_id)
    JOIN noted made
      ON (made.subject, made.subject_key) = ('notice_list', notice_list_id::text)
    CROSS JOIN LATERAL ({_HAD.format("notice")}) before
    WHERE (notice.points, last_usable_on) IS DISTINCT FROM (had, through)
      OR told_on NOT BETWEEN last_usable_on - days_before AND last_usable_on
      OR abs(told_on - (told_at AT TIME ZONE 'Asia/Seoul')::date) > 1
    ORDER BY 1, 4
    """,  # noqa: S608 a constant
)
