"""What the program tells a Prefect server beyond its runs: events that automations act on.

An event says that something has happened to a month. It is told after the database has it, and
never decides anything: a server that cannot be reached keeps no month from closing.
"""

from typing import Any, Final

from prefect.events import emit_event

from domain.months import SettlementMonth
from flows.prefect.servers.temporary_server import server_is_temporary

CLOSED: Final = "growth-points.month.closed"
BLOCKED: Final = "growth-points.month.blocked"
RESTATED: Final = "growth-points.month.restated"
PAID: Final = "growth-points.payout.paid"
LATE: Final = "growth-points.payout.late"


def tell(event: str, month: SettlementMonth, payload: dict[str, Any]) -> None:
    """Send an event about a month; a server that ends with its command has nobody to act on it."""
    if server_is_temporary():
        return
    resource = {
        "prefect.resource.id": f"growth-points.month.{month}",
        "prefect.resource.name": str(month),
    }
    emit_event(event, resource, payload={"month": str(month), **payload})
