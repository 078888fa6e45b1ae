"""Rendering the operators' pages."""

import re
from datetime import date
from importlib.resources import files
from typing import Final

from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from starlette.responses import HTMLResponse

from domain.months import SettlementMonth
from domain.sentence import Joined, Sentence
from web.operators.looks import look_of
from web.operators.tables import Linked, Table, Tags, written
from web.operators.visit import Visit
from web.speaking import speaking_templates


def page(template: str, visit: Visit, status: int = 200, **values: object) -> HTMLResponse:
    """Answer with a page."""
    shown = _TEMPLATES.get_template(template).render(visit=visit, language=visit.language, **values)
    return HTMLResponse(shown, status)


def rendered(template: str, visit: Visit, **values: object) -> str:
    """Render a part of a page."""
    return _TEMPLATES.get_template(template).render(visit=visit, language=visit.language, **values)


def style() -> str:
    """Return the style of the pages, below what the stores' page shares with it."""
    return _TEMPLATES.get_template("desk.css").render()


def own_file(name: str) -> str:
    """Return a file of the pages, such as their picture in a browser's tab."""
    return (files("web.operators") / "templates" / name).read_text("utf-8")


_SHORT: Final = 20  # characters


@pass_context
def _cell(context: Context, value: object) -> str:
    """Write what a cell of a table says."""
    return written(value, context["language"])


def _breadth(value: object) -> str:
    """Say how a cell of text breaks: dates and ids do not, long texts have room."""
    told = value.text if isinstance(value, Linked) else value
    if isinstance(told, date | SettlementMonth):
        return "keep"
    if isinstance(told, str) and len(told) <= _SHORT:
        return "keep"
    return "long" if isinstance(told, str | Sentence | Joined) else ""


def _unbroken(said: str) -> str:
    """Keep each number of points and its unit on one line."""
    return re.sub(r"(?<=\d) P\b", "\N{NO-BREAK SPACE}P", said)


def _kind(value: object) -> str:
    """Name how a cell is drawn."""
    return {Linked: "linked", Tags: "tags", Table: "table"}.get(type(value), "text")


def _templates() -> Environment:
    templates = speaking_templates("web.operators")
    templates.filters.update(cell=_cell, kind=_kind, breadth=_breadth, unbroken=_unbroken)
    templates.globals.update(look_of=look_of)
    return templates


_TEMPLATES: Final = _templates()
