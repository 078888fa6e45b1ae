"""The kinds of parameters that operators fill in: what a form refuses before anything starts.

A form's checks can be switched off, so every flow checks what it is given once more, and says
what is wrong in the words of the command line. The constraints stand in `Annotated`: on a default
they would be lost.
"""

from collections.abc import Callable
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, StringConstraints

from domain.cause import MAX_CHARACTERS, filled_in, one_line
from domain.months import SettlementMonth

MONTH_PATTERN: Final = r"^[0-9]{4}-(0[1-9]|1[0-2])$"  # an operator reads it


def _refused_by(check: Callable[[str], object]) -> BeforeValidator:
    """Have a text refused in the words of a check; what is no text is refused anyway."""

    def checked(value: object) -> object:
        if isinstance(value, str):
            check(value)
        return value

    return BeforeValidator(checked)


def _empty_or_month(text: str) -> None:
    if text:
        SettlementMonth.parse(text)


Month = Annotated[str, StringConstraints(pattern=MONTH_PATTERN), _refused_by(SettlementMonth.parse)]
MonthOrNone = Annotated[
    str, StringConstraints(pattern=rf"^$|{MONTH_PATTERN}"), _refused_by(_empty_or_month)
]
Reason = Annotated[
    str, StringConstraints(pattern=r"\S", max_length=MAX_CHARACTERS), _refused_by(filled_in)
]
Name = Annotated[str, StringConstraints(pattern=r"\S", max_length=100), _refused_by(filled_in)]
NameOrNone = Annotated[str, StringConstraints(max_length=100), _refused_by(one_line)]
Mode = Literal["preview", "commit"]
