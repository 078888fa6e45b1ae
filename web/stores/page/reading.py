"""The pages that a store reads: its points, its statement, its months, consulting.

The tabs of the statement come last: their route takes any name, and refuses what is no tab.
"""

from collections.abc import Callable
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request
from sqlalchemy import Connection
from starlette.responses import HTMLResponse, RedirectResponse, Response

from domain.months import SettlementMonth
from web.stores.page.answering import SEE_OTHER, PageRoute, left_page, visit_of
from web.stores.page.forms import Fields
from web.stores.page.pages import (
    consulting_page,
    decision_page,
    months_page,
    points_page,
    statement_page,
)
from web.stores.page.rendering import served_file, stylesheet
from web.stores.page.session import Session, TheirForm, TheSession, begin, end
from web.stores.page.statement import TABS, StatementPart
from web.stores.statement_csv import statement_csv

reading = APIRouter(route_class=PageRoute, include_in_schema=False)
_CACHED: Final = {"Cache-Control": "max-age=3600"}
TabName = Literal["received", "used", "expired"]
Page = Annotated[int, Query(ge=1, le=100_000)]


@reading.post("/open")
def open_page(request: Request, fields: Fields) -> Response:
    """Begin a session with the token that the seller center hands over."""
    response = RedirectResponse("/", SEE_OTHER)
    begin(request, response, fields.get("token", ""))
    return response


@reading.post("/leave")
def leave(request: Request, _: TheirForm) -> Response:
    """End the session."""
    response = RedirectResponse("/left", SEE_OTHER)
    end(request, response)
    return response


@reading.get("/left")
def left(request: Request) -> Response:
    """Say that the session has ended."""
    return left_page(request)


@reading.get("/style.css")
def style() -> Response:
    """Return the stylesheet."""
    return Response(stylesheet(), media_type="text/css", headers=_CACHED)


@reading.get("/leaf.svg")
def leaf() -> Response:
    """Return the picture in a browser's tab."""
    return Response(served_file("leaf.svg"), media_type="image/svg+xml", headers=_CACHED)


@reading.get("/")
def points(request: Request, session: TheSession) -> Response:
    """Show what the store has."""
    visit = visit_of(request, session, "")
    return _shown(session, lambda connection: points_page(connection, visit, session.policies))


@reading.get("/why")
def months(request: Request, session: TheSession) -> Response:
    """List the months that were decided."""
    visit = visit_of(request, session, "why")
    return _shown(session, lambda connection: months_page(connection, visit, session.policies))


@reading.get("/why/{month}")
def decision(request: Request, month: str, session: TheSession) -> Response:
    """Explain a month."""
    visit = visit_of(request, session, "why")
    asked, rule = SettlementMonth.parse(month), request.app.state.settings.approval_rule
    return _shown(session, lambda connection: decision_page(connection, visit, asked, rule))


@reading.get("/consulting")
def consulting(request: Request, session: TheSession) -> Response:
    """Say whether consulting is open."""
    visit = visit_of(request, session, "consulting")
    return _shown(session, lambda connection: consulting_page(connection, visit))


@reading.get("/{tab}.csv")
def statement_file(tab: TabName, session: TheSession, month: str = "") -> Response:
    """Return the lines of a tab as CSV, all of them or those of a month."""
    part = StatementPart(month_or_none(month))
    answer = statement_csv(
        session.engine,
        session.seller_id,
        since=part.since,
        until=part.until,
        kinds=TABS[tab].kinds,
    )
    name = f"{tab}-{month}.csv" if month else f"{tab}.csv"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@reading.get("/{tab}")
def statement_tab(
    request: Request,
    tab: TabName,
    session: TheSession,
    month: str = "",
    page: Page = 1,
) -> Response:
    """Show the lines of a tab."""
    visit = visit_of(request, session, tab)
    part = StatementPart(month_or_none(month), page)
    return _shown(session, lambda connection: statement_page(connection, visit, part))


def month_or_none(text: str) -> SettlementMonth | None:
    """Read a month; an empty text is none. Raises MonthInvalid."""
    return SettlementMonth.parse(text) if text else None


def _shown(session: Session, page: Callable[[Connection], str]) -> Response:
    with session.engine.connect() as connection:
        return HTMLResponse(page(connection))
