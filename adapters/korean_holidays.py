"""The public holidays of South Korea, from a maintained package and the operator's file.

Temporary holidays are announced at short notice, after releases of the package, so the operator
lists them in a file:

    # announced by the government, one per line
    2027-05-06  Temporary holiday
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Final

from holidays import PUBLIC, country_holidays
from holidays.countries.south_korea import SouthKorea

from domain.months import SettlementMonth
from domain.refusal import Refused, WrongUsage
from domain.sentence import sentence

_LINE: Final = re.compile(r"(?P<day>\d{4}-\d{2}-\d{2})\s+(?P<name>\S.*)", re.ASCII)


class HolidaysUnknown(Refused):
    """A year that the package does not cover; it would return no holidays."""

    def __init__(self, year: int) -> None:
        first, last = SouthKorea.start_year, SouthKorea.end_year
        super().__init__(
            sentence(
                "The public holidays of {year} are not known: the installed package "
                "{package} covers {first} to {last}. Payout dates cannot be "
                "worked out for that year.",
                year=year,
                package=calendar_version(),
                first=first,
                last=last,
            )
        )
        self.year = year


class ExtraHolidaysInvalid(WrongUsage):
    """The operator's file of extra holidays has an invalid line; the message names it."""


@dataclass(frozen=True, slots=True)
class HolidayCalendar:
    """The public holidays of some years by name, and their source (rule 14).

    `version` is the package and its release; `extra` are those of `holidays` that the operator
    added, under the operator's names.
    """

    holidays: Mapping[date, str]
    version: str
    extra: Mapping[date, str]


Calendar = Callable[[SettlementMonth], HolidayCalendar]  # around the payout of a month


def korean_holidays(years: Iterable[int], extra: Mapping[date, str]) -> HolidayCalendar:
    """Return all public holidays of the years, including the operator's extra ones.

    Raises HolidaysUnknown for a year outside the package's range.
    """
    wanted = set(years)
    for year in sorted(wanted):
        if not SouthKorea.start_year <= year <= SouthKorea.end_year:
            raise HolidaysUnknown(year)
    found = country_holidays("KR", years=wanted, expand=False, language="en_US", categories=PUBLIC)
    announced = {day: name for day, name in extra.items() if day.year in wanted}
    return HolidayCalendar({**found, **announced}, calendar_version(), announced)


def read_extra_holidays(path: Path) -> dict[date, str]:
    """Read the operator's file: a date and a name on each line; `#` starts a comment.

    Raises ExtraHolidaysInvalid, naming file and line.
    """
    found: dict[date, str] = {}
    for number, line in enumerate(_lines_of(path), start=1):
        content = line.partition("#")[0].strip()
        if content:
            day, name = _day_and_name(content, f"{path}:{number}")
            if day in found:
                raise ExtraHolidaysInvalid(
                    sentence(
                        "{path}:{number}: {day} is listed twice", path=path, number=number, day=day
                    )
                )
            found[day] = name
    return found


def _lines_of(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").split("\n")
    except OSError as error:
        raise ExtraHolidaysInvalid(
            sentence(
                "the file of extra holidays, {path}, cannot be read: {why}",
                path=path,
                why=error.strerror or error,
            )
        ) from error
    except UnicodeDecodeError as error:
        raise ExtraHolidaysInvalid(
            sentence("{path} cannot be read as UTF-8 text: {error}", path=path, error=error)
        ) from error


def _day_and_name(content: str, where: str) -> tuple[date, str]:
    match = _LINE.fullmatch(content)
    if match is None:
        raise ExtraHolidaysInvalid(
            sentence(
                "{where}: {content!r} is not a date and a name; write for example "
                "2027-05-06  Temporary holiday",
                where=where,
                content=content,
            )
        )
    return _day(match["day"], where), match["name"]


def _day(written: str, where: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError as error:
        raise ExtraHolidaysInvalid(
            sentence("{where}: {day} is not a calendar date", where=where, day=written)
        ) from error


def calendar_version() -> str:
    """Return the name of the holiday package and its release."""
    return f"holidays {version('holidays')}"
