"""What the simulated ad system decided, in a SQLite file: a row is a decision and the credit."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4
from zoneinfo import ZoneInfo

_SEOUL: Final = ZoneInfo("Asia/Seoul")
_TABLE: Final = """
    CREATE TABLE IF NOT EXISTS decision (
      decision_no INTEGER PRIMARY KEY AUTOINCREMENT,
      id          TEXT NOT NULL UNIQUE,
      account     TEXT NOT NULL,
      points      INTEGER NOT NULL CHECK (points > 0),
      outcome     TEXT NOT NULL CHECK (outcome IN ('credited', 'refused')),
      at          TEXT NOT NULL,
      day         TEXT NOT NULL,
      reference   TEXT NOT NULL UNIQUE
    ) STRICT;
    CREATE INDEX IF NOT EXISTS decision_of_day ON decision (day, decision_no);
"""
_REFUSAL: Final = {
    "reason": "account_closed",
    "text": "광고 계정이 해지되었습니다. The account is closed.",
}


class OtherContent(Exception):
    """The id is known with another account or number of points."""


@dataclass(frozen=True, slots=True)
class Store:
    """The store in a file; each call is a transaction, durable when it returns."""

    file: Path
    page_size: int = 500

    def prepare(self) -> None:
        """Create the table unless it is there."""
        with self._connection() as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(_TABLE)

    def decide(
        self,
        content: tuple[str, str, int],
        at: datetime,
        *,
        refused: bool,
        before_commit: Callable[[], None],
    ) -> dict[str, Any]:
        """Credit or refuse (id, account, points) unless that was decided; raises OtherContent."""
        outcome = "refused" if refused else "credited"
        day = at.astimezone(_SEOUL).date().isoformat()
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(
                """INSERT INTO decision (id, account, points, outcome, at, day, reference)
                   VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING""",
                (*content, outcome, at.isoformat(), day, f"AD-{uuid4().hex}"),
            )
            before_commit()
            connection.execute("COMMIT")
        decided = self.decided(content[0])
        if decided is None or (decided["account"], decided["points"]) != content[1:]:
            raise OtherContent
        return decided

    def decided(self, credit_id: str) -> dict[str, Any] | None:
        """Return what was decided about an id, as the contract's body."""
        with self._connection() as connection:
            row = connection.execute("SELECT * FROM decision WHERE id = ?", (credit_id,)).fetchone()
        if row is None:
            return None
        content = {name: row[name] for name in ("outcome", "id", "account", "points")}
        if row["outcome"] == "refused":
            return content | _REFUSAL
        return content | {"at": row["at"], "reference": row["reference"]}

    def page(self, day: str, after: str | None) -> dict[str, Any]:
        """Return a part of a day's credits, as the contract's body."""
        with self._connection() as connection:
            rows = connection.execute(
                """SELECT decision_no, id, account, points, at, reference FROM decision
                   WHERE day = ? AND outcome = 'credited' AND decision_no > ?
                   ORDER BY decision_no LIMIT ?""",
                (day, int(after or 0), self.page_size + 1),
            ).fetchall()
        listed = [dict(row) for row in rows[: self.page_size]]
        numbers = [str(each.pop("decision_no")) for each in listed]
        following = numbers[-1] if len(rows) > self.page_size else None
        return {"day": day, "after": after, "credits": listed, "next": following}

    def accounts(self) -> dict[str, int]:
        """Return what was credited to each account in all."""
        with self._connection() as connection:
            rows = connection.execute(
                """SELECT account, sum(points) FROM decision
                   WHERE outcome = 'credited' GROUP BY account ORDER BY account"""
            ).fetchall()
        return {row[0]: row[1] for row in rows}

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.file, timeout=30, isolation_level=None)) as connection:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA synchronous = FULL")
            yield connection
