"""A year with troubles comes to the ledger of a year without, and each of them is told once a day.

Slow: `make year`. The files are real, the clock is moved, and whatever runs by schedule runs.
"""

import errno
import os
from collections.abc import Callable
from datetime import date

import pytest

from tests.command_line import Marketplace
from tests.years.year import FIRST, Year, days_of

MONTHS = int(os.environ.get("MONTHS", "8"))
LATE, WRONG, UNAPPROVED, DISK_FULL = (FIRST + number for number in (1, 2, 3, 6))
DOWN_FROM, DOWN_TO = date(2027, 5, 12), date(2027, 7, 2)  # over the ends of May and June


@pytest.mark.slow
def test_a_year_with_troubles_ends_like_one_without(
    lasting_marketplaces: Callable[[], Marketplace], monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet = Year(lasting_marketplaces(), monkeypatch)
    live_quietly(quiet)
    assert quiet.heard("month.closed") == [
        ("month.closed", str(month), month.payout_month.first_day)
        for month in FIRST.until(FIRST + (MONTHS - 1))
    ]
    assert trouble(quiet) == []

    hard = Year(lasting_marketplaces(), monkeypatch)
    live_through_troubles(hard, monkeypatch)

    assert hard.ledger() == quiet.ledger()
    assert len(hard.ledger()) > MONTHS
    assert [each[:2] for each in hard.heard("month.closed")] == [
        each[:2] for each in quiet.heard("month.closed")
    ]
    assert trouble(hard) == [
        *(("month.unclosed", str(LATE), date(2027, 3, day)) for day in (7, 8, 10)),
        ("month.blocked", str(WRONG), date(2027, 4, 1)),
        *(("payout.unapproved", str(UNAPPROVED), date(2027, 5, day)) for day in (7, 8, 10)),
        ("run.failed", "close-due-months", date(2027, 8, 1)),
    ]


def trouble(year: Year) -> list[tuple[str, str, date]]:
    """List what was told that is no good news."""
    good = ("month.closed", "payout.paid", "payout.waiting")
    return [each for each in year.told if each[0] not in good]


def live_quietly(year: Year) -> None:
    """Deliver each month on the first day after it, and approve what waits on that day."""
    year.begin()
    for month in FIRST.until(FIRST + (MONTHS - 1)):
        year.deliver(month)
        for day in days_of(month.payout_month):
            year.live(day)
            year.approve()


def live_through_troubles(year: Year, patch: pytest.MonkeyPatch) -> None:
    """Deliver late, wrong and again; approve late; be down for weeks; let the disk be full."""
    year.begin()
    for month in FIRST.until(FIRST + (MONTHS - 1)):
        if month != LATE:
            year.deliver(month, wrong=month == WRONG)
        for day in days_of(month.payout_month):
            if DOWN_FROM <= day < DOWN_TO:
                continue
            if (month, day.day) in {(LATE, 12), (WRONG, 5)}:
                year.deliver(month)
            if month == DISK_FULL and day.day == 1:
                with patch.context() as full:
                    full.setattr("flows.ingesting.flow.read_delivery", _no_space)
                    year.live(day)
                continue
            year.live(day)
            if month != UNAPPROVED or day.day >= 10:
                year.approve()


def _no_space(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")
