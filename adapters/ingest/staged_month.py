"""A scanned delivery on disk, between reading and recording."""

from dataclasses import dataclass
from pathlib import Path

from adapters.ingest.signed_manifest import SignedManifest
from domain.months import SettlementMonth
from domain.profile import Profile

TOTALS = "totals.parquet"
SELLERS = "sellers.parquet"


@dataclass(frozen=True, slots=True)
class StagedMonth:
    """A scanned delivery, to be checked by the gate and then accepted.

    `directory` holds `totals.parquet` (seller_id text, line_type text, lines bigint, amount_krw
    bigint; sorted by the first two) and `sellers.parquet` (the canonical snapshot columns; sorted
    by seller_id). `quarantine` is the file of refused rows, None when none is refused.
    """

    settlement_month: SettlementMonth
    content_hash: str
    source: str
    directory: Path
    quarantine: Path | None
    profile: Profile
    signed: SignedManifest | None = None

    @property
    def totals(self) -> Path:
        """The file of totals per seller and line type."""
        return self.directory / TOTALS

    @property
    def sellers(self) -> Path:
        """The file of the seller snapshot."""
        return self.directory / SELLERS
