"""Clocks beside what was recorded: those that cannot be right."""

from datetime import datetime, timedelta
from typing import Final

# Machines that keep their time by a server differ by less; a clock that is wrong, by more.
_TOLERANCE: Final = timedelta(seconds=5)


def about_clocks(machine: datetime, database: datetime, newest: datetime | None) -> str | None:
    """Tell of clocks that stand before the newest record, else of two that differ.

    The instants, each with a time zone, are what the clocks of this machine and of the database
    show now, and that of the newest record. None when nothing is wrong with them.
    """
    clocks = {"this machine": machine, "the database": database}
    behind = {of: at for of, at in clocks.items() if newest and at + _TOLERANCE < newest}
    if newest and behind:
        return (
            f"The clock of {' and of '.join(behind)} shows {_written(min(behind.values()))}, "
            f"before the newest record, which was made at {_written(newest)}: it is behind now, or "
            "was ahead then. Check the clock; what is due is told by it."
        )
    if abs(machine - database) > _TOLERANCE:
        return (
            f"The clock of this machine shows {_written(machine)}, that of the database "
            f"{_written(database)}. Check both; what is due is told by that of this machine."
        )
    return None


def _written(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S %Z}"
