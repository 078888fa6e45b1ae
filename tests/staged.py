"""Staged deliveries made by hand, for tests that need a month without reading files."""

from pathlib import Path

from adapters.ingest.staged_month import StagedMonth
from domain.months import SettlementMonth
from domain.profile import FileTotals, Profile
from domain.settlement import Content

HASH = "0" * 64


def staged_month(
    month: SettlementMonth,
    folder: Path,
    *,
    lines: int,
    amount_krw: int,
    sellers: int,
    content_hash: str = HASH,
) -> StagedMonth:
    """Stage what a folder holds as totals.parquet and sellers.parquet."""
    files = (
        FileTotals("settlements.parquet", Content.SETTLEMENTS, HASH, lines, amount_krw),
        FileTotals("sellers.parquet", Content.SELLERS, HASH, sellers, None),
    )
    return StagedMonth(month, content_hash, "tests", folder, None, Profile(month, files, ()))
