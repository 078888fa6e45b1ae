"""A year with troubles, and the same year without: what people and machines do, and when."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy import event as sql_event
from sqlalchemy.engine import Engine

from domain.months import SettlementMonth
from flows.closing.flow import rerun_month
from flows.converting.flow import convert_points_of, link_ad_account_of
from flows.occasion import SEOUL
from flows.paying.flow import reschedule_planned_payouts
from tests.ad_system import SimulatedAdSystem
from tests.simulation.troubles import DISK_FULL
from tests.years.marketplace import FIRST, MONTHS, deliver, lines, store_id
from tests.years.service import Deed, Service

FIRST_DAY: Final = date(2025, 1, 1)
LAST_DAY: Final = date(2025, 12, 31)
HOLIDAY: Final = date(2025, 10, 10)
STORE_OF_JANUARY: Final = 6  # it opened three months before, and has points from January on
POINTS: Final = 50_000

Deeds = Iterator[tuple[datetime, Deed]]


def at(month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    """A time of the year, in Seoul."""
    return datetime(2025, month, day, hour, minute, tzinfo=SEOUL)


def month_of(number: int) -> SettlementMonth:
    """A month of the year that is closed."""
    return SettlementMonth(2025, number)


def sound(month: SettlementMonth, when: datetime) -> tuple[datetime, Deed]:
    """A month's files as they should be."""
    return when, lambda service: deliver(service.marketplace, month, lines(month), when)


def _second(month: SettlementMonth) -> datetime:
    """The morning on which files come, as a rule."""
    return datetime.combine(month.payout_month.first_day, datetime.min.time(), SEOUL) + timedelta(
        days=1, hours=8
    )


def calm_year(ad_system: SimulatedAdSystem) -> Deeds:
    """Files come on the 2nd, and each month another store converts points."""
    for month in MONTHS:
        yield sound(month, _second(month))
    yield from _uses(ad_system)


def _uses(ad_system: SimulatedAdSystem) -> Deeds:
    for number, month in enumerate(MONTHS):
        seller = store_id(STORE_OF_JANUARY + number)
        day = month.payout_month.first_day.replace(day=20)
        if day.month != 6:  # nobody converts while the service is down
            yield (
                datetime.combine(day, datetime.min.time(), SEOUL).replace(hour=12),
                partial(_convert, seller),
            )


def _convert(seller: str, service: Service) -> None:
    asked = {"seller_id": seller, "asked_by": "dana", "mode": "commit"}
    service.run(link_ad_account_of, account_id=f"ad-{seller}", **asked)
    service.run(convert_points_of, points=POINTS, request_id="first", **asked)


def troubled_year(ad_system: SimulatedAdSystem) -> Deeds:
    """All that goes wrong; in the end nothing of it is to be seen in the ledger."""
    in_trouble = {FIRST, *(month_of(number) for number in (1, 2))}
    for month in set(MONTHS) - in_trouble:
        yield sound(month, _second(month))
    yield from _uses(ad_system)
    yield from _late_wrong_and_replaced()
    yield at(4, 1), lambda service: service.silent.add(month_of(3))
    yield at(4, 14, 9, 30), _approve_at_last
    yield at(5, 28, 3), lambda service: setattr(service, "down", True)
    yield at(7, 2, 8, 50), lambda service: setattr(service, "down", False)
    yield at(8, 2), _disk_is_full
    yield at(8, 3), _disk_has_room
    yield at(9, 2, 12), lambda service: service.kills.update({"close-due-months": 40})
    yield at(9, 9, 23), lambda service: service.kills.update({"pay-out": 25})
    yield at(10, 7, 9), announce_the_holiday
    yield (
        at(10, 7, 15),
        lambda service: service.run(
            reschedule_planned_payouts,
            reason="a holiday was announced",
            mode="commit",
            asked_by="dana",
        ),
    )
    yield at(11, 19), lambda service: ad_system.behave(acts=False)
    yield at(11, 22), lambda service: ad_system.behave()


def _late_wrong_and_replaced() -> Deeds:
    yield sound(FIRST, at(1, 8, 15))
    wrong = [replace(lines(month_of(1))[0], confirmed_on="2025-02-01"), *lines(month_of(1))[1:]]
    yield at(2, 2, 8), lambda service: deliver(service.marketplace, month_of(1), wrong, at(2, 2, 8))
    yield sound(month_of(1), at(2, 4, 15))
    high = [replace(each, amount_krw=each.amount_krw + 6_000_000) for each in lines(month_of(2))]
    yield at(3, 2, 8), lambda service: deliver(service.marketplace, month_of(2), high, at(3, 2, 8))
    yield sound(month_of(2), at(3, 5, 15))
    yield (
        at(3, 5, 16),
        lambda service: service.run(
            rerun_month,
            month="2025-02",
            reason="amounts were too high",
            mode="commit",
            asked_by="dana",
        ),
    )


def announce_the_holiday(service: Service) -> None:
    """Write the holiday into the operator's list."""
    path = service.settings.holidays
    assert path is not None
    path.write_text(f"{HOLIDAY} Temporary holiday\n")


def _approve_at_last(service: Service) -> None:
    service.silent.clear()
    service.approve_what_waits()


def _disk_is_full(_: Service) -> None:
    sql_event.listen(Engine, "before_cursor_execute", _fill_the_disk)


def _disk_has_room(_: Service) -> None:
    sql_event.remove(Engine, "before_cursor_execute", _fill_the_disk)


def _fill_the_disk(_connection: Any, cursor: Any, statement: str, *_: object) -> None:
    if statement.lstrip().upper().startswith("INSERT"):
        cursor.execute(DISK_FULL)
