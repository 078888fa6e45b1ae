"""What finance asks of the ledger: what moved between two seals, and what the chain says of it.

Records belong to the month in Seoul in which they were sealed. The dates of seals never decrease,
so a month is what lies between the last seals of two months, and one that is over never changes.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, text

from adapters.postgres.ledger import ChainHead
from adapters.postgres.tables import Month
from domain.accounting.journal import BOOKED_EACH, JournalEntry
from domain.accounting.roll_forward import Moved
from domain.ledger import Account, TransferKind
from domain.months import SettlementMonth

_SEOUL: Final = ZoneInfo("Asia/Seoul")


def first_month(connection: Connection) -> SettlementMonth | None:
    """Return the month of the first seal; None if there is none."""
    sealed_at = connection.scalar(_SEALED_AT, {"seal_no": 1})
    return None if sealed_at is None else SettlementMonth.of(sealed_at.astimezone(_SEOUL).date())


def head_of_month(connection: Connection, month: SettlementMonth, seal_no: int) -> ChainHead | None:
    """Return the last seal before a month ends, of those until a seal; None if there is none."""
    ends_at = datetime.combine((month + 1).first_day, datetime.min.time(), _SEOUL)
    # Searched by halves: no index has the dates, and there are millions of them.
    before = bisect_left(range(1, seal_no + 1), ends_at, key=partial(_sealed_at, connection))
    row = connection.execute(_HEAD, {"seal_no": before}).first()
    return None if row is None else ChainHead(row.seal_no, row.hash.hex(), row.sealed_at)


def _sealed_at(connection: Connection, seal_no: int) -> datetime:
    return connection.execute(_SEALED_AT, {"seal_no": seal_no}).scalar_one()  # type: ignore[no-any-return]


def moved_between(connection: Connection, after: int, until: int) -> tuple[Moved, ...]:
    """Add up the transfers that were sealed after one seal and until another, by their flows."""
    rows = connection.execute(_MOVED, {"after": after, "until": until})
    return tuple(
        Moved(TransferKind(kind), Account(debit), Account(credit), int(points))
        for kind, debit, credit, points in rows
    )


def carried_by_heads(
    connection: Connection, seal_nos: Sequence[int]
) -> Iterator[tuple[int, Account, int]]:
    """List what seals carry of the balances of the program's accounts."""
    for seal_no, account, points in connection.execute(_CARRIED, {"seal_nos": list(seal_nos)}):
        yield seal_no, Account(account), int(points)


def journal_entries(connection: Connection, after: int, until: int) -> Iterator[JournalEntry]:
    """List the entries that were sealed after one seal and until another, in order."""
    asked = {"after": after, "until": until, "booked_each": sorted(BOOKED_EACH)}
    for row in connection.execute(_ENTRIES, asked).mappings():
        accounts = {name: Account(row[name]) for name in ("debit", "credit")}
        yield JournalEntry(**{**row, **accounts, "kind": TransferKind(row["kind"])})


_SEALED_AT: Final = text("""
    SELECT sealed_at FROM growth_points.seal WHERE seal_no >= :seal_no ORDER BY seal_no LIMIT 1
""")
_HEAD: Final = text("""
    SELECT seal_no, hash, sealed_at FROM growth_points.seal WHERE seal_no <= :seal_no
    ORDER BY seal_no DESC LIMIT 1
""")
# Postings are numbered nearly in the order of their seals. Mostly those of a month are all that
# have their numbers, which counting them proves; then no transfer is joined with its seal.
_MOVED: Final = text("""
    WITH sealed AS NOT MATERIALIZED (
      SELECT subject_key::bigint AS posting_no FROM growth_points.seal
      WHERE seal_no > :after AND seal_no <= :until AND subject = 'posting'
    ), span AS MATERIALIZED (
      SELECT low, high, postings = (
               SELECT count(*) FROM growth_points.posting WHERE posting_no BETWEEN low AND high
             ) AS is_whole
      FROM (
        SELECT min(posting_no) AS low, max(posting_no) AS high, count(*) AS postings FROM sealed
      ) numbers
    )
    SELECT kind, debit_account, credit_account, sum(points) FROM growth_points.transfer
    WHERE posting_no BETWEEN (SELECT low FROM span) AND (SELECT high FROM span)
      AND ((SELECT is_whole FROM span) OR posting_no IN (SELECT posting_no FROM sealed))
    GROUP BY kind, debit_account, credit_account
""")
_CARRIED: Final = text("""
    SELECT at, account, coalesce(points, 0)
    FROM unnest(CAST(:seal_nos AS bigint[])) AS at
    CROSS JOIN growth_points.account
    LEFT JOIN LATERAL (
      SELECT points FROM growth_points.seal_balance
      WHERE seal_balance.account = account.account AND seal_no <= at
      ORDER BY seal_no DESC LIMIT 1
    ) carried ON true
    WHERE holder = 'program'
""")
_ENTRIES: Final = text("""
    WITH sealed AS MATERIALIZED (
      SELECT seal_no, subject_key::bigint AS posting_no,
             (sealed_at AT TIME ZONE 'Asia/Seoul')::date AS "on"
      FROM growth_points.seal
      WHERE seal_no > :after AND seal_no <= :until AND subject = 'posting'
    ), booked AS (
      SELECT seal_no, posting_no, "on", settlement_month,
             CASE WHEN kind = ANY (:booked_each) THEN key ELSE concat_ws('/', kind, "on") END
               AS reference,
             CASE WHEN kind = ANY (:booked_each) THEN reason END AS reason
      FROM growth_points.posting JOIN sealed USING (posting_no)
    )
    SELECT "on", reference, kind, settlement_month, debit_account AS debit,
           credit_account AS credit, sum(points)::bigint AS points, count(*) AS transfers, reason
    FROM growth_points.transfer JOIN booked USING (posting_no)
    WHERE posting_no BETWEEN (SELECT min(posting_no) FROM sealed)
                         AND (SELECT max(posting_no) FROM sealed)
    GROUP BY "on", reference, kind, settlement_month, debit_account, credit_account, reason
    ORDER BY min(seal_no)
""").columns(settlement_month=Month())
