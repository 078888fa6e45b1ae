"""A scanned reward day on disk, between reading and paying."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from adapters.ingest.signed_manifest import SignedManifest
from domain.profile import Profile

REWARDS: Final = "rewards.parquet"


@dataclass(frozen=True, slots=True)
class StagedRewards:
    """A scanned reward day, to be compared with known entries, checked by the gate and then paid.

    `directory` holds `rewards.parquet`: the entries that no rule refuses, sorted by event_id and
    position, with event_id, seller_id, kind, customer_ref and cancels_event_id text, position and
    cancels_position int32, points int64, occurred_on date. `quarantine` is the file of refused
    rows, None when none is refused.
    """

    day: date
    content_hash: str
    source: str
    directory: Path
    quarantine: Path | None
    profile: Profile
    signed: SignedManifest | None = None

    @property
    def rewards(self) -> Path:
        """The file of the entries."""
        return self.directory / REWARDS
