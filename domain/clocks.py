"""Detecting wrong clocks by comparing them with each other and with the newest record."""

from datetime import datetime, timedelta
from typing import Final

# Clocks that are synchronized differ by less.
_TOLERANCE: Final = timedelta(seconds=5)


def clock_warning(machine: datetime, database: datetime, newest: datetime | None) -> str | None:
    """Return a warning about clocks that are behind the newest record or differ, or None.

    `machine` and `database` are the current times of the two clocks, `newest` is the time of the
    newest record; all have a time zone.
    """
    clocks = {"this machine": machine, "the database": database}
    behind = {of: at for of, at in clocks.items() if newest and at + _TOLERANCE < newest}
    if newest and behind:
        return (
            f"The clock of {' and of '.join(behind)} shows {_written(min(behind.values()))}, "
            f"before the newest record, which was made at {_written(newest)}: it is behind now, or "
            "was ahead then. Check the clock; due dates depend on it."
        )
    if abs(machine - database) > _TOLERANCE:
        return (
            f"The clock of this machine shows {_written(machine)}, that of the database "
            f"{_written(database)}. Check both; due dates depend on that of this machine."
        )
    return None


def _written(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S %Z}"
