"""Reward days of a few entries, delivered without any file read."""

import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
from sqlalchemy import Engine

from adapters.postgres.rewards import RewardDay, rewards
from domain.months import SettlementMonth
from domain.profile import Profile, Violations
from flows.rewarding.pay_entries import Payment, pay_again, pay_delivered
from tests.closings import Program

RETRY_DAYS = 7
_SCHEMA = pa.schema(
    [
        ("event_id", pa.string()),
        ("position", pa.int32()),
        ("seller_id", pa.string()),
        ("kind", pa.string()),
        ("points", pa.int64()),
        ("customer_ref", pa.string()),
        ("occurred_on", pa.date32()),
        ("cancels_event_id", pa.string()),
        ("cancels_position", pa.int32()),
    ]
)


class Contradicts(Exception):
    """What was delivered contradicts what is known."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of store A, unless another one is named; `cancels` names an event and a position."""

    event_id: str
    position: int
    points: int = 1_000
    seller_id: str = "A"
    cancels: tuple[str, int] | None = None
    customer_ref: str = "c"

    def row(self, day: date) -> tuple[object, ...]:
        """Return the entry as a staged row."""
        kind = "cancellation" if self.cancels else "purchase"
        event_id, position, points, seller_id, _, customer_ref = astuple(self)
        cancels = self.cancels or (None, None)
        return event_id, position, seller_id, kind, points, customer_ref, day, *cancels


def event(name: str, *points: int, seller_id: str = "A") -> list[Entry]:
    """Make an event's entries."""
    return [Entry(name, number, each, seller_id) for number, each in enumerate(points, 1)]


def deliver(
    program: Program, day: date, entries: Sequence[Entry], source: str = "tests"
) -> Payment:
    """Deliver a day's entries, and pay them; raises Contradicts."""
    return deliver_to(program.engine, day, entries, source)


def deliver_to(
    engine: Engine, day: date, entries: Sequence[Entry], source: str = "tests"
) -> Payment:
    """Deliver a day's entries to a database, and pay them; raises Contradicts."""
    rows = [each.row(day) for each in entries]
    columns = zip(*rows, strict=True) if rows else [[] for _ in _SCHEMA]
    arrays = [pa.array(list(c), f.type) for c, f in zip(columns, _SCHEMA, strict=True)]
    content = hashlib.sha256(repr((day, rows)).encode()).hexdigest()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rewards.parquet"
        pyarrow.parquet.write_table(pa.table(arrays, schema=_SCHEMA), file)
        delivered = RewardDay(day, content, source, file)
        return pay_delivered(engine, delivered, _judge, RETRY_DAYS, "tests")


def try_again(program: Program, **of: str) -> Payment:
    """Try refused entries again."""
    return pay_again(program.engine, RETRY_DAYS, "tests", **of)


def answers(program: Program, **of: object) -> dict[str, str]:
    """Return what became of entries, by event and position."""
    with program.engine.connect() as connection:
        found = list(rewards(connection, **of))  # type: ignore[arg-type]
    return {f"{each.event_id}/{each.position}": each.outcome.value for each in found}


def _judge(found: Sequence[Violations]) -> Profile:
    if broken := [each for each in found if each.count]:
        raise Contradicts(", ".join(f"{each.rule}: {each.examples}" for each in broken))
    return Profile(SettlementMonth(2026, 12), (), ())
