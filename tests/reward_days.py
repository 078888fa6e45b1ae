"""A small sound reward day, and a way to break exactly one thing in it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from adapters.ingest.delivery import find_delivery
from adapters.ingest.staged_rewards import StagedRewards
from domain.findings import Finding
from domain.profile import COMPARED_ENTRIES, Violations
from flows.rewarding.read_rewards import judge_rewards, read_rewards
from tests.deliveries import Row, write_csv

DAY = date(2026, 11, 29)
NOTHING_FOUND = tuple(map(Violations, COMPARED_ENTRIES))


def entry(event: str, position: int, seller: str, kind: str, points: int) -> Row:
    """Make an entry of the day."""
    return {
        "event_id": event,
        "position": str(position),
        "seller_id": seller,
        "kind": kind,
        "points": str(points),
        "customer_ref": f"c-{event}-{position}",
        "occurred_on": str(DAY),
        "cancels_event_id": "",
        "cancels_position": "",
    }


def _entries() -> list[Row]:
    return [
        entry("E2", 1, "store-b", "best_review", 500),
        entry("E1", 1, "store-a", "purchase", 1_000),
        entry("E1", 2, "store-a", "review", 300),
        entry("E3", 1, "store-b", "cancellation", 700)
        | {"cancels_event_id": "E0", "cancels_position": "2"},
    ]


@dataclass
class SmallRewardDay:
    """Four entries of two stores as CSV, with a manifest that fits.

    Change `entries` first, then `write`.
    """

    root: Path
    entries: list[Row] = field(default_factory=_entries)

    @property
    def folder(self) -> Path:
        """The day's folder."""
        return self.root / "rewards" / str(DAY)

    @property
    def file(self) -> Path:
        """The file of its entries."""
        return self.folder / "rewards.csv"

    def write(self, *, manifest: bool = False) -> "SmallRewardDay":
        """Write `rewards.csv`, and a manifest of it if asked for."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_csv(self.file, self.entries)
        if manifest:
            self.declare()
        return self

    def declare(self, changes: Mapping[str, Any] | None = None) -> None:
        """Write a manifest that fits the file, but for `changes` to its entry."""
        declared = {
            "name": self.file.name,
            "rows": len(self.entries),
            "points": sum(int(each["points"]) for each in self.entries),
            "sha256": hashlib.sha256(self.file.read_bytes()).hexdigest(),
        }
        manifest = {"day": str(DAY), "files": [declared | dict(changes or {})]}
        (self.folder / "manifest.json").write_text(json.dumps(manifest))

    def read(self, most_points: int = 1_000_000) -> StagedRewards:
        """Find the day's delivery and scan it."""
        found = find_delivery(str(self.root), DAY)
        return read_rewards(found, self.root / "staging", self.root / "quarantine", most_points)

    def findings(
        self, most_points: int = 1_000_000, compared: tuple[Violations, ...] = NOTHING_FOUND
    ) -> tuple[Finding, ...]:
        """Read the day and judge it."""
        return judge_rewards(self.read(most_points), compared).findings
