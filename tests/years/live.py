"""Live through a year of the service, in a process of its own: its clock is the process's."""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest
from sqlalchemy import text

from adapters.postgres.database import open_database
from adapters.postgres.embedded import embedded_url, release_embedded
from adapters.postgres.verification.verify import verify
from flows.occasion import SEOUL
from flows.verifying.replay import replay_decisions
from tests.ad_system import TOKEN, SimulatedAdSystem, simulated_ad_system
from tests.command_line import Marketplace
from tests.prefect_server import temporary_prefect
from tests.years.clock import clock_by_hand
from tests.years.marketplace import HISTORY, deliver, lines
from tests.years.service import Deed, Service, Told, service_at_work
from tests.years.story import FIRST_DAY, LAST_DAY, announce_the_holiday, calm_year, troubled_year

_BALANCES: Final = text("""
  SELECT seller_id, account, points, last_usable_on FROM growth_points.balance WHERE points > 0
""")
_TRANSFERS: Final = text("""
  SELECT kind, seller_id, debit_account, credit_account, points FROM growth_points.transfer
""")


_BUSY: Final = 14  # a month is closed and paid in its first days
_QUIET: Final = 5  # of the other days only so many are lived, as nothing is due on them


@dataclass(frozen=True, slots=True)
class Year:
    """What a year leaves behind: points, what was told, runs that failed, what `verify` finds."""

    balances: frozenset[tuple[Any, ...]]
    transfers: Counter[tuple[Any, ...]]
    told: tuple[Told, ...]
    failed: tuple[tuple[datetime, str, str], ...]
    differences: tuple[str, ...]


def live(*, troubled: bool, until: date = LAST_DAY) -> Year:
    """Live through the year, with its troubles or without."""
    with (
        TemporaryDirectory(prefix="growth-points-year-") as name,
        simulated_ad_system(Path(name)) as ad_system,
        _service(Path(name), ad_system) as service,
    ):
        if not troubled:
            announce_the_holiday(service)
        deeds = _by_day((troubled_year if troubled else calm_year)(ad_system))
        for day in _days(until):
            if day.day == 1:
                sys.stderr.write(f"{day:%Y-%m}{' with troubles' if troubled else ''}\n")
            if deeds[day] or day.day <= _BUSY or day.day % _QUIET == 0:
                service.live_through(day, deeds[day])
        return _what_is_left(service)


@contextmanager
def _service(folder: Path, ad_system: SimulatedAdSystem) -> Iterator[Service]:
    """Have the service at work on a database server of its own, its history ingested."""
    folder.chmod(0o755)  # the server may run as another user
    start = datetime.combine(FIRST_DAY, time(), SEOUL)
    with clock_by_hand(folder, start) as clock:
        url = embedded_url(folder / "data")
        holidays = folder / "holidays.txt"
        holidays.touch()
        variables = {
            "GROWTH_POINTS_APPROVAL": "required",
            "GROWTH_POINTS_HOLIDAYS": str(holidays),
            "GROWTH_POINTS_AD_SYSTEM_URL": ad_system.url,
            "GROWTH_POINTS_AD_SYSTEM_TOKEN": TOKEN,
        }
        marketplace = Marketplace(folder / "settlements", folder / "home", url, variables)
        try:
            with (
                _prefect_of_its_own(folder / "home"),
                service_at_work(marketplace, clock) as service,
            ):
                for month in HISTORY:
                    deliver(marketplace, month, lines(month), start)
                    marketplace.done("ingest", str(month))
                yield service
        finally:
            release_embedded(folder / "data")


@contextmanager
def _prefect_of_its_own(home: Path) -> Iterator[None]:
    """Run a server whose database is not that of the tests, which the other year would share."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_HOME", str(home / "prefect"))
        with temporary_prefect(home):
            yield


def _by_day(story: Iterable[tuple[datetime, Deed]]) -> dict[date, list[tuple[datetime, Deed]]]:
    days: dict[date, list[tuple[datetime, Deed]]] = defaultdict(list)
    for at, deed in story:
        days[at.date()].append((at, deed))
    return days


def _days(until: date) -> Iterator[date]:
    for number in range((until - FIRST_DAY).days + 1):
        yield FIRST_DAY + timedelta(days=number)


def _what_is_left(service: Service) -> Year:
    with open_database(service.marketplace.database_url) as engine, engine.connect() as connection:
        found = [*verify(connection), *replay_decisions(connection)]
        return Year(
            balances=frozenset(tuple(row) for row in connection.execute(_BALANCES)),
            transfers=Counter(tuple(row) for row in connection.execute(_TRANSFERS)),
            told=tuple(service.told),
            failed=tuple(service.failed),
            differences=tuple(map(str, found)),
        )
