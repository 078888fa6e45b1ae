"""Templates whose texts, amounts and dates are in the language of the page."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Final

from babel.dates import format_date, format_datetime, format_skeleton
from babel.numbers import format_compact_decimal
from jinja2 import Environment, pass_context
from jinja2.runtime import Context

from adapters.html import page_templates
from domain.months import SettlementMonth
from domain.sentence import whole
from flows.occasion import SEOUL


def speaking_templates(package: str) -> Environment:
    """Return an environment whose templates are rendered with a `language`."""
    templates = page_templates(package)
    templates.filters.update(_FILTERS)
    return templates


@pass_context
def _day(context: Context, day: date) -> str:
    return format_date(day, "long", locale=context["language"])


@pass_context
def _short_day(context: Context, day: date) -> str:
    return format_skeleton("MMMEd", day, locale=context["language"])


@pass_context
def _month(context: Context, month: SettlementMonth) -> str:
    return format_skeleton("yMMMM", month.first_day, locale=context["language"])


@pass_context
def _moment(context: Context, at: datetime) -> str:
    return format_datetime(at.astimezone(SEOUL), "medium", locale=context["language"])


@pass_context
def _compact(context: Context, amount: int) -> str:
    return format_compact_decimal(amount, locale=context["language"], fraction_digits=1)


def _signed(points: int) -> str:
    """Write points with their sign, a minus as wide as a plus."""
    return f"{points:+,}".replace("-", "−") if points else "0"


_FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "day": _day,
    "short_day": _short_day,
    "month": _month,
    "moment": _moment,
    "compact": _compact,
    "signed": _signed,
    "whole": whole,
}
