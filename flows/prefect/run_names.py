"""The names of runs in the UI."""

from prefect.runtime import flow_run

from domain.months import SettlementMonth
from flows.prefect.flow_occasion import scheduled_on


def month_to_close(given: str) -> SettlementMonth:
    """Return the month given, or the month before the date this run was scheduled for."""
    return SettlementMonth.parse(given) if given else SettlementMonth.of(scheduled_on()) - 1


def closing_name() -> str:
    """Name a closing: `close 2026-10`, or `close 2026-10 · preview`."""
    given = flow_run.parameters
    month = given.get("month") or month_to_close("")
    return f"close {month} · preview" if given.get("mode") == "preview" else f"close {month}"


def rerun_name() -> str:
    """Name a rerun: `close 2026-10 · rerun`, or `close 2026-10 · rerun preview`."""
    given = flow_run.parameters
    preview = "" if given.get("mode") == "commit" else " preview"
    return f"close {given['month']} · rerun{preview}"


def payout_name() -> str:
    """Name a payout: `pay out 2026-10`, or `pay out what is due`."""
    return f"pay out {flow_run.parameters.get('month') or 'what is due'}"
