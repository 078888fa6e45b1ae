"""Reward days as they were delivered, and their entries with what became of each."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, text

from domain.using.allocation import Outcome

if TYPE_CHECKING:  # it imports the engine, which most commands do not need
    from domain.profile import Profile


@dataclass(frozen=True, slots=True)
class RewardDay:
    """A day's entries as they were read; `entries` is a Parquet file of theirs."""

    day: date
    content_hash: str
    source: str
    entries: Path


@dataclass(frozen=True, slots=True)
class RewardsStanding:
    """The days of the last week that lack files, since the first that had some; refused entries.

    A day that was sent by the interface lacks files, too, unless the whole week was sent so.
    """

    missing_days: tuple[date, ...]
    refused: int


@dataclass(frozen=True, slots=True)
class Reward:
    """A reward entry as it stands. `outcome` is why it is not paid, or that it was.

    `cancelled_by` names the entry that took it back, as event and position; None if none did.
    """

    event_id: str
    position: int
    seller_id: str
    kind: str
    points: int
    customer_ref: str
    occurred_on: date
    outcome: Outcome
    paid_at: datetime | None
    cancelled_by: str | None


def sent_by(actor: str) -> str:
    """Return the source of a delivery that was sent by the interface, and not in files."""
    return f"{_SENT}{actor}"


def find_reward_delivery(connection: Connection, day: date, content_hash: str) -> int | None:
    """Return the number of the delivery of the day with this content; None if it is new."""
    asked = {"day": day, "content_hash": content_hash}
    number: int | None = connection.scalar(_FIND, asked)
    return number


def record_reward_delivery(
    connection: Connection,
    delivered: RewardDay,
    profile: "Profile",
    tried_since: date,
    actor: str,
) -> int:
    """Record a delivery, whose entries follow in the same transaction; returns its number.

    With it, refused entries that occurred since a day are tried again.
    """
    row = connection.execute(
        _DELIVERY,
        {
            "day": delivered.day,
            "content_hash": delivered.content_hash,
            "source": delivered.source,
            "profile": json.dumps(profile.as_data()),
            "tried_since": tried_since,
            "actor": actor,
        },
    )
    return row.scalar_one()  # type: ignore[no-any-return]


def rewards_standing(connection: Connection) -> RewardsStanding:
    """Return how the rewards stand, by the database's clock."""
    days, refused = connection.execute(_STANDING, {"sent": _SENT}).one()
    return RewardsStanding(tuple(days), refused)


def event_is_known(connection: Connection, event_id: str) -> bool:
    """Return whether any entry is of an event."""
    return connection.execute(_EVENT, {"event_id": event_id}).first() is not None


def outcomes_of(connection: Connection, delivery_id: int) -> dict[Outcome, int]:
    """Count the entries that came with a delivery, by what became of them then."""
    rows = connection.execute(_OUTCOMES, {"delivery_id": delivery_id})
    return {Outcome(outcome): count for outcome, count in rows}


def changed_days(
    connection: Connection, posting_no: int | None, delivery_id: int | None
) -> frozenset[date]:
    """Return the days of entries that a posting paid at a later try or a delivery cancelled."""
    asked = {"posting_no": posting_no, "delivery_id": delivery_id}
    return frozenset(connection.scalars(_CHANGED_DAYS, asked))


def retried_days(connection: Connection, since: date) -> frozenset[date]:
    """Return the days from `since` on with entries that were paid at a later try."""
    return frozenset(connection.scalars(_RETRIED_DAYS, {"since": since}))


def delivered_in_files(connection: Connection, since: date) -> dict[date, datetime]:
    """Return the days from `since` on that came in files, with when they were last accepted."""
    rows = connection.execute(_IN_FILES, {"since": since, "sent": _SENT})
    return {row.day: row.accepted_at for row in rows}


def rewards(
    connection: Connection,
    *,
    day: date | None = None,
    event_id: str | None = None,
    event_ids: Collection[str] | None = None,
    seller_id: str | None = None,
) -> Iterator[Reward]:
    """Stream the entries of a day, of events or a store, in the order in which stores pay them."""
    asked = {
        "day": day,
        "event_id": event_id,
        "event_ids": None if event_ids is None else list(event_ids),
        "seller_id": seller_id,
    }
    for row in connection.execute(_REWARDS, asked, execution_options={"yield_per": 10_000}):
        yield Reward(**{**row._mapping, "outcome": Outcome(row.outcome)})  # noqa: SLF001


