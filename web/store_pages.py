"""The stores' pages for operators: a store found by its id, and what it sees, read only."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from sqlalchemy import Connection

from adapters.html import page_templates
from adapters.postgres.find_stores import stores_beginning
from adapters.postgres.revisions import SellerUnknown
from domain.months import MonthInvalid, SettlementMonth
from domain.refusal import Refused
from flows.program import program_database, program_policies
from flows.settings import Settings
from flows.showing.refusals import MonthNotClosed, NoDecision
from web.stores.page.pages import (
    consulting_page,
    decision_page,
    months_page,
    points_page,
    statement_page,
)
from web.stores.page.statement import TABS, StatementPart
from web.stores.page.visit import Visit, known_language

_MOST_FOUND: Final = 50
_NO_PAGE: Final = "There is no such page."
_TEMPLATES: Final = page_templates("web")
_Page = Callable[[Connection], str]


class NoSuchPage(Refused):
    """An address of no store, or of no page of one."""


def store_page(settings: Settings, _: date, *, address: str) -> str:
    """Render the page at `/stores`, `/stores/ID` or below; raises NoSuchPage."""
    path, asked = _parts(address)
    with program_database(settings) as engine, engine.connect() as connection:
        if len(path) == 1:
            return _found(connection, asked.get("id", "").strip())
        try:
            return _page(settings, path[1:], asked)(connection)
        except (SellerUnknown, MonthNotClosed, NoDecision, MonthInvalid) as missing:
            raise NoSuchPage(str(missing)) from missing


def _parts(address: str) -> tuple[list[str], Mapping[str, str]]:
    """Take an address apart: the names of its path, and what is asked for; raises NoSuchPage."""
    try:
        whole = urlsplit(address)
        asked = dict(parse_qsl(whole.query, max_num_fields=20))
    except ValueError:
        raise NoSuchPage(_NO_PAGE) from None
    names = [unquote(each) for each in whole.path.strip("/").split("/")]
    if not all(each.isprintable() for each in (*names, *asked.values())):
        raise NoSuchPage(_NO_PAGE)
    return names, asked


def _found(connection: Connection, start: str) -> str:
    stores = tuple(stores_beginning(connection, start, _MOST_FOUND))
    return _TEMPLATES.get_template("stores.html").render(start=start, stores=stores)


def _page(settings: Settings, path: list[str], asked: Mapping[str, str]) -> _Page:
    """Choose the page of a store by its tab, and the month behind that."""
    visit, policies = _visit(settings, path, asked), program_policies(settings)
    match path[1:]:
        case []:
            return lambda connection: points_page(connection, visit, policies)
        case ["why"]:
            return lambda connection: months_page(connection, visit, policies)
        case ["why", month]:
            of, rule = SettlementMonth.parse(month), settings.approval_rule
            return lambda connection: decision_page(connection, visit, of, rule)
        case ["consulting"]:
            return lambda connection: consulting_page(connection, visit)
        case [tab] if tab in TABS:
            part = _part(asked)
            return lambda connection: statement_page(connection, visit, part)
    raise NoSuchPage(_NO_PAGE)


def _part(asked: Mapping[str, str]) -> StatementPart:
    month, page = asked.get("month"), asked.get("page", "1")
    number = int(page) if page.isdecimal() and len(page) < 7 else 1  # noqa: PLR2004 digits
    return StatementPart(SettlementMonth.parse(month) if month else None, max(number, 1))


def _visit(settings: Settings, path: list[str], asked: Mapping[str, str]) -> Visit:
    kept = {name: value for name, value in asked.items() if name != "lang"}
    below = urlsplit(settings.pages_url or "").path.rstrip("/")
    root = f"{below}/stores/{quote(path[0], safe='')}"
    return Visit(
        seller_id=path[0],
        language=known_language(asked.get("lang")) or settings.language,
        root=root,
        tab=path[1] if len(path) > 1 else "",
        path="/".join((root, *path[1:])),
        query=urlencode(kept),
    )
