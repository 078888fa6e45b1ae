"""The rewards of one store, found through its own transfers, however many there are of others."""

from dataclasses import fields
from typing import Final

from sqlalchemy import Connection, text

from adapters.postgres.rewards import Reward
from domain.using.allocation import Outcome

REFUSED_DAYS: Final = 100
"""For how many days back entries that moved no points are listed."""


def rewards_of_store(
    connection: Connection, seller_id: str, newest: int | None = None
) -> tuple[int, tuple[Reward, ...]]:
    """Count and list the entries that a store paid, and those of the last hundred days not paid.

    With `newest` so many of the last are listed.
    """
    asked = {"seller_id": seller_id, "days": REFUSED_DAYS, "newest": newest}
    rows = connection.execute(_REWARDS, asked).mappings().all()
    rewards = (
        Reward(**{name: row[name] for name in _FACTS} | {"outcome": Outcome(row["outcome"])})
        for row in rows
    )
    return rows[0]["total"] if rows else 0, tuple(rewards)


_FACTS: Final = tuple(each.name for each in fields(Reward))


_REWARDS: Final = text("""
    WITH moved AS MATERIALIZED (
      SELECT DISTINCT posting_no FROM growth_points.transfer
      WHERE seller_id = :seller_id AND kind = 'reward'
    ), own AS MATERIALIZED (
      SELECT event_id, position, occurred_on
      FROM moved JOIN growth_points.reward_entry entry
        ON (entry.posting_no, entry.seller_id) = (moved.posting_no, :seller_id)
      UNION
      SELECT event_id, position, occurred_on
      FROM moved JOIN growth_points.reward_retry retry USING (posting_no)
      JOIN growth_points.reward_entry entry USING (event_id, position)
      WHERE entry.seller_id = :seller_id
      UNION
      SELECT event_id, position, occurred_on FROM generate_series(0, :days) back
      JOIN growth_points.reward_entry entry
        ON entry.occurred_on = growth_points.today() - back AND entry.seller_id = :seller_id
       AND entry.posting_no IS NULL AND entry.kind <> 'cancellation'
    ), listed AS MATERIALIZED (
      SELECT event_id, position FROM own
      ORDER BY occurred_on DESC, event_id DESC, position DESC LIMIT CAST(:newest AS bigint)
    )
    SELECT event_id, position, seller_id, reward.kind, points, customer_ref, occurred_on,
           state AS outcome, recorded_at AS paid_at,
           nullif(concat_ws(' ', cancelled_by_event_id, cancelled_by_position), '') AS cancelled_by,
           (SELECT count(*) FROM own) AS total
    FROM listed JOIN growth_points.reward USING (event_id, position)
    LEFT JOIN growth_points.posting USING (posting_no)
    ORDER BY occurred_on, event_id, position
""")
