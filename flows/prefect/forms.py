"""The types of the parameters in forms, which reject invalid input before a run starts.

Operators can switch these checks off in the UI, so flows repeat them, with the messages of the
command line. The constraints are in `Annotated`, since they would be lost on a default.
"""

from collections.abc import Callable
from datetime import date
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, StringConstraints

from adapters.languages.catalog import say
from domain.cause import MAX_CHARACTERS, not_blank, one_line
from domain.months import SettlementMonth
from domain.sentence import message_of, sentence
from flows.settings import Settings

MONTH_PATTERN: Final = r"^[0-9]{4}-(0[1-9]|1[0-2])$"  # shown to operators
DAY_PATTERN: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"


def _refused_by(check: Callable[[str], object]) -> BeforeValidator:
    """Validate a text by a check, whose message is shown; other types are rejected anyway."""

    def checked(value: object) -> object:
        if isinstance(value, str):
            _checked(check, value)
        return value

    return BeforeValidator(checked)


def _checked(check: Callable[[str], object], value: str) -> None:
    """Make a check; its refusal is said in the language of the setting, as the form is."""
    try:
        check(value)
    except ValueError as error:
        raise ValueError(say(message_of(error), Settings.read().language)) from None


def _day(text: str) -> None:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise ValueError(
            sentence("{text!r} is not a date; write it as 2026-11-29", text=text)
        ) from None


def _empty_or_month(text: str) -> None:
    if text:
        SettlementMonth.parse(text)


Month = Annotated[str, StringConstraints(pattern=MONTH_PATTERN), _refused_by(SettlementMonth.parse)]
MonthOrNone = Annotated[
    str, StringConstraints(pattern=rf"^$|{MONTH_PATTERN}"), _refused_by(_empty_or_month)
]
Day = Annotated[str, StringConstraints(pattern=DAY_PATTERN), _refused_by(_day)]
Reason = Annotated[
    str, StringConstraints(pattern=r"\S", max_length=MAX_CHARACTERS), _refused_by(not_blank)
]
Name = Annotated[str, StringConstraints(pattern=r"\S", max_length=100), _refused_by(not_blank)]
NameOrNone = Annotated[str, StringConstraints(max_length=100), _refused_by(one_line)]
Mode = Literal["preview", "commit"]
