"""Paying reward entries, and taking back cancelled ones: all stores at once, in set-based SQL.

A delivery's new entries stand in `staged_reward`, filled by `adapters.postgres.staged_rewards`. The
domain says the same for one store: `domain.using.allocation`.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection, text

from adapters.postgres.ledger.posting import Posted, next_of_today, post
from domain.ledger import Account, TransferKind


@dataclass(frozen=True, slots=True)
class Scope:
    """The refused entries that are tried again: those of the last days, of one store or event."""

    since: date
    seller_id: str | None = None
    event_id: str | None = None


def offer(connection: Connection, scope: Scope) -> None:
    """Gather the new entries and those to be tried again, and decide on each (table `offered`).

    The balances of their stores stay as they are until the transaction ends. The caller holds the
    program's lock.
    """
    asked = {"since": scope.since, "seller_id": scope.seller_id, "event_id": scope.event_id}
    connection.execute(_LOCK, asked)
    connection.execute(_OFFERED, asked)
    connection.execute(_CONTESTED)
    connection.execute(_TAKE_TURNS)


def cancel(connection: Connection, delivery_id: int, actor: str) -> Posted | None:
    """Record a delivery's cancellations and what they withdraw; return the points of paid entries.

    None if no entry that was paid is among them.
    """
    entries, points = connection.execute(_RETURNED).one()
    posted = None
    if entries:
        posted = _open(connection, TransferKind.CANCELLATION, [delivery_id, entries], points, actor)
    number = posted and posted.posting_no
    connection.execute(_CANCELLATIONS, {"delivery_id": delivery_id, "posting_no": number})
    return posted and _moved(connection, posted, Account.CUSTOMER_REWARD, Account.AVAILABLE)


def pay(connection: Connection, delivery_id: int | None, actor: str) -> Posted | None:
    """Record what was decided on new entries, and pay those that fit, also those tried again.

    None if nothing is paid.
    """
    entries, points = connection.execute(_PAID).one()
    posted = None
    if entries:
        posted = _open(connection, TransferKind.REWARD, [delivery_id, entries], points, actor)
    number = posted and posted.posting_no
    if delivery_id is not None:
        connection.execute(_ENTRIES, {"delivery_id": delivery_id, "posting_no": number})
    connection.execute(_RETRIED, {"posting_no": number})
    return posted and _moved(connection, posted, Account.AVAILABLE, Account.CUSTOMER_REWARD)


def retried(connection: Connection) -> int:
    """Count the entries that were refused before and are paid now."""
    return connection.execute(_AT_A_LATER_TRY).scalar_one()  # type: ignore[no-any-return]


def _open(
    connection: Connection, kind: TransferKind, content: list[object], points: int, actor: str
) -> Posted:
    asked = next_of_today(connection, kind, actor)
    return post(connection, asked, [*content, points], 0, points)


def _moved(connection: Connection, posted: Posted, debit: Account, credit: Account) -> Posted:
    asked = {"posting_no": posted.posting_no, "debit": debit, "credit": credit}
    connection.execute(_MOVE, asked)
    return posted


_TRIED_AGAIN: Final = """
    FROM growth_points.open_reward
    WHERE occurred_on >= :since
      AND (CAST(:seller_id AS text) IS NULL OR seller_id = :seller_id)
      AND (CAST(:event_id AS text) IS NULL OR event_id = :event_id)
"""
_LOCK: Final = text(f"""
    SELECT growth_points.lock_balances(ARRAY(
      SELECT seller_id FROM staged_reward UNION SELECT seller_id {_TRIED_AGAIN}))
""")  # noqa: S608 a constant

# A store that could not pay all of them is short, and its entries have no outcome yet. What comes
# before the points are counted: they have expired, or the event is held up for good, which is so if
# it was delivered after the days of its retries.
_OFFERED: Final = text(f"""
    INSERT INTO offered
    WITH candidate AS NOT MATERIALIZED (
      SELECT event_id, position, seller_id, kind, points, customer_ref, occurred_on,
             false AS is_known
      FROM staged_reward
      UNION ALL
      SELECT event_id, position, seller_id, NULL, points, NULL, occurred_on, true {_TRIED_AGAIN}
    ), store AS MATERIALIZED (
      SELECT seller_id, asked, coalesce(points, 0) AS usable, last_usable_on, EXISTS (
               SELECT FROM growth_points.expiry
               WHERE (expiry.seller_id, expiry.last_usable_on)
                 = (giving.seller_id, balance.last_usable_on)) AS is_expired
      FROM (SELECT seller_id, sum(points) AS asked FROM candidate GROUP BY seller_id) giving
      LEFT JOIN (
        SELECT seller_id, points, last_usable_on FROM growth_points.balance
        WHERE account = 'available'
      ) balance USING (seller_id)
    )
    SELECT event_id, position, seller_id, kind, points, customer_ref, occurred_on, is_known,
           usable, CASE
             WHEN is_expired OR occurred_on > last_usable_on THEN 'points_expired'
             WHEN occurred_on < :since AND EXISTS (
               SELECT FROM growth_points.open_reward earlier
               WHERE earlier.event_id = candidate.event_id
                 AND earlier.position < candidate.position) THEN 'after_refused_entry'
             WHEN asked <= usable THEN 'paid' END
    FROM candidate JOIN store USING (seller_id)
