"""The settings of what happens with nobody there: when months close by themselves, who is told."""

from typing import Final

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from domain.months import SettlementMonth
from domain.sentence import sentence

NEWS: Final = ("closed", "paid", "approve")
"""What can be told beside trouble: a month is closed, is paid, waits for its approval."""


class Unattended(BaseSettings):
    """The settings of closing, paying and telling by schedule."""

    first_month: str | None = Field(
        default=None, description="the first settlement month, as YYYY-MM, that closes by itself"
    )
    rest_minutes: int = Field(
        default=60,
        ge=0,
        le=10_080,
        description="after how many minutes without a change files without a manifest are complete",
    )
    close_by_day: int = Field(
        default=7,
        ge=1,
        le=28,
        description="the day of the payout month from which a month that is not closed is reported",
    )
    approval_notice_days: int = Field(
        default=3,
        ge=0,
        le=31,
        description="how many days before its date a payout without its approval is reported",
    )
    keep_runs_days: int = Field(
        default=30,
        ge=1,
        le=3_650,
        description="after how many days runs that ended are cleared from the server of `up`",
    )
    tell: str = Field(
        default="",
        description="what is sent beside trouble, with commas between: closed, paid, approve",
    )

    @field_validator("first_month", mode="before")
    @classmethod
    def _a_month(cls, value: object) -> object:
        return str(SettlementMonth.parse(value)) if isinstance(value, str) and value else None

    @field_validator("tell")
    @classmethod
    def _known_news(cls, value: str) -> str:
        for each in value.split(","):
            if each.strip() not in ("", *NEWS):
                choices = ", ".join(NEWS)
                raise ValueError(
                    sentence("{value!r} is none of {choices}", value=each.strip(), choices=choices)
                )
        return value

    @property
    def first_to_close(self) -> SettlementMonth | None:
        """The first month that closes by itself, if one is set."""
        return SettlementMonth.parse(self.first_month) if self.first_month else None

    @property
    def news(self) -> frozenset[str]:
        """Which good news is told."""
        return frozenset(each.strip() for each in self.tell.split(","))
