"""Checking the clocks at the start of a run; a wrong clock is a warning, never an error."""

import logging

from sqlalchemy import Engine

from adapters.postgres.sequence import newest_record
from domain.clocks import clock_warning
from flows.occasion import this_occasion

log = logging.getLogger("growth_points.clocks")


def warn_about_clocks(engine: Engine) -> None:
    """Warn if a clock is behind the newest record, or if two clocks differ.

    Refusing to run would be worse: the order of events follows from the order of records, and one
    record dated a year ahead would block every payout for a year.
    """
    with engine.connect() as connection:
        newest, database = newest_record(connection)
    # Read last, so that no concurrent run can add a newer record.
    if (sentence := clock_warning(this_occasion().now, database, newest)) is not None:
        log.warning(sentence)
