"""When a settlement month is paid out (rule 14)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from domain.months import SettlementMonth
from domain.policy import PayoutRule

_SATURDAY = 5
_WEEKEND = {5: "Saturday", 6: "Sunday"}


@dataclass(frozen=True, slots=True)
class PayoutDate:
    """The payout date of a month, and the days that were skipped to reach it."""

    due_on: date
    passed_over: tuple[tuple[date, str], ...]


def is_business_day(day: date, holidays: Mapping[date, str]) -> bool:
    """Return whether a date is neither Saturday, Sunday nor a public holiday."""
    return day.weekday() < _SATURDAY and day not in holidays


def calendar_years(month: SettlementMonth) -> tuple[int, ...]:
    """Return the years of the payout month and the month after it, into which a date can roll."""
    return tuple(sorted({month.payout_month.year, (month.payout_month + 1).year}))


def payout_date(
    rule: PayoutRule, month: SettlementMonth, holidays: Mapping[date, str]
) -> PayoutDate:
    """Compute the payout date of a settlement month: the rule's day, or the next business day.

    `holidays` maps every public holiday of the payout month and the month after it to its name; a
    missing holiday counts as a business day.
    """
    payout_month = month.payout_month
    day = date(payout_month.year, payout_month.month, rule.day_of_month)
    passed_over = []
    while rule.roll_forward and not is_business_day(day, holidays):
        passed_over.append((day, holidays.get(day) or _WEEKEND[day.weekday()]))
        day += timedelta(days=1)
    return PayoutDate(day, tuple(passed_over))
