"""Which clocks cannot be right, beside each other and beside the newest record."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.clocks import clock_warning

NOON = datetime(2026, 11, 10, 12, tzinfo=ZoneInfo("Asia/Seoul"))
SECOND, YEAR = timedelta(seconds=1), timedelta(days=365)


@pytest.mark.parametrize(
    ("machine", "database", "newest"),
    [
        (NOON, NOON, None),
        (NOON, NOON, NOON - YEAR),
        (NOON, NOON, NOON + 5 * SECOND),
        (NOON, NOON + 5 * SECOND, NOON),
        (NOON + 5 * SECOND, NOON, NOON),
        (NOON, NOON.astimezone(ZoneInfo("UTC")), NOON.astimezone(ZoneInfo("America/New_York"))),
    ],
    ids=[
        "nothing recorded yet",
        "the newest record is a year old",
        "clocks a few seconds before the newest record",
        "a database a few seconds ahead",
        "a machine a few seconds ahead",
        "the same instant in other time zones",
    ],
)
def test_clocks_that_may_be_right_are_not_told(
    machine: datetime, database: datetime, newest: datetime | None
) -> None:
    assert clock_warning(machine, database, newest) is None


@pytest.mark.parametrize(
    ("machine", "database", "newest", "told"),
    [
        (
            NOON,
            NOON + SECOND,
            NOON + 90 * SECOND,
            "The clock of this machine and of the database shows 2026-11-10 12:00:00 KST, before ",
        ),
        (
            NOON,
            NOON,
            NOON + YEAR,
            "before the newest record, which was made at 2027-11-10 12:00:00 KST",
        ),
        (
            NOON - 60 * SECOND,
            NOON,
            NOON - SECOND,
            "The clock of this machine shows 2026-11-10 11:59:00 KST, before the newest record",
        ),
        (
            NOON,
            NOON - 60 * SECOND,
            NOON - SECOND,
            "The clock of the database shows 2026-11-10 11:59:00 KST, before the newest record",
        ),
        (
            NOON + 90 * SECOND,
            NOON,
            NOON - YEAR,
            "this machine shows 2026-11-10 12:01:30 KST, that of the database 2026-11-10 12:00:00",
        ),
        (NOON, NOON + 6 * SECOND, None, "Check both; due dates depend on that of this machine."),
    ],
    ids=[
        "both 90 seconds behind",
        "a record made a year ahead",
        "the machine alone behind",
        "the database alone behind",
        "the machine ahead of the database",
        "the database ahead of the machine, nothing recorded yet",
    ],
)
def test_clocks_that_cannot_be_right_are_told(
    machine: datetime, database: datetime, newest: datetime | None, told: str
) -> None:
    assert told in str(clock_warning(machine, database, newest))
