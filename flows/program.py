"""The program's resources, opened from the settings: database, policies, calendar."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Engine

from adapters.policy_files import PolicyText, read_policies
from adapters.postgres.database import STORES_ROLE, open_database, roll_back_all
from adapters.postgres.embedded import embedded_url
from adapters.postgres.own_rows import show_own_rows
from domain.months import SettlementMonth
from domain.payout_date import calendar_years
from domain.sentence import sentence
from flows.settings import Settings, SettingsInvalid

if TYPE_CHECKING:
    from adapters.ingest.signed_manifest import TrustedSenders
    from adapters.korean_holidays import Calendar, HolidayCalendar
    from adapters.signatures.senders import Senders
    from domain.using.ad_credit import AdSystem

_STORES_WAIT_SECONDS: Final = 10  # somebody waits for the answer


@contextmanager
def program_database(settings: Settings, *, preview: bool = False) -> Iterator[Engine]:
    """Open the configured database, or the embedded one, migrated; a preview commits nothing."""
    url = settings.database_url or _embedded(settings.home / "postgres")
    with open_database(url, lock_timeout=settings.lock_timeout) as engine:
        if preview:
            roll_back_all(engine)
        yield engine


@contextmanager
def stores_database(settings: Settings, connections: int) -> Iterator[Engine]:
    """Open the database as the role that may do what stores may, and nothing else."""
    own = settings.stores_database_url or settings.database_url
    with open_database(
        own or _embedded(settings.home / "postgres"),
        lock_timeout=min(settings.lock_timeout, _STORES_WAIT_SECONDS),
        work_as=STORES_ROLE,
        connections=connections,
    ) as engine:
        show_own_rows(engine)
        yield engine


def _embedded(folder: Path) -> str:
    """Start the embedded database, ignoring libpq's environment variables.

    They are removed since a URL cannot override all of them: PGSERVICE needs a file to exist.
    """
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]
    return embedded_url(folder)


def program_policies(settings: Settings) -> tuple[PolicyText, ...]:
    """Read the built-in policies and the operator's own."""
    return read_policies(settings.policies)


def program_calendar(settings: Settings) -> "Calendar":
    """Return the calendar of public holidays, including the operator's extra ones."""
    from adapters.korean_holidays import korean_holidays, read_extra_holidays

    extra = read_extra_holidays(settings.holidays) if settings.holidays else {}

    def around_payout_of(month: SettlementMonth) -> "HolidayCalendar":
        return korean_holidays(calendar_years(month), extra)

    return around_payout_of


@contextmanager
def program_ad_system(settings: Settings) -> "Iterator[AdSystem | None]":
    """Reach the ad system; None if none is configured. Raises SettingsInvalid."""
    if settings.ad_system_url is None:
        yield None
        return
    if (token := settings.ad_system_secret()) is None:
        raise SettingsInvalid(
            sentence(
                "GROWTH_POINTS_AD_SYSTEM_URL is set without a token; set "
                "GROWTH_POINTS_AD_SYSTEM_TOKEN or GROWTH_POINTS_AD_SYSTEM_TOKEN_FILE"
            )
        )
    from adapters.ad_system.client import HttpAdSystem

    with HttpAdSystem(settings.ad_system_url, token) as ad_system:
        yield ad_system


def program_senders(settings: Settings) -> "Senders | None":
    """Read whose signatures are accepted; None if deliveries need none."""
    from adapters.signatures.senders import read_senders

    return None if settings.senders is None else read_senders(settings.senders)


def trusted_senders(settings: Settings, at: datetime) -> "TrustedSenders | None":
    """Return the senders as they are trusted at an instant; None if deliveries need none."""
    from adapters.ingest.signed_manifest import TrustedSenders

    senders = program_senders(settings)
    return None if senders is None else TrustedSenders(senders, at)
