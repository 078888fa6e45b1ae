"""Events, most of them about a month, on which automations of the Prefect server act.

An event is emitted after the change is committed. Nothing depends on it: a month closes even if the
server cannot be reached.
"""

from pathlib import Path
from typing import Any, Final

from prefect.events import emit_event

from domain.months import SettlementMonth
from flows.addresses import address_of
from flows.prefect.servers.temporary_server import server_is_temporary
from flows.settings import Settings

CLOSED: Final = "growth-points.month.closed"
BLOCKED: Final = "growth-points.month.blocked"
RESTATED: Final = "growth-points.month.restated"
REFUSED: Final = "growth-points.month.refused"
UNCLOSED: Final = "growth-points.month.unclosed"
WAITING: Final = "growth-points.payout.waiting"
UNAPPROVED: Final = "growth-points.payout.unapproved"
PAID: Final = "growth-points.payout.paid"
LATE: Final = "growth-points.payout.late"
CONVERSIONS_HELD: Final = "growth-points.conversions.held"
AD_SYSTEM_SILENT: Final = "growth-points.ad-system.silent"
CREDITS_DIFFER: Final = "growth-points.credits.differ"
REWARDS_BLOCKED: Final = "growth-points.rewards.blocked"
STUCK: Final = "growth-points.run.stuck"
EXPIRING: Final = "growth-points.points.expiring"


def emit(event: str, month: SettlementMonth, payload: dict[str, Any]) -> None:
    """Emit an event about a month."""
    emit_about(event, f"growth-points.month.{month}", str(month), {"month": str(month), **payload})


def emit_about(event: str, resource: str, name: str, payload: dict[str, Any]) -> None:
    """Emit an event about a resource, unless the server is temporary: it has no automations.

    A `report` in the payload is a path, or the address at which it opens if reports are served.
    """
    if not server_is_temporary():
        about = {"prefect.resource.id": resource, "prefect.resource.name": name}
        if payload.get("report"):
            served = address_of(Settings.read(), Path(payload["report"]))
            payload = {**payload, "report": served or payload["report"]}
        emit_event(event, about, payload=payload)
