"""Work that is dated by the day on which it is done, in one transaction of that day."""

from collections.abc import Callable
from typing import Final, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from adapters.postgres.ledger.refusals import constraint_of

# What entitles a posting is recorded on its day, and no notice after the last usable one.
_OF_ANOTHER_DAY: Final = frozenset({"title_belongs", "notice_is_due"})
_Result = TypeVar("_Result")


def on_one_day(engine: Engine, work: Callable[[Connection], _Result]) -> _Result:
    """Do work in a transaction; once more, from its start, if midnight in Seoul came meanwhile."""
    try:
        with engine.begin() as connection:
            return work(connection)
    except DBAPIError as error:
        if constraint_of(error) not in _OF_ANOTHER_DAY:
            raise
    with engine.begin() as connection:
        return work(connection)
