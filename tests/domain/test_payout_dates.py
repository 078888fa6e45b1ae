"""When a month is paid: on the 10th, or the next business day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.months import SettlementMonth
from domain.payout_date import calendar_years, is_business_day, payout_date
from domain.policy import PayoutRule
from tests.d_commerce import D_COMMERCE_2020, D_COMMERCE_2024


def test_the_days_passed_over_are_named_and_a_holiday_goes_before_the_weekend() -> None:
    holidays = {date(2026, 10, 11): "Founding day", date(2026, 10, 12): "Alternative holiday"}

    found = payout_date(D_COMMERCE_2020.payout, SettlementMonth(2026, 9), holidays)

    assert found.passed_over == (
        (date(2026, 10, 10), "Saturday"),
        (date(2026, 10, 11), "Founding day"),
        (date(2026, 10, 12), "Alternative holiday"),
    )


def test_the_policy_of_2024_pays_on_the_tenth_whatever_day_it_is() -> None:
    found = payout_date(
        D_COMMERCE_2024.payout, SettlementMonth(2026, 9), {date(2026, 10, 10): "holiday"}
    )

    assert (found.due_on, found.passed_over) == (date(2026, 10, 10), ())


@given(
    month=st.builds(SettlementMonth, st.integers(2000, 2099), st.integers(1, 12)),
    day_of_month=st.integers(1, 28),
    offsets=st.sets(st.integers(0, 30)),
)
def test_every_day_between_is_no_business_day_and_the_due_date_is_one(
    month: SettlementMonth, day_of_month: int, offsets: set[int]
) -> None:
    nominal = month.payout_month.first_day.replace(day=day_of_month)
    holidays = {nominal + timedelta(days=offset): "holiday" for offset in offsets}

    found = payout_date(PayoutRule(day_of_month, roll_forward=True), month, holidays)

    between = [nominal + timedelta(days=day) for day in range((found.due_on - nominal).days)]
    assert [day for day, _ in found.passed_over] == between
    assert is_business_day(found.due_on, holidays)
    assert not any(is_business_day(day, holidays) for day in between)


@pytest.mark.parametrize(
    ("month", "years"), [("2026-09", (2026,)), ("2026-11", (2026, 2027)), ("2026-12", (2027,))]
)
def test_the_holidays_of_the_payout_month_and_the_next_are_needed(
    month: str, years: tuple[int, ...]
) -> None:
    assert calendar_years(SettlementMonth.parse(month)) == years
