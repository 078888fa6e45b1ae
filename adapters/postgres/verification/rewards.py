"""Rewards: what each entry rests on, and the order in which stores paid."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Connection, Row, text

from adapters.postgres.sequence import NOTED
from adapters.postgres.verification.difference import Difference, QueryCheck
from adapters.postgres.verification.using import BEFORE, GRANTS, MADE, MOVED
from domain.sentence import Word, sentence
from domain.using.allocation import Offered, Outcome, Usable, allocate

RECORDED_FOR_IT = QueryCheck(
    "rewards",
    sentence("entry {event_id} {position} {what}"),
    """
    SELECT event_id, position, 'is of another day or store than its delivery and its event' AS what
    FROM growth_points.reward_entry
    LEFT JOIN growth_points.reward_delivery USING (reward_delivery_id)
    LEFT JOIN (
      SELECT event_id, min(seller_id) AS of_store FROM growth_points.reward_entry GROUP BY event_id
    ) event USING (event_id)
    WHERE (day, of_store) IS DISTINCT FROM (occurred_on, seller_id)
    UNION ALL
    SELECT event_id, position, 'names a posting of another kind'
    FROM growth_points.reward_entry LEFT JOIN growth_points.posting USING (posting_no)
    WHERE posting.kind IS DISTINCT FROM
      CASE outcome WHEN 'paid' THEN 'reward' WHEN 'returned' THEN 'cancellation' END
    UNION ALL
    SELECT event_id, position, 'was paid at a later try, but was paid before or is no reward'
    FROM growth_points.reward_retry retry
    LEFT JOIN growth_points.posting USING (posting_no)
    LEFT JOIN growth_points.reward_entry entry USING (event_id, position)
    WHERE posting.kind IS DISTINCT FROM 'reward' OR entry.kind = 'cancellation'
      OR entry.posting_no IS NOT NULL OR entry.seller_id IS NULL
    ORDER BY 1, 2
    """,
)

WITHDRAWN = QueryCheck(
    "rewards",
    sentence("entry {event_id} {position} is recorded as cancelled, and no cancellation names it"),
    """
    SELECT event_id, position FROM growth_points.reward_entry entry
    WHERE outcome = 'cancelled' AND NOT EXISTS (
      SELECT FROM growth_points.reward_entry cancelling
      WHERE (cancelling.cancels_event_id, cancelling.cancels_position)
          = (entry.event_id, entry.position)
        AND cancelling.reward_delivery_id = entry.reward_delivery_id)
    ORDER BY 1, 2
    """,
)

CANCELLED = QueryCheck(
    "rewards",
    sentence(
        "cancellation {event_id} {position} takes back an entry that is not its store's, that was "
        "cancelled before, or whose points are not as it says"
    ),
    """
    SELECT taken.event_id, taken.position
    FROM growth_points.reward_entry taken
    LEFT JOIN growth_points.reward_entry named
      ON (named.event_id, named.position) = (taken.cancels_event_id, taken.cancels_position)
    LEFT JOIN growth_points.reward_retry retry
      ON (retry.event_id, retry.position) = (named.event_id, named.position)
    WHERE taken.kind = 'cancellation' AND (
      (named.seller_id, named.points) IS DISTINCT FROM (taken.seller_id, taken.points)
      OR named.kind = 'cancellation'
      OR (coalesce(named.posting_no, retry.posting_no) IS NULL) = (taken.outcome = 'returned')
      OR coalesce(named.posting_no, retry.posting_no) > taken.posting_no)
    UNION ALL
    SELECT min(event_id), min(position) FROM growth_points.reward_entry
    WHERE kind = 'cancellation' GROUP BY cancels_event_id, cancels_position HAVING count(*) > 1
    ORDER BY 1, 2
    """,
)

PAID_IN_TIME = QueryCheck(
    "rewards",
    sentence(
        "posting {posting_no} pays an entry of {last_on} for seller {seller_id}, whose points were "
        "usable through {through}, or had expired"
    ),
    f"""
    WITH {NOTED}, {GRANTS}, paying AS (
      SELECT posting_no, seller_id, max(occurred_on) AS last_on
      FROM ({MOVED}) moved JOIN growth_points.posting USING (posting_no)
      WHERE kind = 'reward' GROUP BY posting_no, seller_id
    )
    SELECT paying.posting_no, paying.seller_id, last_on, max(through) AS through
    FROM paying JOIN {MADE.format("paying")}
    LEFT JOIN (
      SELECT granted.*, earlier.waits, earlier.number FROM granted JOIN noted earlier
        ON (earlier.subject, earlier.subject_key) = ('posting', granted.posting_no::text)
    ) earlier ON earlier.seller_id = paying.seller_id AND {BEFORE}
    GROUP BY paying.posting_no, paying.seller_id, last_on, made.waits, made.number
    HAVING (last_on <= max(through)) IS NOT TRUE OR EXISTS (
      SELECT FROM growth_points.expiry JOIN noted earlier
        ON (earlier.subject, earlier.subject_key) = ('posting', expiry.posting_no::text)
      WHERE (expiry.seller_id, last_usable_on) = (paying.seller_id, max(through)) AND {BEFORE})
    ORDER BY 1, 2
    """,  # noqa: S608 a constant
)

REWARDS: Final = (RECORDED_FOR_IT, WITHDRAWN, CANCELLED, PAID_IN_TIME)


def paid_in_order(connection: Connection) -> Iterator[Difference]:
    """Allocate again what each delivery offered to the stores that could not pay all of it.

    Of entries that it tried again, only whether it paid them is known.
    """
    rows = connection.execute(_REFUSING)
    for _, of_store in groupby(rows, lambda row: (row.reward_delivery_id, row.seller_id)):
        yield from _unlike_the_rules(list(of_store))


def _unlike_the_rules(rows: list[Row[Any]]) -> Iterator[Difference]:
    first = rows[0]
    usable = Usable(int(first.usable), first.last_usable_on, first.expired)
    recorded = {(row.event_id, row.position): row.outcome for row in rows}
    offered = (
        Offered(row.occurred_on, row.event_id, row.position, row.points, row.after_closed)
        for row in rows
    )
    for entry, outcome in allocate(offered, usable):
        said = recorded[entry.event_id, entry.position]
        if said != outcome and not (said == "tried again" and outcome is not Outcome.PAID):
            yield Difference(
                "rewards",
                sentence(
                    "entry {event_id} {position} of seller {seller_id} is recorded as "
                    "{said}; by the rules it is {outcome}",
                    event_id=entry.event_id,
                    position=entry.position,
                    seller_id=first.seller_id,
                    said=Word("reward outcome", str(said)),
                    outcome=Word("reward outcome", str(outcome)),
                ),
            )


# What a delivery paid is by a posting that was asked for with the delivery's number.
_REFUSED: Final = "('insufficient_points', 'after_refused_entry', 'points_expired')"
_REFUSING: Final = text(f"""
    WITH {NOTED}, {GRANTS}, refusing AS MATERIALIZED (
      SELECT reward_delivery_id, seller_id, tried_since, made.waits, made.number
      FROM (
        SELECT DISTINCT reward_delivery_id, seller_id FROM growth_points.reward_entry
        WHERE outcome IN {_REFUSED}
      ) refused
      JOIN growth_points.reward_delivery USING (reward_delivery_id)
      JOIN noted made
        ON (made.subject, made.subject_key) = ('reward_delivery', reward_delivery_id::text)
    ), usable AS MATERIALIZED (
      SELECT made.*, (
          SELECT coalesce(sum(CASE credit_account WHEN 'available' THEN points ELSE -points END), 0)
          FROM growth_points.transfer JOIN noted earlier
            ON (earlier.subject, earlier.subject_key) = ('posting', transfer.posting_no::text)
          WHERE transfer.seller_id = made.seller_id
            AND 'available' IN (debit_account, credit_account)
            AND ({BEFORE} OR transfer.posting_no IN (
              SELECT posting_no FROM growth_points.reward_entry returned
              WHERE returned.reward_delivery_id = made.reward_delivery_id
                AND returned.outcome = 'returned'))
        ) AS usable, (
          SELECT max(through) FROM granted JOIN noted earlier
            ON (earlier.subject, earlier.subject_key) = ('posting', granted.posting_no::text)
          WHERE granted.seller_id = made.seller_id AND {BEFORE}
        ) AS last_usable_on
      FROM refusing made
    ), paying AS MATERIALIZED (
      SELECT posting_no, request_hash, count(*) AS entries, sum(points) AS points
      FROM growth_points.posting JOIN ({MOVED}) moved USING (posting_no)
      WHERE posting_no IN (SELECT posting_no FROM growth_points.reward_retry)
      GROUP BY posting_no, request_hash
    )
    SELECT made.reward_delivery_id, made.seller_id, usable, made.last_usable_on, EXISTS (
             SELECT FROM growth_points.expiry JOIN noted earlier
               ON (earlier.subject, earlier.subject_key) = ('posting', expiry.posting_no::text)
             WHERE (expiry.seller_id, expiry.last_usable_on) = (made.seller_id, made.last_usable_on)
               AND {BEFORE}) AS expired,
           entry.event_id, entry.position, entry.points, entry.occurred_on, CASE
             WHEN entry.reward_delivery_id = made.reward_delivery_id THEN entry.outcome
             WHEN request_hash = sha256(convert_to('["reward",' || concat_ws(
                 ',', made.reward_delivery_id, paying.entries, paying.points) || ']', 'UTF8'))
             THEN 'paid' ELSE 'tried again' END AS outcome,
           entry.occurred_on < tried_since AND EXISTS (
             SELECT FROM growth_points.reward_entry closed
             WHERE closed.event_id = entry.event_id AND closed.position < entry.position
               AND closed.reward_delivery_id < made.reward_delivery_id
               AND closed.outcome IN {_REFUSED}
               AND NOT EXISTS (
                 SELECT FROM growth_points.reward_retry late JOIN noted earlier
                   ON (earlier.subject, earlier.subject_key) = ('posting', late.posting_no::text)
                 WHERE (late.event_id, late.position) = (closed.event_id, closed.position)
                   AND {BEFORE})
               AND NOT EXISTS (
                 SELECT FROM growth_points.reward_entry withdrawing
                 WHERE (withdrawing.cancels_event_id, withdrawing.cancels_position)
                     = (closed.event_id, closed.position)
                   AND withdrawing.reward_delivery_id <= made.reward_delivery_id)) AS after_closed
    FROM usable made JOIN growth_points.reward_entry entry
      ON entry.seller_id = made.seller_id AND entry.kind <> 'cancellation'
      AND entry.reward_delivery_id <= made.reward_delivery_id
    LEFT JOIN growth_points.reward_retry
      ON (reward_retry.event_id, reward_retry.position) = (entry.event_id, entry.position)
    LEFT JOIN paying ON paying.posting_no = reward_retry.posting_no
    LEFT JOIN noted paid
      ON (paid.subject, paid.subject_key) = ('posting', reward_retry.posting_no::text)
    LEFT JOIN growth_points.reward_entry cancelling ON (
      cancelling.cancels_event_id, cancelling.cancels_position) = (entry.event_id, entry.position)
    WHERE entry.reward_delivery_id = made.reward_delivery_id AND entry.outcome <> 'cancelled'
      OR entry.outcome IN {_REFUSED} AND entry.occurred_on >= tried_since
        AND entry.reward_delivery_id < made.reward_delivery_id
        AND (cancelling.reward_delivery_id > made.reward_delivery_id) IS NOT FALSE
        AND ((paid.waits, paid.number) > (made.waits, made.number)) IS NOT FALSE
    ORDER BY 1, 2
""")  # noqa: S608 a constant
