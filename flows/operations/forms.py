"""The kinds of parameters that operators fill in: what a form refuses before anything starts.

A form's checks can be switched off, so every flow parses what it is given once more. The
constraints stand in `Annotated`: on a default they would be lost.
"""

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, StringConstraints

from domain.cause import MAX_CHARACTERS, one_line

MONTH_PATTERN: Final = r"^[0-9]{4}-(0[1-9]|1[0-2])$"  # an operator reads it

Month = Annotated[str, StringConstraints(pattern=MONTH_PATTERN)]
MonthOrNone = Annotated[str, StringConstraints(pattern=rf"^$|{MONTH_PATTERN}")]
Reason = Annotated[
    str, StringConstraints(pattern=r"\S", max_length=MAX_CHARACTERS), AfterValidator(one_line)
]
Name = Annotated[str, StringConstraints(pattern=r"\S", max_length=100), AfterValidator(one_line)]
NameOrNone = Annotated[str, StringConstraints(max_length=100), AfterValidator(one_line)]
Mode = Literal["preview", "commit"]
