"""Detecting wrong clocks by comparing them with each other and with the newest record."""

from datetime import datetime, timedelta
from typing import Final

from domain.sentence import Sentence, sentence

# Clocks that are synchronized differ by less.
_TOLERANCE: Final = timedelta(seconds=5)


def clock_warning(
    machine: datetime, database: datetime, newest: datetime | None
) -> Sentence | None:
    """Return a warning about clocks that are behind the newest record or differ, or None.

    `machine` and `database` are the current times of the two clocks, `newest` is the time of the
    newest record; all have a time zone.
    """
    clocks = {sentence("this machine"): machine, sentence("the database"): database}
    behind = {of: at for of, at in clocks.items() if newest and at + _TOLERANCE < newest}
    if newest and behind:
        return sentence(
            "The clock of {which} shows {shown}, before the newest record, which was made at "
            "{newest}: it is behind now, or was ahead then. Check the clock; due dates depend on "
            "it.",
            which=sentence("this machine and of the database")
            if len(behind) > 1
            else next(iter(behind)),
            shown=_written(min(behind.values())),
            newest=_written(newest),
        )
    if abs(machine - database) > _TOLERANCE:
        return sentence(
            "The clock of this machine shows {machine}, that of the database {database}. Check "
            "both; due dates depend on that of this machine.",
            machine=_written(machine),
            database=_written(database),
        )
    return None


def _written(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S %Z}"
