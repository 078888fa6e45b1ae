"""Settlement months and calendar arithmetic."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.months import MonthInvalid, SettlementMonth, add_months, last_date_reaching

months = st.builds(SettlementMonth, st.integers(2000, 2198), st.integers(1, 12))


@pytest.mark.parametrize(
    "text",
    [
        "2026-13",
        "2026-00",
        "2026-1",
        "26-10",
        "2026/10",
        "2026-10-01",
        " 2026-10",
        "2026-10\n",
        "",
        "٢٠٢٦-١٠",
        "1899-12",
        "1999-12",
        "2199-01",
        "9999-01",
        "0000-01",
        "-2026-10",
    ],
)
def test_a_text_that_is_no_month_is_refused_with_the_spelling_to_use(text: str) -> None:
    with pytest.raises(MonthInvalid, match="write it as YYYY-MM, for example 2026-10") as refused:
        SettlementMonth.parse(text)

    assert refused.value.text == text


@given(months)
def test_a_month_is_read_as_it_is_written(month: SettlementMonth) -> None:
    assert SettlementMonth.parse(str(month)) == month


@given(months)
def test_any_month_that_can_be_asked_for_has_its_days_payout_and_window(
    month: SettlementMonth,
) -> None:
    assert month.first_day.day == 1
    assert month.last_day + timedelta(days=1) == month.payout_month.first_day
    assert month.window(12)[-1] == month
    assert (month.payout_month + 1).last_day > month.payout_month.last_day


@given(st.builds(SettlementMonth, st.integers(1900, 2100), st.integers(1, 12)), st.integers(0, 600))
def test_going_and_coming_back_ends_where_it_began(month: SettlementMonth, count: int) -> None:
    assert (month + count) - count == month


def test_months_are_ordered_by_time() -> None:
    assert SettlementMonth(2025, 12) < SettlementMonth(2026, 1) < SettlementMonth(2026, 2)


def test_the_window_is_the_months_that_end_with_the_settlement_month() -> None:
    window = SettlementMonth(2026, 1).window(3)

    assert [str(month) for month in window] == ["2025-11", "2025-12", "2026-01"]


def test_months_are_gone_through_with_both_ends() -> None:
    through = SettlementMonth(2025, 11).until(SettlementMonth(2026, 1))

    assert [str(month) for month in through] == ["2025-11", "2025-12", "2026-01"]
    assert not [*SettlementMonth(2026, 1).until(SettlementMonth(2025, 12))]


@pytest.mark.parametrize(
    ("day", "count", "moved"),
    [
        ("2020-03-16", 3, "2020-06-16"),
        ("2019-11-30", 3, "2020-02-29"),
        ("2020-11-30", 3, "2021-02-28"),
        ("2020-02-29", 12, "2021-02-28"),
        ("2020-02-29", 48, "2024-02-29"),
        ("2020-08-31", 3, "2020-11-30"),
        ("2020-12-31", 2, "2021-02-28"),
        ("2020-03-31", -1, "2020-02-29"),
        ("2020-01-15", -1, "2019-12-15"),
    ],
)
def test_a_day_that_a_month_lacks_becomes_its_last(day: str, count: int, moved: str) -> None:
    assert str(add_months(date.fromisoformat(day), count)) == moved


@given(st.dates(date(1950, 1, 1), date(2100, 1, 1)), st.integers(0, 60))
def test_the_last_date_that_reaches_a_day_does_and_the_next_one_does_not(
    by: date, count: int
) -> None:
    last = last_date_reaching(count, by)

    assert add_months(last, count) <= by < add_months(last + timedelta(days=1), count)
