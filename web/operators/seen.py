"""What a store sees of itself, shown to operators: the stores' own pages, without their forms."""

from collections.abc import Callable
from typing import Final
from urllib.parse import quote, urlencode

from sqlalchemy import Connection
from starlette.responses import HTMLResponse, Response

from domain.months import SettlementMonth
from flows.program import program_policies
from web.operators.guarding import STYLE_IN_THE_PAGE
from web.operators.visit import NoSuchPage, Visit
from web.stores.page.pages import (
    consulting_page,
    decision_page,
    months_page,
    points_page,
    statement_page,
)
from web.stores.page.statement import TABS, StatementPart
from web.stores.page.visit import Visit as StoreVisit

_HEADERS: Final = {"Content-Security-Policy": STYLE_IN_THE_PAGE}
_Page = Callable[[Connection], str]


def seen_page(visit: Visit) -> Response:
    """Show a page of a store as the store sees it; raises NoSuchPage, SellerUnknown."""
    path = [each for each in visit.places.get("path", "").split("/") if each]
    shown = _page(visit, _store_visit(visit, path), path)
    with visit.reading() as connection:
        return HTMLResponse(shown(connection), headers=_HEADERS)


def _page(visit: Visit, of_store: StoreVisit, path: list[str]) -> _Page:
    """Choose the page by its tab, and the month behind that."""
    policies, rule = program_policies(visit.settings), visit.settings.approval_rule
    match path:
        case []:
            return lambda connection: points_page(connection, of_store, policies)
        case ["why"]:
            return lambda connection: months_page(connection, of_store, policies)
        case ["why", month]:
            of = SettlementMonth.parse(month)
            return lambda connection: decision_page(connection, of_store, of, rule)
        case ["consulting"]:
            return lambda connection: consulting_page(connection, of_store)
        case [tab] if tab in TABS:
            part = _part(visit)
            return lambda connection: statement_page(connection, of_store, part)
    raise NoSuchPage


def _part(visit: Visit) -> StatementPart:
    month = visit.asked.get("month")
    return StatementPart(SettlementMonth.parse(month) if month else None, visit.page())


def _store_visit(visit: Visit, path: list[str]) -> StoreVisit:
    seller_id = visit.places["seller_id"]
    root = f"{visit.root}/stores/{quote(seller_id, safe='')}/seen"
    return StoreVisit(
        seller_id=seller_id,
        language=visit.language,
        root=root,
        tab=path[0] if path else "",
        path="/".join((root, *path)),
        query=urlencode({name: value for name, value in visit.asked.items() if name != "lang"}),
    )
