"""The order of records, which is that of the chain and does not depend on clocks.

Clocks can be set back. The order of records, such as a payout date and the payout of its month, is
therefore that of numbers: first of seals, in commit order, then of notes, which are not sealed yet.
A note takes its number late in its transaction, when that holds all its locks, so that of two
records made under the program's lock (closings, approvals, payout dates, payouts) the later one has
the higher number. The numbers of one kind (`run_no`, `plan_no`, `evaluation_no`) are also taken
under that lock.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, text

# Compare by (waits, number). Not a view, since `verify` trusts nothing defined in the database.
NOTED: Final = """
    noted AS NOT MATERIALIZED (
      SELECT false AS waits, seal_no AS number, subject, subject_key FROM growth_points.seal
      UNION ALL SELECT true, note_no, subject, subject_key FROM growth_points.unsealed
    )
"""


_OF_ITS_REVISION: Final = """
    SELECT accepted_at FROM growth_points.revision
    WHERE revision.revision_id = revision_signature.revision_id
"""

_OF_ITS_POSTING: Final = """
    SELECT recorded_at FROM growth_points.posting WHERE posting.posting_no = reward_retry.posting_no
"""

# Each kind of record with its instant. A run has two: the machine's and the database's.
_RECORDED: Final = (
    ("posting", "recorded_at", "posting_no = subject_key::bigint"),
    ("payout", "paid_at", "settlement_month::text = subject_key"),
    ("budget", "set_at", "budget_no = subject_key::integer"),
    ("run", "greatest(started_at, recorded_at)", "run_no = subject_key::integer"),
    ("policy", "recorded_at", "policy_hash = subject_key"),
    ("payout_date", "planned_at", "concat_ws('/', settlement_month, plan_no) = subject_key"),
    (
        "approval_rule",
        "recorded_at",
        "concat_ws('/', settlement_month, above_points) = subject_key",
    ),
    ("approval", "approved_at", "evaluation_id = subject_key::integer"),
    ("adjustment_approval", "approved_at", "key = subject_key"),
    ("revision", "accepted_at", "revision_id = subject_key::integer"),
    ("revision_signature", f"({_OF_ITS_REVISION})", "revision_id = subject_key::integer"),
    ("evaluation", "evaluated_at", "evaluation_id = subject_key::integer"),
    ("ad_account_link", "linked_at", "link_no = subject_key::bigint"),
    ("reward_delivery", "accepted_at", "reward_delivery_id = subject_key::integer"),
    ("reward_retry", f"({_OF_ITS_POSTING})", "posting_no = subject_key::bigint LIMIT 1"),
    ("conversion_attempt", "asked_at", "attempt_no = subject_key::bigint"),
    ("notice_list", "told_at", "notice_list_id = subject_key::bigint"),
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
    """Return the instant of the newest record, None if there is none, and the database's time.

    The newest record is the last in order, which need not have the latest instant.
    """
    row = connection.execute(_NEWEST).one()
    return row.newest, row.now
