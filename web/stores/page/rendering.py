"""Rendering the pages: texts, amounts and dates in the language of the visit."""

from collections.abc import Callable
from datetime import date, datetime
from importlib.resources import files
from typing import Any, Final

from babel.dates import format_date, format_datetime, format_skeleton
from babel.numbers import format_compact_decimal
from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from adapters.html import page_templates
from adapters.languages.catalog import Language
from domain.months import SettlementMonth
from domain.sentence import whole
from flows.occasion import SEOUL
from web.stores.page.csrf import FIELD
from web.stores.page.visit import Visit


def render(template: str, visit: Visit, **values: object) -> str:
    """Render a page of a visit."""
    return _TEMPLATES.get_template(template).render(visit=visit, language=visit.language, **values)


def render_without_store(template: str, language: Language, **values: object) -> str:
    """Render a page for a visitor who may not be signed in, such as an error."""
    return _TEMPLATES.get_template(template).render(language=language, **values)


def served_file(name: str) -> str:
    """Return a file of the pages: their stylesheet, their picture in a browser's tab."""
    return (files("web.stores") / "templates" / f"store_{name}").read_text("utf-8")


@pass_context
def _own_form(context: Context) -> Markup:
    """Return the hidden field that proves that a form comes from this page."""
    visit: Visit = context["visit"]
    field = Markup('<input type="hidden" name="{}" value="{}">')
    return field.format(FIELD, visit.form_token)


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


def _templates() -> Environment:
    templates = page_templates("web.stores")
    templates.filters.update(_FILTERS)
    templates.globals.update(own_form=_own_form)
    return templates


_TEMPLATES: Final = _templates()
