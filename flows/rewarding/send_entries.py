"""Paying reward entries that are sent by themselves, and not as files, after the same checks.

The entries are written to a folder as the delivery of their day, which is read like any other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from sqlalchemy import Engine

from adapters.ingest.delivery import find_delivery
from adapters.ingest.root import source_of
from adapters.postgres.rewards import RewardDay, sent_by
from domain.findings import DayBlocked, blocking
from domain.profile import Profile, Violations
from domain.using.rewards import RewardKind
from domain.using.use_rules import UseRules
from flows.rewarding.pay_entries import Payment, pay_delivered
from flows.rewarding.read_rewards import judge_rewards, read_rewards
from flows.rewarding.refusals import DayNotCome

if TYPE_CHECKING:
    from adapters.ingest.staged_rewards import StagedRewards

_FILE: Final = "rewards.parquet"


@dataclass(frozen=True, slots=True)
class SentEntry:
    """A reward entry as it was sent; a cancellation names the event and position it takes back."""

    event_id: str
    position: int
    seller_id: str
    kind: RewardKind
    points: int
    customer_ref: str
    cancels_event_id: str | None = None
    cancels_position: int | None = None


@dataclass(frozen=True, slots=True)
class SentDay:
    """Entries that occurred on a day, and who sent them on which day."""

    day: date
    entries: Sequence[SentEntry]
    actor: str
    today: date


def send_entries(engine: Engine, sent: SentDay, rules: UseRules) -> Payment:
    """Check entries and pay what is new of them; raises DayNotCome, DeliveryRefused, DayBlocked."""
    if sent.day > sent.today:
        raise DayNotCome(sent.day)
    with TemporaryDirectory(prefix="growth-points-rewards-") as folder:
        staged = _staged(sent, Path(folder), rules.reward_entry_limit_points)

        def judge(compared: Sequence[Violations]) -> Profile:
            verdict = judge_rewards(staged, compared)
            if blocking(verdict.findings):
                raise DayBlocked(sent.day, verdict.findings)
            return verdict.profile

        source = sent_by(sent.actor)
        delivered = RewardDay(sent.day, staged.content_hash, source, staged.rewards)
        return pay_delivered(engine, delivered, judge, rules.reward_retry_days, sent.actor)


def _staged(sent: SentDay, folder: Path, most_points: int) -> "StagedRewards":
    root = folder / "sent"
    _write(sent, Path(source_of(str(root), sent.day)))
    found = find_delivery(str(root), sent.day, folder / "fetched", None)
    return read_rewards(found, folder / "staging", folder / "quarantine", most_points)


def _write(sent: SentDay, folder: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet

    columns = {
        "event_id": pa.string(),
        "position": pa.int32(),
        "seller_id": pa.string(),
        "kind": pa.string(),
        "points": pa.int64(),
        "customer_ref": pa.string(),
        "cancels_event_id": pa.string(),
        "cancels_position": pa.int32(),
    }
    arrays = {
        name: pa.array([getattr(each, name) for each in sent.entries], kind)
        for name, kind in columns.items()
    }
    arrays["occurred_on"] = pa.array([sent.day] * len(sent.entries), pa.date32())
    folder.mkdir(parents=True)
    pyarrow.parquet.write_table(pa.table(arrays), folder / _FILE)
