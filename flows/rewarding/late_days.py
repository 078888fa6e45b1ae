"""Reward days that nothing was delivered for in time."""

from datetime import date, timedelta
from pathlib import Path

from adapters.ingest.root import is_folder, source_of
from adapters.postgres.rewards import undelivered
from flows.program import program_database
from flows.rewarding.retry_rewards import retry_days
from flows.settings import Settings


def come_late(settings: Settings, root: str, today: date) -> tuple[date, ...]:
    """List the days before yesterday, oldest first, that were not paid and have a folder now.

    As far back as refused entries are tried again; only folders are searched.
    """
    days = [today - timedelta(days=back) for back in range(retry_days(settings), 1, -1)]
    if not is_folder(root) or not days:
        return ()
    with program_database(settings) as engine, engine.connect() as connection:
        missing = undelivered(connection, days)
    return tuple(day for day in missing if Path(source_of(root, day)).is_dir())
