"""Read a month's delivery: its profile, its totals, its snapshot, its refused rows."""

from pathlib import Path

from adapters.ingest.delivery import Delivery
from adapters.ingest.engine import MEMORY_LIMIT_MB
from adapters.ingest.scan import StagedMonth, scan_delivery
from expectations.suite import line_checks, snapshot_checks


def read_delivery(
    delivery: Delivery, staging: Path, quarantine: Path, memory_limit_mb: int = MEMORY_LIMIT_MB
) -> StagedMonth:
    """Scan a delivery that was found, with the rules of its month; nothing is accepted by this.

    `staging` takes what the month would bring, `quarantine` the rows that it refuses; both are
    folders of this reading alone. Raises DeliveryRefused or DeliveryChanged.
    """
    month = delivery.settlement_month
    return scan_delivery(
        delivery, line_checks(month), snapshot_checks(month), staging, quarantine, memory_limit_mb
    )
