"""The order in which records were made: that of the chain, whatever the clocks showed.

An instant tells what a clock showed, and clocks are set back. What must be told for ever after,
such as which payout date held when a month was paid, is told by numbers: first the seals', in the
order of commits, and after them the notes', of what waits for its seal. A note takes its number
late in its transaction, when that holds all its locks. So of two records made under the program's
lock, as closings, approvals, payout dates and payouts are, the later one has the higher number.
Numbers of one kind of record (`run_no`, `plan_no`, `evaluation_no`) are taken under that lock, too,
and order their kind.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, text

# To compare as (waits, number). Not a view: `verify` trusts nothing that the database defines.
NOTED: Final = """
    noted AS NOT MATERIALIZED (
      SELECT false AS waits, seal_no AS number, subject, subject_key FROM growth_points.seal
      UNION ALL SELECT true, note_no, subject, subject_key FROM growth_points.unsealed
    )
"""


# Each kind of record with its instant. A run has two, of the machine's clock and the database's.
_RECORDED: Final = (
    ("posting", "recorded_at", "posting_no = subject_key::bigint"),
    ("payout", "paid_at", "settlement_month::text = subject_key"),
    ("budget", "set_at", "budget_no = subject_key::integer"),
    ("run", "greatest(started_at, recorded_at)", "run_no = subject_key::integer"),
    ("policy", "recorded_at", "policy_hash = subject_key"),
    ("payout_date", "planned_at", "concat_ws('/', settlement_month, plan_no) = subject_key"),
    ("revision", "accepted_at", "revision_id = subject_key::integer"),
    ("evaluation", "evaluated_at", "evaluation_id = subject_key::integer"),
)
_INSTANT: Final = "".join(
    f" WHEN '{table}' THEN (SELECT {instant} FROM growth_points.{table} WHERE {that_one})"  # noqa: S608 constants
    for table, instant, that_one in _RECORDED
)
_NEWEST: Final = text(f"""
    SELECT CASE subject {_INSTANT} END AS newest, clock_timestamp() AS now
    FROM (VALUES (true)) AS always LEFT JOIN (
      (SELECT true AS waits, subject, subject_key FROM growth_points.unsealed
       ORDER BY note_no DESC LIMIT 1)
      UNION ALL
      (SELECT false, subject, subject_key FROM growth_points.seal ORDER BY seal_no DESC LIMIT 1)
      ORDER BY waits DESC LIMIT 1
    ) last ON true
""")  # noqa: S608 constants


def newest_record(connection: Connection) -> tuple[datetime | None, datetime]:
    """Find the instant of the newest record, None at first, and what the database's clock shows.

    The newest is the last in order, not the one with the latest instant: once a clock was put right
    and something was recorded, nothing is ahead any more.
    """
    row = connection.execute(_NEWEST).one()
    return row.newest, row.now
