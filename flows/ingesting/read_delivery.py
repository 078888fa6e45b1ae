"""Reading a month's delivery: profile, totals, snapshot, refused rows."""

from pathlib import Path

from adapters.ingest.delivery import Delivery
from adapters.ingest.engine import MEMORY_LIMIT_MB
from adapters.ingest.scan import scan_delivery
from adapters.ingest.staged_month import StagedMonth
from expectations.suite import line_checks, snapshot_checks


def read_delivery(
    delivery: Delivery, staging: Path, quarantine: Path, memory_limit_mb: int = MEMORY_LIMIT_MB
) -> StagedMonth:
    """Scan a delivery by the rules of its month, without accepting it.

    Totals and snapshot are written to the folder `staging`, refused rows to `quarantine`; no other
    run may use them. Raises DeliveryRefused, DeliveryChanged.
    """
    month = delivery.settlement_month
    return scan_delivery(
        delivery, line_checks(month), snapshot_checks(month), staging, quarantine, memory_limit_mb
    )
