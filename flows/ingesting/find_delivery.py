"""Finding a month's delivery, and whether it was ingested before."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from adapters.ingest.delivery import Delivery, find_delivery
from adapters.ingest.engines.address import EMBEDDED
from adapters.ingest.root import is_table
from adapters.ingest.signed_manifest import TrustedSenders
from adapters.ingest.table_delivery import find_in_tables
from adapters.postgres.revisions import Revision, current_revisions
from domain.months import SettlementMonth


@dataclass(frozen=True, slots=True)
class FoundDelivery:
    """A delivery, and the revision of the month that was current when it was found, if any."""

    delivery: Delivery[SettlementMonth]
    current: Revision | None

    @property
    def is_current(self) -> bool:
        """Whether the current revision has the same content."""
        return self.current is not None and self.current.content_hash == self.delivery.content_hash

    @property
    def name(self) -> str:
        """The name of this delivery's own folder in the quarantine."""
        return f"{self.delivery.period}/{self.delivery.content_hash[:12]}"

    @property
    def seen_no(self) -> int:
        """The number of the revision that was current; 0 if there was none."""
        return 0 if self.current is None else self.current.revision_no


def find_delivery_of(
    engine: Engine,
    root: str,
    month: SettlementMonth,
    fetched: Path,
    trusted: TrustedSenders | None = None,
    address: str = EMBEDDED,
) -> FoundDelivery:
    """Find and hash the files of a month, or its rows in tables of the cluster at an address.

    Raises DeliveryRefused with every finding; for tables EngineUnfit, ClusterAway, ClusterFailed.
    """
    if is_table(root):
        delivery = find_in_tables(root, month, address, fetched / str(month), trusted)
    else:
        delivery = find_delivery(root, month, fetched, trusted, address)
    with engine.connect() as connection:
        return FoundDelivery(delivery, current_revisions(connection, [month]).get(month))