_SENT: Final = "the interface, from "  # no path begins like it, nor does a URL
_FIND: Final = text("""
    SELECT reward_delivery_id FROM growth_points.reward_delivery
    WHERE (day, content_hash) = (:day, :content_hash)
""")
_DELIVERY: Final = text("""
    INSERT INTO growth_points.reward_delivery
      (day, content_hash, source, entries, profile, tried_since, actor)
    SELECT :day, :content_hash, :source, count(*), CAST(:profile AS jsonb), :tried_since, :actor
    FROM staged_reward RETURNING reward_delivery_id
""")
_STANDING: Final = text("""
    WITH week AS (
      SELECT day, starts_with(source, :sent) AS is_sent FROM growth_points.reward_delivery
      WHERE day >= growth_points.today() - 7
    )
    SELECT ARRAY(SELECT growth_points.today() - back FROM generate_series(7, 1, -1) back
                 WHERE growth_points.today() - back
                     > (SELECT min(day) FROM growth_points.reward_delivery
                        WHERE NOT starts_with(source, :sent))
                   AND growth_points.today() - back NOT IN (SELECT day FROM week WHERE NOT is_sent)
                   AND NOT coalesce((SELECT bool_and(is_sent) FROM week), false)
                 ORDER BY back DESC), (
             SELECT count(*) FROM growth_points.open_reward
             WHERE occurred_on >= growth_points.today() - 7)
""")
_EVENT: Final = text("""
    SELECT FROM growth_points.reward_entry WHERE event_id = :event_id LIMIT 1
""")
_CHANGED_DAYS: Final = text("""
    SELECT occurred_on FROM growth_points.reward_retry retry
    JOIN growth_points.reward_entry USING (event_id, position)
    WHERE retry.posting_no = :posting_no
    UNION
    SELECT named.occurred_on FROM growth_points.reward_entry cancelling
    JOIN growth_points.reward_entry named ON (named.event_id, named.position)
      = (cancelling.cancels_event_id, cancelling.cancels_position)
    WHERE cancelling.reward_delivery_id = :delivery_id AND cancelling.kind = 'cancellation'
""")
_RETRIED_DAYS: Final = text("""
    SELECT DISTINCT occurred_on FROM growth_points.reward_entry entry
    WHERE posting_no IS NULL AND kind <> 'cancellation' AND occurred_on >= :since AND EXISTS (
      SELECT FROM growth_points.reward_retry retry
      WHERE (retry.event_id, retry.position) = (entry.event_id, entry.position))
""")
_IN_FILES: Final = text("""
    SELECT day, max(accepted_at) AS accepted_at FROM growth_points.reward_delivery
    WHERE day >= :since AND NOT starts_with(source, :sent) GROUP BY day
""")
_OUTCOMES: Final = text("""
    SELECT outcome, count(*) FROM growth_points.reward_entry
    WHERE reward_delivery_id = :delivery_id GROUP BY outcome ORDER BY outcome
""")
_REWARDS: Final = text("""
    SELECT event_id, position, seller_id, reward.kind, points, customer_ref, occurred_on,
           state AS outcome, recorded_at AS paid_at,
           nullif(concat_ws(' ', cancelled_by_event_id, cancelled_by_position), '') AS cancelled_by
    FROM growth_points.reward LEFT JOIN growth_points.posting USING (posting_no)
    WHERE (CAST(:day AS date) IS NULL OR reward_delivery_id = ANY (ARRAY(
        SELECT reward_delivery_id FROM growth_points.reward_delivery WHERE day = :day)))
      AND (CAST(:event_id AS text) IS NULL OR event_id = :event_id)
      AND (CAST(:event_ids AS text[]) IS NULL OR event_id = ANY (:event_ids))
      AND (CAST(:seller_id AS text) IS NULL OR seller_id = :seller_id)
    ORDER BY occurred_on, event_id, position
""")
