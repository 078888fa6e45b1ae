"""Korean public holidays, from the real package, and the operator's file of extra ones."""

from datetime import date
from importlib.metadata import version
from pathlib import Path

import pytest

from adapters.korean_holidays import (
    ExtraHolidaysInvalid,
    HolidaysUnknown,
    korean_holidays,
    read_extra_holidays,
)
from domain.findings import Refused
from domain.months import SettlementMonth
from domain.payout_date import calendar_years, payout_date
from tests.d_commerce import D_COMMERCE_2020, D_COMMERCE_2024


def test_every_day_that_was_passed_over_is_named() -> None:
    month = SettlementMonth.parse("2024-01")
    calendar = korean_holidays(calendar_years(month), {})

    found = payout_date(D_COMMERCE_2020.payout, month, calendar.holidays)

    assert found.passed_over == (
        (date(2024, 2, 10), "Korean New Year"),
        (date(2024, 2, 11), "The second day of Korean New Year"),
        (date(2024, 2, 12), "Alternative holiday for Korean New Year"),
    )


def test_the_policy_of_2024_pays_on_the_tenth_even_on_a_holiday() -> None:
    month = SettlementMonth.parse("2024-01")
    calendar = korean_holidays(calendar_years(month), {})

    found = payout_date(D_COMMERCE_2024.payout, month, calendar.holidays)

    assert (found.due_on, found.passed_over) == (date(2024, 2, 10), ())


def test_an_extra_holiday_moves_the_payout_and_is_recorded_with_the_calendar() -> None:
    month = SettlementMonth.parse("2026-11")
    extra = {date(2026, 12, 10): "Temporary holiday", date(2030, 1, 2): "Another year's"}
    calendar = korean_holidays(calendar_years(month), extra)

    found = payout_date(D_COMMERCE_2020.payout, month, calendar.holidays)

    assert found.due_on == date(2026, 12, 11)
    assert found.passed_over == ((date(2026, 12, 10), "Temporary holiday"),)
    assert calendar.extra == {date(2026, 12, 10): "Temporary holiday"}
    assert calendar.version == f"holidays {version('holidays')}"


def test_bank_holidays_are_business_days() -> None:
    calendar = korean_holidays([2024], {})

    assert date(2024, 5, 1) not in calendar.holidays  # Labor Day closed banks only, until 2026


def test_the_last_year_that_the_package_knows_is_answered() -> None:
    assert korean_holidays([2100], {}).holidays


@pytest.mark.parametrize("year", [1947, 2101, 9999])
def test_a_year_outside_the_package_is_an_error_and_not_a_year_without_holidays(year: int) -> None:
    with pytest.raises(HolidaysUnknown, match=f"{year} are not known.*1948 to 2100") as refused:
        korean_holidays([2026, year], {date(year, 1, 1): "announced"})

    assert isinstance(refused.value, Refused)
    assert refused.value.year == year


def test_a_payout_in_the_last_known_december_is_refused_since_january_is_not_known() -> None:
    december = SettlementMonth.parse("2100-12")

    with pytest.raises(HolidaysUnknown, match="2101"):
        korean_holidays(calendar_years(december - 1), {})
    assert korean_holidays(calendar_years(december - 2), {}).holidays


def test_the_operators_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "holidays.txt"
    path.write_bytes(
        "\ufeff# announced since\r\n\r\n2027-05-06  Temporary holiday  # by decree\r\n"
        "2028-04-12\t국회의원 선거일\n".encode()
    )

    assert read_extra_holidays(path) == {
        date(2027, 5, 6): "Temporary holiday",
        date(2028, 4, 12): "국회의원 선거일",
    }


def test_an_empty_file_names_no_extra_holiday(tmp_path: Path) -> None:
    path = tmp_path / "holidays.txt"
    path.touch()

    assert read_extra_holidays(path) == {}


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("2027-05-06", "'2027-05-06' is not a date and a name"),
        ("2027-05-06  # Temporary holiday", "'2027-05-06' is not a date and a name"),
        ("Temporary holiday", "'Temporary holiday' is not a date and a name"),
        ("2027-5-6  Temporary holiday", "is not a date and a name; write for example 2027-05-06"),
        ("2027.05.06  Temporary holiday", "is not a date and a name"),
        ("20270506  Temporary holiday", "is not a date and a name"),
        ("2027-02-29  Temporary holiday", "2027-02-29 is not a calendar date"),
        ("2027-01-02  Again", "2027-01-02 is listed twice"),
    ],
)
def test_a_malformed_line_is_refused_with_file_and_line(
    tmp_path: Path, line: str, sentence: str
) -> None:
    path = tmp_path / "holidays.txt"
    path.write_text(f"2027-01-02  Temporary holiday\n\n{line}\n")

    with pytest.raises(ExtraHolidaysInvalid) as refused:
        read_extra_holidays(path)

    assert str(refused.value).startswith(f"{path}:3: ")
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"\xff\xfe", "cannot be read as UTF-8 text"), (None, "cannot be read: No such file")],
)
def test_a_file_that_is_no_text_or_absent_is_refused(
    tmp_path: Path, content: bytes | None, sentence: str
) -> None:
    path = tmp_path / "holidays.txt"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ExtraHolidaysInvalid, match=rf"holidays\.txt,? {sentence}"):
        read_extra_holidays(path)
