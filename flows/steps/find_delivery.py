"""Finding a month's delivery, and whether it was taken in before."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from adapters.delivery import Delivery, find_delivery
from adapters.postgres.revisions import Revision, current_revisions
from domain.months import SettlementMonth


@dataclass(frozen=True, slots=True)
class FoundDelivery:
    """A delivery, and the month's current revision if that has the very same content."""

    delivery: Delivery
    taken_in_as: Revision | None


def find_delivery_of(
    engine: Engine, root: str, month: SettlementMonth, fetched: Path
) -> FoundDelivery:
    """Find and hash the files of a month; raises DeliveryRefused with all that is wrong."""
    delivery = find_delivery(root, month, fetched)
    with engine.connect() as connection:
        current = current_revisions(connection, [month]).get(month)
    same = current is not None and current.content_hash == delivery.content_hash
    return FoundDelivery(delivery, current if same else None)
