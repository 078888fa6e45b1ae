"""Arguments and options that several commands share."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar

import click

from domain.cause import NotOneLine, not_blank
from domain.months import MonthInvalid, SettlementMonth
from flows.occasion import this_occasion

_Command = TypeVar("_Command", bound=Callable[..., Any])


class _Month(click.ParamType[SettlementMonth]):
    name = "month"

    def convert(self, value: Any, param: Any, ctx: Any) -> SettlementMonth:
        if isinstance(value, SettlementMonth):
            return value
        try:
            return SettlementMonth.parse(value)
        except MonthInvalid as error:
            self.fail(str(error), param, ctx)


class _Months(click.ParamType[tuple[SettlementMonth, ...]]):
    name = "months"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[SettlementMonth, ...]:
        if isinstance(value, tuple):
            return value
        first, _, last = value.partition("..")
        try:
            months = tuple(SettlementMonth.parse(first).until(SettlementMonth.parse(last or first)))
        except MonthInvalid as error:
            self.fail(str(error), param, ctx)
        if not months:
            self.fail(f"{value} ends before it begins", param, ctx)
        return months


class _Date(click.ParamType[date]):
    name = "date"

    def convert(self, value: Any, param: Any, ctx: Any) -> date:
        try:
            return value if isinstance(value, date) else date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a date; write it as 2026-11-10", param, ctx)


class _Moment(click.ParamType[date | int]):
    name = "moment"

    def convert(self, value: Any, param: Any, ctx: Any) -> date | int:
        if isinstance(value, date | int):
            return value
        if value.isascii() and value.isdecimal():
            return int(value)
        try:
            day = date.fromisoformat(value)
        except ValueError:
            self.fail(
                f"{value!r} is neither a date like 2026-11-10 nor the number of a ledger head",
                param,
                ctx,
            )
        if day > this_occasion().today:
            self.fail(f"{day} has not come yet in Seoul", param, ctx)
        return day


class _Head(click.ParamType[str]):
    name = "head"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        if not re.fullmatch("[0-9a-f]{64}", value):
            self.fail(
                f"{value!r} is not a ledger head; give the 64 hex digits from a report", param, ctx
            )
        return str(value)


class _Points(click.ParamType[int]):
    """A whole number, with or without commas, of at least `least`."""

    name = "points"

    def __init__(self, least: int | None = None) -> None:
        self.least = least

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        if isinstance(value, int):
            return value
        if not re.fullmatch(r"-?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)", value):
            self.fail(f"{value!r} is not a number of points; write it as 2550000", param, ctx)
        points = int(value.replace(",", ""))
        if self.least is not None and points < self.least:
            self.fail(f"{value} is less than {self.least}", param, ctx)
        return points


class _Line(click.ParamType[str]):
    name = "text"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        try:
            return not_blank(str(value))
        except NotOneLine as error:
            self.fail(str(error), param, ctx)


MONTH, MONTHS, DATE, MOMENT, HEAD = _Month(), _Months(), _Date(), _Moment(), _Head()
LINE, POINTS, POINTS_OF_A_MONTH = _Line(), _Points(), _Points(least=0)

ROOT = click.option(
    "--from",
    "root",
    metavar="ROOT",
    help="Root of the settlement folders, by default GROWTH_POINTS_SETTLEMENTS.",
)
REASON = click.option(
    "--reason", type=LINE, default=None, help="Why this is done; recorded with it."
)
AS_OF = click.option(
    "--as-of",
    "moment",
    metavar="MOMENT",
    type=MOMENT,
    help="As of the end of a day in Seoul, or of a ledger head's number.",
)
SELLER = click.option("--seller", "seller_id", metavar="ID", help="Only this seller.")


def output_option(command: _Command) -> _Command:
    choice = click.option(
        "--output",
        type=click.Choice(["table", "csv", "json"]),
        default="table",
        show_default=True,
        help="A table for reading, or all rows for a program.",
    )
    return choice(command)
