"""The outside of the program, opened from its settings: database, policies, calendar."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from adapters.korean_holidays import Calendar, HolidayCalendar, korean_holidays, read_extra_holidays
from adapters.policy_files import PolicyText, read_policies
from adapters.postgres.database import open_database
from adapters.postgres.embedded import embedded_url
from domain.months import SettlementMonth
from domain.payout_date import calendar_years
from flows.settings import Settings


@contextmanager
def program_database(settings: Settings) -> Iterator[Engine]:
    """Open the configured database, or the embedded one, migrated."""
    url = settings.database_url or _embedded(settings.home / "postgres")
    with open_database(url) as engine:
        yield engine


def _embedded(folder: Path) -> str:
    """Start the embedded database, where libpq's variables for other databases say nothing.

    Not all of them can be answered in a URL: PGSERVICE names a file that must be there.
    """
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]
    return embedded_url(folder)


def program_policies(settings: Settings) -> tuple[PolicyText, ...]:
    """Read the built-in policies and the operator's own."""
    return read_policies(settings.policies)


def program_calendar(settings: Settings) -> Calendar:
    """Give the public holidays around a month's payout, the operator's extra ones included."""
    extra = read_extra_holidays(settings.holidays) if settings.holidays else {}

    def around_payout_of(month: SettlementMonth) -> HolidayCalendar:
        return korean_holidays(calendar_years(month), extra)

    return around_payout_of
