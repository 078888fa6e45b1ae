"""Posting to the ledger: one request, one posting, whatever it moves.

Every posting has a natural key. The same key with the same content returns the first result and
writes nothing; with other content it is refused. When and by whom something is asked again is
not part of the content. The caller owns the transaction: nothing is committed here, and what the
database checks at commit can be checked with `check_now` before.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection, select, text
from sqlalchemy.dialects.postgresql import insert as insert_or_keep

from adapters.postgres.ledger.refusals import PostingConflict
from adapters.postgres.ledger.tables import posting
from adapters.postgres.using import today
from domain.ledger import TransferKind
from domain.months import SettlementMonth


@dataclass(frozen=True, slots=True)
class Posted:
    """A posting: a new one, or (`created` False) the first result of the same request."""

    posting_no: int
    key: str
    created: bool
    transfers: int
    points: int


@dataclass(frozen=True, slots=True)
class Request:
    """What a posting is asked for under: its key, its kind, its date, who asks and why."""

    key: str
    kind: TransferKind
    effective_on: date
    actor: str
    reason: str | None = None
    month: SettlementMonth | None = None
    evaluation_id: int | None = None


# Among one more numbers than there are keys, one is free, whatever keys others chose. Each is
# looked up by itself: a join would read every posting.
_NUMBER: Final = text("""
    SELECT number FROM (
      SELECT count(*) AS keys FROM growth_points.posting WHERE starts_with(key, :prefix)
    ) used, generate_series(keys + 1, 2 * keys + 1) number
    WHERE (SELECT posting_no FROM growth_points.posting
           WHERE key = CAST(:prefix AS text) || number) IS NULL
    ORDER BY number LIMIT 1
""")


def next_of_today(connection: Connection, kind: TransferKind, actor: str) -> Request:
    """Return a request under the next key of its kind today, by the database's clock.

    The caller holds the program's lock, so that no other gets the same key.
    """
    day = today(connection)
    number = connection.scalar(_NUMBER, {"prefix": f"{kind}/{day}/"})
    return Request(f"{kind}/{day}/{number}", kind, day, actor)


def post(
    connection: Connection,
    asked: Request,
    content: Sequence[object],
    transfers: int,
    points: int,
) -> Posted:
    """Insert a posting, or find the one of its key; raises PostingConflict for other content."""
    spelled = json.dumps([asked.kind, *content], ensure_ascii=True, separators=(",", ":"))
    request_hash = hashlib.sha256(spelled.encode()).digest()
    number = connection.scalar(
        insert_or_keep(posting)
        .values(
            key=asked.key,
            kind=asked.kind,
            settlement_month=asked.month,
            evaluation_id=asked.evaluation_id,
            request_hash=request_hash,
            effective_on=asked.effective_on,
            actor=asked.actor,
            reason=asked.reason,
        )
        .on_conflict_do_nothing(index_elements=[posting.c.key])
        .returning(posting.c.posting_no)
    )
    if number is not None:
        return Posted(number, asked.key, True, transfers, points)
    first = posted_before(connection, asked.key)
    if first is None or first[1] != request_hash:
        raise PostingConflict(asked.key)
    return Posted(first[0], asked.key, False, transfers, points)


def posted_before(connection: Connection, key: str) -> tuple[int, bytes] | None:
    """Find the posting of a key: its number, and the hash of what it was asked for."""
    found = select(posting.c.posting_no, posting.c.request_hash).where(posting.c.key == key)
    row = connection.execute(found).first()
    return None if row is None else (row.posting_no, bytes(row.request_hash))
