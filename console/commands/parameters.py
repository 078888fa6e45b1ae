"""Arguments and options that several commands share."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Final, TypeVar, cast

import click

from console.language import told
from domain.cause import not_blank
from domain.months import SettlementMonth
from domain.refusal import WrongUsage
from domain.sentence import message_of, sentence
from flows.occasion import this_occasion

_LONGEST_NUMBER: Final = 40  # characters; Python refuses to convert some thousands

_Value = TypeVar("_Value")
_Command = TypeVar("_Command", bound=Callable[..., Any])


class _Parsed(click.ParamType[_Value]):
    """The type of an argument whose text a function parses; its ValueError says what is wrong."""

    def __init__(self, name: str, parse: Callable[[str], _Value]) -> None:
        self.name = name
        self.parse = parse

    def convert(self, value: Any, param: Any, ctx: Any) -> _Value:
        """Parse a text; a default may be a value already."""
        if not isinstance(value, str):
            return cast("_Value", value)
        try:
            return self.parse(value)
        except ValueError as error:
            self.fail(told(message_of(error)), param, ctx)


def _months(text: str) -> tuple[SettlementMonth, ...]:
    first, _, last = text.partition("..")
    months = tuple(SettlementMonth.parse(first).until(SettlementMonth.parse(last or first)))
    if not months:
        raise WrongUsage(sentence("{text} ends before it begins", text=text))
    return months


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise WrongUsage(
            sentence("{text!r} is not a date; write it as 2026-11-10", text=text)
        ) from None


def _day_or_event(text: str) -> date | str:
    try:
        return date.fromisoformat(text)
    except ValueError:
        not_blank(text)
        return text


def _days(text: str) -> tuple[date, ...]:
    first, _, last = text.partition("..")
    begin, end = _date(first), _date(last or first)
    if end < begin:
        raise WrongUsage(sentence("{text} ends before it begins", text=text))
    return tuple(begin + timedelta(days=more) for more in range((end - begin).days + 1))


def _moment(text: str) -> date | int:
    if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER:
        return int(text)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise WrongUsage(
            sentence(
                "{text!r} is neither a date like 2026-11-10 nor the number of a ledger head",
                text=text,
            )
        ) from None
    if day > this_occasion().today:
        raise WrongUsage(sentence("{day} has not come yet in Seoul", day=day))
    return day


def _head(text: str) -> str:
    if not re.fullmatch("[0-9a-f]{64}", text):
        raise WrongUsage(
            sentence(
                "{text!r} is not a ledger head; give the 64 hex digits from a report", text=text
            )
        )
    return text


def _points(text: str) -> int:
    if not re.fullmatch(r"-?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)", text):
        raise WrongUsage(
            sentence("{text!r} is not a number of points; write it as 2550000", text=text)
        )
    if len(text) > _LONGEST_NUMBER:
        raise WrongUsage(
            sentence(
                "a number of {digits:,} characters is not a number of points", digits=len(text)
            )
        )
    return int(text.replace(",", ""))


def _points_of_a_month(text: str) -> int:
    if (points := _points(text)) < 0:
        raise WrongUsage(sentence("{text} is less than 0", text=text))
    return points


MONTH = _Parsed("month", SettlementMonth.parse)
MONTHS = _Parsed("months", _months)
DATE = _Parsed("date", _date)
DAY_OR_EVENT = _Parsed("day or event", _day_or_event)
DAYS = _Parsed("days", _days)
MOMENT = _Parsed("moment", _moment)
HEAD = _Parsed("head", _head)
LINE = _Parsed("text", not_blank)
POINTS = _Parsed("points", _points)
POINTS_OF_A_MONTH = _Parsed("points", _points_of_a_month)

ROOT = click.option(
    "--from",
    "root",
    metavar="ROOT",
    help="Root of the settlement folders: a path, s3://…, or table:catalog.schema.settlements. "
    "By default GROWTH_POINTS_SETTLEMENTS.",
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
