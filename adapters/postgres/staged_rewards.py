"""A delivered reward day beside what is known: its entries in a temporary table, and conflicts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, text

from adapters.postgres.bulk import copy_parquet
from domain import profile as counted
from domain.profile import Violations
from domain.written import visible

_EXAMPLES: Final = 3


def stage(connection: Connection, file: Path | None = None) -> None:
    """Copy staged entries, if any, into the table `staged_reward` of this transaction.

    What is known of their events is in `known_reward` then.
    """
    connection.execute(text("SELECT growth_points.stage_rewards()"))
    if file is not None:
        copy_parquet(connection, "staged_reward", file)
        connection.execute(_KNOWN)


def drop_known(connection: Connection) -> None:
    """Leave only the entries whose event and position are not known yet."""
    connection.execute(_DROP_KNOWN)


def conflicts(connection: Connection) -> Iterator[Violations]:
    """Count what contradicts the entries and stores that are known, each rule with examples."""
    for rule, query in _CONFLICTS.items():
        found = connection.execute(text(f"SELECT count(*) OVER () AS n, shown {query} LIMIT 3"))
        rows = found.all()
        shown = tuple(visible(row.shown) for row in rows)
        yield Violations(rule, rows[0].n if rows else 0, (), shown)


# By index, however many entries there are of other events: OFFSET 0 keeps the planner from joining.
_KNOWN: Final = text("""
    INSERT INTO known_reward
    SELECT known.* FROM (SELECT DISTINCT event_id FROM staged_reward) delivered
    CROSS JOIN LATERAL (
      SELECT * FROM growth_points.reward_entry WHERE event_id = delivered.event_id OFFSET 0) known
""")
_DROP_KNOWN: Final = text("""
    DELETE FROM staged_reward USING known_reward known
    WHERE (known.event_id, known.position) = (staged_reward.event_id, staged_reward.position)
""")

_CANCELLATION: Final = """
    FROM staged_reward new
    LEFT JOIN LATERAL (
      SELECT seller_id, kind, points FROM growth_points.reward_entry
      WHERE (event_id, position) = (new.cancels_event_id, new.cancels_position) OFFSET 0
    ) earlier ON true
    LEFT JOIN staged_reward delivered
      ON (delivered.event_id, delivered.position) = (new.cancels_event_id, new.cancels_position)
    CROSS JOIN LATERAL (
      SELECT coalesce(earlier.seller_id, delivered.seller_id) AS seller_id,
             coalesce(earlier.kind, delivered.kind) AS kind,
             coalesce(earlier.points, delivered.points) AS points
    ) named
    WHERE new.kind = 'cancellation'
"""
_SHOWN: Final = "SELECT DISTINCT concat_ws(' ', new.event_id, new.position) AS shown"
_CONFLICTS: Final = {
    counted.UNKNOWN_STORE: """
        FROM (
          SELECT DISTINCT seller_id AS shown FROM staged_reward
        ) delivered
        WHERE NOT EXISTS (
          SELECT FROM growth_points.revision WHERE EXISTS (
            SELECT FROM growth_points.seller_snapshot store
            WHERE (store.revision_id, store.seller_id) = (revision.revision_id, shown) OFFSET 0))
        ORDER BY shown""",
    counted.CHANGED_ENTRY: f"""
        FROM (
          {_SHOWN} FROM staged_reward new JOIN known_reward known
            ON known.event_id = new.event_id AND (
              (known.seller_id, known.occurred_on) <> (new.seller_id, new.occurred_on)
              OR known.position = new.position AND (
                known.kind, known.points, known.customer_ref, known.cancels_event_id,
                known.cancels_position) IS DISTINCT FROM (
                new.kind, new.points, new.customer_ref, new.cancels_event_id,
                new.cancels_position))
        ) found ORDER BY shown""",
    counted.CANCELLED_NOTHING: f"""
        FROM ({_SHOWN} {_CANCELLATION} AND (named.kind IS NULL OR named.kind = 'cancellation'))
        found ORDER BY shown""",
    counted.CANCELLED_TWICE: f"""
        FROM (
          {_SHOWN} FROM (
            SELECT *, count(*) OVER (PARTITION BY cancels_event_id, cancels_position) AS times
            FROM staged_reward WHERE kind = 'cancellation'
          ) new WHERE times > 1 OR EXISTS (
            SELECT FROM growth_points.reward_entry earlier
            WHERE (earlier.cancels_event_id, earlier.cancels_position)
              = (new.cancels_event_id, new.cancels_position)
              AND (earlier.event_id, earlier.position) <> (new.event_id, new.position))
        ) found ORDER BY shown""",  # noqa: S608 a constant
    counted.CANCELLED_OTHER: f"""
        FROM ({_SHOWN} {_CANCELLATION}
          AND (named.seller_id, named.points) <> (new.seller_id, new.points))
        found ORDER BY shown""",
}
