"""Settlement months and calendar arithmetic. Every date is a calendar date in Asia/Seoul."""

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date, timedelta

from domain.refusal import WrongUsage
from domain.sentence import sentence

_SPELLING = re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})", re.ASCII)

# The months that can be requested. The database keeps days of 2000 to 2199, payouts a year later.
FIRST_YEAR, LAST_YEAR = 2000, 2198


class MonthInvalid(WrongUsage):
    """A text that is not a calendar month written as `YYYY-MM`."""

    def __init__(self, text: str) -> None:
        super().__init__(
            sentence(
                "{text!r} is not a month of {first_year} to {last_year}; write it as "
                "YYYY-MM, for example 2026-10",
                text=text,
                first_year=FIRST_YEAR,
                last_year=LAST_YEAR,
            )
        )
        self.text = text


@dataclass(frozen=True, slots=True, order=True)
class SettlementMonth:
    """The calendar month in which purchases were confirmed (rule 1)."""

    year: int
    month: int

    def __post_init__(self) -> None:
        if not (MINYEAR <= self.year <= MAXYEAR and self.month in range(1, 13)):
            raise MonthInvalid(f"{self.year:04d}-{self.month:02d}")

    @classmethod
    def parse(cls, text: str) -> "SettlementMonth":
        """Parse `YYYY-MM`; raises MonthInvalid for anything else, and out of range."""
        match = _SPELLING.fullmatch(text)
        if match is None or not FIRST_YEAR <= int(match["year"]) <= LAST_YEAR:
            raise MonthInvalid(text)
        return cls(int(match["year"]), int(match["month"]))

    @classmethod
    def of(cls, day: date) -> "SettlementMonth":
        """Return the month of a calendar date."""
        return cls(day.year, day.month)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    def __add__(self, months: int) -> "SettlementMonth":
        years, month0 = divmod(self.year * 12 + self.month - 1 + months, 12)
        return SettlementMonth(years, month0 + 1)

    def __sub__(self, months: int) -> "SettlementMonth":
        return self + -months

    @property
    def first_day(self) -> date:
        """The first calendar date of the month."""
        return date(self.year, self.month, 1)

    @property
    def last_day(self) -> date:
        """The last calendar date of the month."""
        return date(self.year, self.month, calendar.monthrange(self.year, self.month)[1])

    @property
    def payout_month(self) -> "SettlementMonth":
        """The month in which this month's awards are paid: the one after it."""
        return self + 1

    def window(self, months: int) -> tuple["SettlementMonth", ...]:
        """Return the `months` settlement months that end with this one, oldest first (rule 5)."""
        return tuple(self - back for back in range(months - 1, -1, -1))

    def until(self, last: "SettlementMonth") -> Iterator["SettlementMonth"]:
        """Iterate over the months from this one to `last`, inclusive."""
        month = self
        while month <= last:
            yield month
            month += 1


def add_months(day: date, months: int) -> date:
    """Add months to a date; a day that the month lacks becomes its last day (rule 6)."""
    month = SettlementMonth.of(day) + months
    return month.first_day.replace(day=min(day.day, month.last_day.day))


def last_date_reaching(months: int, by: date) -> date:
    """Return the last date that, plus `months`, is on or before `by`.

    Month ends are clamped, so several dates can have the same result: 28, 29, 30 and 31 August
    plus six months are all 28 February.
    """
    day = add_months(by, -months)
    while add_months(day + timedelta(days=1), months) <= by:
        day += timedelta(days=1)
    return day
