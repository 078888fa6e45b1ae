"""The names of runs in the UI, from their parameters and the day for which they are planned."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from prefect import Flow
from prefect.runtime import flow_run

from domain.months import SettlementMonth
from flows.prefect.flow_occasion import scheduled_on

_Given = Mapping[str, Any]


def month_to_close(given: str) -> SettlementMonth:
    """Return the month given, or the month before the date this run was scheduled for."""
    return SettlementMonth.parse(given) if given else _month_before(scheduled_on())


def closing_name() -> str:
    """Name a closing: `close 2026-10`, or `close 2026-10 · preview`."""
    given = flow_run.parameters
    return _closing(given, None if given.get("month") else scheduled_on())


def rerun_name() -> str:
    """Name a rerun: `close 2026-10 · rerun`, or `close 2026-10 · rerun preview`."""
    return _rerun(flow_run.parameters, None)


def payout_name() -> str:
    """Name a payout: `pay out 2026-10`, or `pay out what is due`."""
    return _payout(flow_run.parameters, None)


def name_of(flow: Flow[..., Any], given: _Given, on: date) -> str:
    """Name a run of a flow that is planned for a day, with the parameters given."""
    defaults = {name: each.get("default") for name, each in flow.parameters.properties.items()}
    parameters, named = {**defaults, **given}, flow.flow_run_name
    if callable(named):
        return _NAMES[named](parameters, on)
    return (named or flow.name).format(**parameters)


def _closing(given: _Given, on: date | None) -> str:
    month = given.get("month") or (on and _month_before(on))
    return f"close {month}{'' if given.get('mode') == 'commit' else ' · preview'}"


def _rerun(given: _Given, _: date | None) -> str:
    preview = "" if given.get("mode") == "commit" else " preview"
    return f"close {given['month']} · rerun{preview}"


def _payout(given: _Given, _: date | None) -> str:
    preview = " · preview" if given.get("mode") == "preview" else ""
    return f"pay out {given.get('month') or 'what is due'}{preview}"


def _month_before(day: date) -> SettlementMonth:
    return SettlementMonth.of(day) - 1


_NAMES: Final[Mapping[Callable[[], str], Callable[[_Given, date | None], str]]] = {
    closing_name: _closing,
    rerun_name: _rerun,
    payout_name: _payout,
}
