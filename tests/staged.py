"""Staged deliveries made by hand, for tests that need a month without reading files."""

import json
from pathlib import Path

from adapters.ingest.manifest import content_hash as hash_content
from adapters.ingest.signed_manifest import SignedManifest
from adapters.ingest.staged_month import StagedMonth
from domain.columns import Content
from domain.months import SettlementMonth
from domain.profile import FileTotals, Profile
from tests.signing import Signer

HASH = "0" * 64


def staged_month(
    month: SettlementMonth,
    folder: Path,
    *,
    lines: int,
    amount_krw: int,
    sellers: int,
    content_hash: str = HASH,
    signed: SignedManifest | None = None,
) -> StagedMonth:
    """Stage what a folder holds as totals.parquet and sellers.parquet."""
    files = (
        FileTotals("settlements.parquet", Content.SETTLEMENTS, HASH, lines, amount_krw),
        FileTotals("sellers.parquet", Content.SELLERS, HASH, sellers, None),
    )
    profile = Profile(month, files, ())
    return StagedMonth(month, content_hash, "tests", folder, None, profile, signed)


def signed_manifest(month: SettlementMonth, delivery_no: int) -> tuple[str, SignedManifest]:
    """Sign a manifest of what is staged; returns the content hash of such a delivery, too."""
    names, signer = ("settlements.parquet", "sellers.parquet"), Signer()
    entries = [{"name": name, "rows": 0, "payment_amount_krw": 0, "sha256": HASH} for name in names]
    said = {"settlement_month": str(month), "files": entries[:1], "sellers": entries[1]}
    manifest = json.dumps(said | {"delivery_no": delivery_no}).encode()
    hashes = dict.fromkeys(names, HASH)
    signature = signer.sign(manifest).decode()
    signed = SignedManifest(signer.sender, manifest, signature, hashes, delivery_no)
    return hash_content(hashes, manifest), signed
