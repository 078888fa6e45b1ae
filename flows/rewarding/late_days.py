"""What the daily run has to pay besides yesterday: reward days whose files came late."""

import logging
from datetime import date, datetime, timedelta
from typing import Final

from adapters.ingest.listing import FolderUnreadable, has_rewards, last_change
from adapters.ingest.root import is_object_store, is_table, rewards_of
from adapters.postgres.rewards import delivered_in_files
from domain.sentence import Sentence, message_of, sentence
from flows.program import program_database
from flows.rewarding.retry_rewards import retry_days
from flows.settings import Settings

log = logging.getLogger("growth_points.rewards")

# A file may come while others of its day are read, and clocks of different machines differ.
_OVERLAP: Final = timedelta(minutes=15)


def no_rewards(root: str) -> Sentence | None:
    """Say why the program has no rewards; None if it may have some."""
    if is_table(root):
        return sentence("{root} is a table: the program has no rewards.", root=root)
    try:
        if has_rewards(root):
            return None
    except FolderUnreadable:
        return None  # the day's own payment tries again, and tells what is wrong
    folder = rewards_of(root)
    if is_object_store(root):
        return sentence("There is no object under {url}: the program has no rewards.", url=folder)
    return sentence("There is no folder {folder}: the program has no rewards.", folder=folder)


def come_late(settings: Settings, root: str, today: date) -> tuple[date, ...]:
    """List the days before yesterday, oldest first, whose files changed since they were paid.

    As far back as refused entries are tried again. Folders that cannot be listed are a warning:
    the next run lists them again.
    """
    days = [today - timedelta(days=back) for back in range(retry_days(settings), 1, -1)]
    if not days:
        return ()
    with program_database(settings) as engine, engine.connect() as connection:
        paid = delivered_in_files(connection, days[0])
    try:
        return tuple(day for day in days if _has_news(root, day, paid.get(day)))
    except FolderUnreadable as error:
        log.warning(
            sentence(
                "no reward day that came late is paid in this run: {why}", why=message_of(error)
            )
        )
        return ()


def _has_news(root: str, day: date, paid_at: datetime | None) -> bool:
    changed_at = last_change(root, day)
    return changed_at is not None and (paid_at is None or changed_at > paid_at - _OVERLAP)
