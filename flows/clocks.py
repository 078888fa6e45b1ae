"""Clocks looked at when something begins: one that cannot be right is told, and stops nothing."""

import logging

from sqlalchemy import Engine

from adapters.postgres.sequence import newest_record
from domain.clocks import about_clocks
from flows.occasion import this_occasion

log = logging.getLogger("growth_points.clocks")


def tell_clocks(engine: Engine) -> None:
    """Warn of a clock that stands before the newest record, or of two clocks that differ.

    Nothing is refused for it: what came before what is told by the order of records, whatever the
    clocks show, and a clock that was a year ahead once would keep everybody from paying for a
    year. What is to be refused by the day, such as a payout that is not due, is refused as ever.
    """
    with engine.connect() as connection:
        newest, database = newest_record(connection)
    # Read last, so that no record that another run makes meanwhile is newer than it.
    if (sentence := about_clocks(this_occasion().now, database, newest)) is not None:
        log.warning(sentence)
