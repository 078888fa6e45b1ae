"""A year with nobody there: whatever goes wrong, it ends like a year in which nothing did.

`make year` lives through both, side by side: over half an hour. `YEAR_UNTIL=2025-03-15` stops
earlier, on the 14th of a month at the earliest, when each payout of it was made.
"""

import multiprocessing
import os
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import FIRST_EXCEPTION, ProcessPoolExecutor, wait
from datetime import date
from functools import partial

import pytest

from flows.prefect import events
from tests.years.clock import can_be_moved
from tests.years.live import Year, live
from tests.years.marketplace import MONTHS
from tests.years.story import LAST_DAY

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not can_be_moved(), reason="libfaketime is not installed"),
]

UNTIL = date.fromisoformat(os.environ.get("YEAR_UNTIL", str(LAST_DAY)))
LIVED = [str(month) for month in MONTHS if month.payout_month.first_day.replace(day=14) <= UNTIL]


@pytest.fixture(scope="module")
def years() -> tuple[Year, Year]:
    """The calm year and the one with troubles, each lived in a process of its own."""
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as processes:
        both = [
            processes.submit(partial(live, troubled=each, until=UNTIL)) for each in (False, True)
        ]
        wait(both, return_when=FIRST_EXCEPTION)
        if any(each.done() and each.exception() for each in both):
            for process in multiprocessing.active_children():
                process.terminate()  # the other year would go on for most of an hour
        calm, troubled = both
        return calm.result(), troubled.result()


def test_in_the_end_the_ledger_is_that_of_a_year_without_troubles(
    years: tuple[Year, Year],
) -> None:
    calm, troubled = years

    assert troubled.balances == calm.balances
    assert _but_reversed(troubled) == calm.transfers
    assert (calm.differences, troubled.differences) == ((), ())


def test_every_month_is_told_as_closed_and_as_paid_once(years: tuple[Year, Year]) -> None:
    for year in years:
        assert _months(year, events.CLOSED) == LIVED
        assert _months(year, events.PAID) == LIVED


def test_a_calm_year_tells_nothing_but_what_was_done(years: tuple[Year, Year]) -> None:
    calm, _ = years

    done = {events.CLOSED, events.WAITING, events.PAID, events.EXPIRING}
    assert {each.event for each in calm.told} <= done
    assert calm.failed == ()


def test_each_trouble_is_told_on_its_days_and_nothing_else_is(years: tuple[Year, Year]) -> None:
    _, troubled = years

    told = {
        event: [f"{each.month} on {each.on:%m-%d}" for each in troubled.told if each.event == event]
        for event in (
            events.UNCLOSED,
            events.BLOCKED,
            events.RESTATED,
            events.UNAPPROVED,
            events.LATE,
        )
    }
    assert told == _until_today(
        {
            events.UNCLOSED: ["2024-12 on 01-07", "2024-12 on 01-08"],
            events.BLOCKED: ["2025-01 on 02-02"],
            events.RESTATED: ["2025-02 on 03-05"],
            events.UNAPPROVED: [f"2025-03 on 04-{day:02}" for day in (7, 8, 9, 10)],
            events.LATE: [
                *(f"2025-03 on 04-{day:02}" for day in (11, 12, 13)),
            ],
        }
    )


def test_runs_fail_only_while_the_disk_is_full(years: tuple[Year, Year]) -> None:
    _, troubled = years

    assert {f"{at:%m-%d}" for at, _, _ in troubled.failed} <= {"08-02"}
    assert bool(troubled.failed) == (date(2025, 8, 2) <= UNTIL)


def test_the_ad_system_is_told_of_only_while_it_is_away(years: tuple[Year, Year]) -> None:
    calm, troubled = years
    of_it = {events.AD_SYSTEM_SILENT, events.CONVERSIONS_HELD, events.CREDITS_DIFFER}

    days = {f"{each.on:%m-%d}" for each in troubled.told if each.event in of_it}
    assert days <= {"11-19", "11-20", "11-21", "11-22"}
    assert bool(days) == (date(2025, 11, 22) <= UNTIL)
    assert not [each for each in calm.told if each.event in of_it]


def _but_reversed(year: Year) -> Counter[tuple[object, ...]]:
    """Leave out awards that were reversed, with their reversals."""
    left = Counter(year.transfers)
    for (kind, seller, debit, credit, points), times in year.transfers.items():
        if kind == "reversal":
            left[kind, seller, debit, credit, points] -= times
            left["award", seller, credit, debit, points] -= times
    return +left


def _months(year: Year, event: str) -> list[str]:
    return sorted(str(each.month) for each in year.told if each.event == event)


def _until_today(expected: dict[str, Iterable[str]]) -> dict[str, list[str]]:
    return {
        event: [each for each in days if date.fromisoformat(f"2025-{each[-5:]}") <= UNTIL]
        for event, days in expected.items()
    }
