"""Balances: the program's and every seller's are the fold of the transfers."""

from adapters.postgres.verification.difference import QueryCheck

RUNNING_BALANCES = QueryCheck(
    "program balances",
    "seal {seal_no} does not carry the balances that follow from the transfers until then",
    """
    SELECT seal_no FROM (
      SELECT seal.*, sum(fund) OVER chain AS fund, sum(ads) OVER chain AS ads,
             sum(rewards) OVER chain AS rewards, sum(gone) OVER chain AS gone
      FROM growth_points.seal
      LEFT JOIN (
        SELECT posting_no::text AS subject_key,
               coalesce(sum(points) FILTER (WHERE credit_account = 'program_fund'), 0)
                 - coalesce(sum(points) FILTER (WHERE debit_account = 'program_fund'), 0) AS fund,
               sum(points) FILTER (WHERE credit_account = 'search_ad_credit') AS ads,
               sum(points) FILTER (WHERE credit_account = 'customer_reward') AS rewards,
               sum(points) FILTER (WHERE credit_account = 'expired') AS gone
        FROM growth_points.transfer GROUP BY posting_no
      ) moved ON subject = 'posting' AND moved.subject_key = seal.subject_key
      WINDOW chain AS (ORDER BY seal_no)
    ) seal
    WHERE (program_fund, search_ad_credit, customer_reward, expired) IS DISTINCT FROM
      (coalesce(fund, 0), coalesce(ads, 0), coalesce(rewards, 0), coalesce(gone, 0))
    ORDER BY seal_no
    """,
)


WAITING_BALANCES = QueryCheck(
    "program balances",
    "posting {subject_key} waits for its seal with other sums than those of its transfers",
    """
    SELECT subject_key FROM growth_points.unsealed LEFT JOIN LATERAL (
      SELECT coalesce(sum(points) FILTER (WHERE credit_account = 'program_fund'), 0)
               - coalesce(sum(points) FILTER (WHERE debit_account = 'program_fund'), 0) AS fund,
             coalesce(sum(points) FILTER (WHERE credit_account = 'search_ad_credit'), 0) AS ads,
             coalesce(sum(points) FILTER (WHERE credit_account = 'customer_reward'), 0) AS rewards,
             coalesce(sum(points) FILTER (WHERE credit_account = 'expired'), 0) AS gone
      FROM growth_points.transfer
      WHERE posting_no = CASE WHEN subject = 'posting' AND subject_key ~ '^[0-9]{1,18}$'
                              THEN subject_key::bigint END
    ) moved ON true
    WHERE (program_fund, search_ad_credit, customer_reward, expired)
      IS DISTINCT FROM (fund, ads, rewards, gone) ORDER BY note_no
    """,
)


SELLER_BALANCES = QueryCheck(
    "seller balances",
    "seller {seller_id} has {has_pending} pending and {has_available} available, "
    "but the transfers add up to {pending} and {available}",
    """
    SELECT seller_id, has_pending, has_available, pending, available
    FROM (
      SELECT seller_id, coalesce(account.pending, 0) AS has_pending,
             coalesce(account.available, 0) AS has_available,
             coalesce(fold.pending, 0) AS pending, coalesce(fold.available, 0) AS available
      FROM growth_points.seller_account account FULL JOIN (
        SELECT seller_id,
               sum(CASE 'pending' WHEN credit_account THEN points WHEN debit_account THEN -points
                                  ELSE 0 END) AS pending,
               sum(CASE 'available' WHEN credit_account THEN points WHEN debit_account THEN -points
                                    ELSE 0 END) AS available
        FROM growth_points.transfer GROUP BY seller_id
      ) fold USING (seller_id)
    ) both_sides
    WHERE (has_pending, has_available) <> (pending, available)
      OR least(has_pending, has_available) < 0
    ORDER BY seller_id
    """,
)
