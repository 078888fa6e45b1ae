"""Clearing the server's own records by age, which Prefect does itself if it is told to.

Runs that have ended go, with their logs and artifacts; planned ones stay, however old their plan.
"""

from typing import Final

_DAY_SECONDS: Final = 86_400
_EVENTS_DAYS: Final = (
    7  # Prefect's own default: there are many of them, and alarms need a few hours
)


def retention(keep_days: int) -> dict[str, str]:
    """Return the variables by which a server clears what ended more than so many days ago."""
    events_days = min(keep_days, _EVENTS_DAYS)
    return {
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(keep_days * _DAY_SECONDS),
        "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": f"P{events_days}D",
    }
