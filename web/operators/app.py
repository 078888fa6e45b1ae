"""The application of the operators' pages: its addresses, and what it does when one fails."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from threading import Thread
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from domain.months import SettlementMonth
from domain.refusal import Refused, Unavailable, WrongUsage
from flows.occasion import this_occasion
from flows.prefect.form_addresses import PrefectAddresses
from flows.prefect.servers.own_pages import OWN_HOSTS
from flows.program import program_calendar
from flows.settings import Settings
from flows.showing.desk import gather_desk
from web.failures import log_failure
from web.metrics import metrics_text
from web.operators.accounts import accounts_csv, accounts_page
from web.operators.answering import Handler, answering
from web.operators.compare import compare_csv, compare_page
from web.operators.first import first_page
from web.operators.guarding import Guarded
from web.operators.kept import kept_file
from web.operators.month import month_page, month_table_csv
from web.operators.month_lists import (
    awards_csv,
    awards_page,
    decisions_csv,
    decisions_page,
    history_csv,
    refused_csv,
    refused_page,
)
from web.operators.months import months_csv, months_page
from web.operators.opened import OpenedDatabase
from web.operators.rendering import own_file, style
from web.operators.rules import rule_csv, rule_page, rules_csv, rules_page
from web.operators.runbook import runbook_page
from web.operators.seen import seen_page
from web.operators.slashes import SlashesInNames
from web.operators.stores import find_csv, find_page, store_page, store_table_csv, store_table_page
from web.operators.visit import NoSuchPage, Visit

_NO_FIGURES: Final = "The figures could not be read; the program's log says why.\n"
_CACHED: Final = {"Cache-Control": "no-cache"}


def _nothing(_: Visit) -> Response:
    raise NoSuchPage


def _style(_: Request) -> Response:
    return Response(style(), media_type="text/css", headers=_CACHED)


def _leaf(_: Request) -> Response:
    return Response(own_file("leaf.svg"), media_type="image/svg+xml", headers=_CACHED)


def _figures(request: Request) -> Response:
    try:
        text = metrics_text(request.app.state.settings)
    except (Unavailable, SQLAlchemyError) as failure:
        log_failure("/metrics", failure)
        return PlainTextResponse(_NO_FIGURES, 500)
    return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})


_PAGES: Final[dict[str, Handler]] = {
    "/": first_page,
    "/months": months_page,
    "/months.csv": months_csv,
    "/months/{month}": month_page,
    "/months/{month}/awards": awards_page,
    "/months/{month}/awards.csv": awards_csv,
    "/months/{month}/decisions": decisions_page,
    "/months/{month}/decisions.csv": decisions_csv,
    "/months/{month}/refused": refused_page,
    "/months/{month}/refused.csv": refused_csv,
    "/months/{month}/history.csv": history_csv,
    "/months/{month}/{table}.csv": month_table_csv,
    "/compare": compare_page,
    "/compare.csv": compare_csv,
    "/rules": rules_page,
    "/rules.csv": rules_csv,
    "/rules/{rule}.csv": rule_csv,
    "/rules/{rule}": rule_page,
    "/stores": find_page,
    "/stores.csv": find_csv,
    "/stores/{seller_id}": store_page,
    "/stores/{seller_id}/seen": seen_page,
    "/stores/{seller_id}/seen/{path:path}": seen_page,
    "/stores/{seller_id}/{table}.csv": store_table_csv,
    "/stores/{seller_id}/{table}": store_table_page,
    "/accounts": accounts_page,
    "/accounts.csv": accounts_csv,
    "/reports/{path:path}": kept_file,
    "/docs/runbook/{path:path}": runbook_page,
    "/docs/{path:path}": kept_file,
    "/{path:path}": _nothing,
}


def create_operators_app(settings: Settings, host: str) -> Starlette:
    """Make the application, which answers by this machine's names and the configured ones."""
    app = Starlette(
        routes=[
            Route("/style.css", _style),
            Route("/leaf.svg", _leaf),
            Route("/favicon.ico", _leaf),
            Route("/metrics", _figures),
            *(Route(path, answering(handler)) for path, handler in _PAGES.items()),
        ],
        middleware=[
            Middleware(Guarded, names={*OWN_HOSTS, host, *settings.host_names}),
            Middleware(SlashesInNames),
        ],
        lifespan=_with_database,
    )
    app.router.redirect_slashes = False
    app.state.settings = settings
    app.state.database = OpenedDatabase(settings)
    app.state.prefect = PrefectAddresses(settings.home)
    return app


@asynccontextmanager
async def _with_database(app: Starlette) -> AsyncIterator[None]:
    """Read what the first page shows before anybody asks for it; close it in the end."""
    Thread(target=_open_early, args=(app,), daemon=True).start()
    yield
    app.state.database.close()


def _open_early(app: Starlette) -> None:
    settings: Settings = app.state.settings
    today = this_occasion().today
    with suppress(Refused, Unavailable, WrongUsage, SQLAlchemyError):  # the page says what is wrong
        program_calendar(settings)(SettlementMonth.of(today))
        with app.state.database.engine().connect() as connection:
            gather_desk(connection, settings, today)