""")  # noqa: S608 a constant

# `of_event` adds up an event until an entry, `turn` counts the events of a store.
_CONTESTED: Final = text("""
    INSERT INTO contested
    SELECT event_id, position, seller_id, points, usable,
           sum(points) OVER (PARTITION BY seller_id, occurred_on, event_id ORDER BY position),
           dense_rank() OVER (PARTITION BY seller_id ORDER BY occurred_on, event_id)
    FROM offered WHERE outcome IS NULL
""")

# A store that is short pays one event after the other; all such stores take their turns at once.
_TAKE_TURNS: Final = text("""
    WITH RECURSIVE remaining (seller_id, turn, points) AS (
      SELECT DISTINCT seller_id, 1::bigint, usable::numeric FROM contested
      UNION ALL
      SELECT seller_id, turn + 1, points - coalesce((
        SELECT max(of_event) FROM contested
        WHERE contested.seller_id = remaining.seller_id AND contested.turn = remaining.turn
          AND of_event <= remaining.points), 0)
      FROM remaining WHERE EXISTS (
        SELECT FROM contested
        WHERE contested.seller_id = remaining.seller_id AND contested.turn = remaining.turn)
    )
    UPDATE offered SET outcome = CASE
        WHEN of_event <= remaining.points THEN 'paid'
        WHEN of_event - contested.points <= remaining.points THEN 'insufficient_points'
        ELSE 'after_refused_entry' END
    FROM contested JOIN remaining USING (seller_id, turn)
    WHERE (offered.event_id, offered.position) = (contested.event_id, contested.position)
""")

_PAID: Final = text("""
    SELECT count(*), coalesce(sum(points), 0)::bigint FROM offered WHERE outcome = 'paid'
""")
_AT_A_LATER_TRY: Final = text("""
    SELECT count(*) FROM offered WHERE is_known AND outcome = 'paid'
""")
_RETURNED: Final = text("""
    SELECT count(*), coalesce(sum(new.points), 0)::bigint
    FROM staged_reward new JOIN growth_points.reward named
      ON (named.event_id, named.position) = (new.cancels_event_id, new.cancels_position)
    WHERE new.kind = 'cancellation' AND named.posting_no IS NOT NULL
""")

_COLUMNS: Final = """
    event_id, position, reward_delivery_id, seller_id, kind, points, customer_ref, occurred_on,
    cancels_event_id, cancels_position, outcome, posting_no
"""
# What is recorded here is not offered: cancellations, and what they take back before it was paid.
_CANCELLATIONS: Final = text(f"""
    WITH new AS (
      DELETE FROM staged_reward WHERE kind = 'cancellation' OR (event_id, position) IN (
        SELECT cancels_event_id, cancels_position FROM staged_reward WHERE kind = 'cancellation')
      RETURNING *
    )
    INSERT INTO growth_points.reward_entry ({_COLUMNS})
    SELECT new.event_id, new.position, :delivery_id, new.seller_id, new.kind, new.points,
           new.customer_ref, new.occurred_on, new.cancels_event_id, new.cancels_position,
           CASE WHEN new.kind <> 'cancellation' THEN 'cancelled'
                WHEN named.posting_no IS NULL THEN 'not_paid' ELSE 'returned' END,
           CASE WHEN named.posting_no IS NOT NULL THEN CAST(:posting_no AS bigint) END
    FROM new LEFT JOIN growth_points.reward named
      ON (named.event_id, named.position) = (new.cancels_event_id, new.cancels_position)
    ORDER BY new.event_id, new.position
""")  # noqa: S608 a constant
_ENTRIES: Final = text(f"""
    INSERT INTO growth_points.reward_entry ({_COLUMNS})
    SELECT event_id, position, :delivery_id, seller_id, kind, points, customer_ref, occurred_on,
           NULL, NULL, outcome, CASE outcome WHEN 'paid' THEN CAST(:posting_no AS bigint) END
    FROM offered WHERE NOT is_known ORDER BY event_id, position
""")  # noqa: S608 a constant
_RETRIED: Final = text("""
    INSERT INTO growth_points.reward_retry (event_id, position, posting_no)
    SELECT event_id, position, CAST(:posting_no AS bigint) FROM offered
    WHERE is_known AND outcome = 'paid' ORDER BY event_id, position
""")
_MOVE: Final = text("""
    INSERT INTO growth_points.transfer
      (posting_no, kind, seller_id, debit_account, credit_account, points)
    SELECT posting_no, kind, seller_id, :debit, :credit, points
    FROM growth_points.rewarded JOIN growth_points.posting USING (posting_no)
    WHERE posting_no = :posting_no ORDER BY seller_id
""")
