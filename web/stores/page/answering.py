"""Answering a request of the page: with its headers, and a page that says what is wrong."""

import logging
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from adapters.languages.catalog import Language
from adapters.postgres.revisions import SellerUnknown
from domain.refusal import Refused, WrongUsage
from domain.sentence import Sentence, sentence
from flows.showing.refusals import MonthNotClosed, NoDecision
from web.stores.page.forms import FormUnreadable
from web.stores.page.headers import guard
from web.stores.page.rendering import render_without_store
from web.stores.page.session import ForeignForm, NoSession, Session, keep, kept
from web.stores.page.visit import Visit, known_language
from web.stores.problems import AWAY, told

LANGUAGE_COOKIE: Final = "growth-points-language"
SEE_OTHER: Final = HTTPStatus.SEE_OTHER
_A_YEAR: Final = timedelta(days=365)
_RETRY_SECONDS: Final = 30
_Handler = Callable[[Request], Coroutine[Any, Any, Response]]
_FAILED: Final = sentence(
    "The service failed. Before you try again, check whether the request was done."
)
_NOT_NOW: Final = sentence("This cannot be answered at the moment. Try again in a minute.")

log = logging.getLogger("growth_points.stores")


class NoSuchPage(Refused):
    """An address at which the store has nothing."""

    def __init__(self, said: Sentence | None = None) -> None:
        super().__init__(said or sentence("There is no such page."))


class PageRoute(APIRoute):
    """A route that answers errors with pages, too."""

    def get_route_handler(self) -> _Handler:
        """Return the handler, wrapped in what every page needs."""
        handler = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                response = await handler(request)
            except Exception as trouble:
                response = problem_page(request, _as_refusal(trouble))
            _remember_language(request, response)
            return guard(response)

        return answer


def _as_refusal(trouble: Exception) -> Exception:
    """Return the refusal that an error of the framework means; any other error as it is."""
    match trouble:
        case RequestValidationError():
            return NoSuchPage()
        case HTTPException():  # a body that is longer than any request may have
            return FormUnreadable()
        case _:
            return trouble


def language_of(request: Request) -> Language:
    """Return the language that was asked for now, or last; Korean for a new visitor."""
    asked = request.query_params.get("lang"), kept(request, LANGUAGE_COOKIE)
    return next((each for each in map(known_language, asked) if each), "ko")


def problem_page(request: Request, trouble: Exception) -> Response:
    """Say what is wrong, with the status that fits; unexpected errors are logged."""
    status = status_of(trouble)
    if status is HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("%s %s", request.method, request.url.path, exc_info=trouble)
        return _page(request, status, _FAILED)
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        log.warning("%s %s: %s", request.method, request.url.path, trouble)
        response = _page(request, status, _NOT_NOW)
        response.headers["Retry-After"] = str(_RETRY_SECONDS)
        return response
    return _page(request, status, told_on_a_page(trouble))


def told_on_a_page(trouble: Exception) -> object:
    """Return what a page says of a refusal, without the reason that programs read."""
    match told(trouble):
        case Sentence(facts={"why": Sentence() as why}):
            return sentence("{why}. Nothing was converted.", why=why)
        case said:
            return said


def status_of(trouble: Exception) -> HTTPStatus:
    """Return the status that fits a refusal, or whatever else was raised."""
    found = (status for kind, status in _STATUS.items() if isinstance(trouble, kind))
    return next(found, HTTPStatus.INTERNAL_SERVER_ERROR)


_STATUS: Final[dict[type[Exception], HTTPStatus]] = {
    NoSession: HTTPStatus.UNAUTHORIZED,
    ForeignForm: HTTPStatus.FORBIDDEN,
    SellerUnknown: HTTPStatus.NOT_FOUND,
    MonthNotClosed: HTTPStatus.NOT_FOUND,
    NoDecision: HTTPStatus.NOT_FOUND,
    WrongUsage: HTTPStatus.UNPROCESSABLE_ENTITY,
    NoSuchPage: HTTPStatus.NOT_FOUND,
    Refused: HTTPStatus.CONFLICT,
    **dict.fromkeys(AWAY, HTTPStatus.SERVICE_UNAVAILABLE),
}


def left_page(request: Request) -> Response:
    """Say that the session has ended."""
    return _page(request, HTTPStatus.OK, sentence("You have left. Your session has ended."))


def _page(request: Request, status: HTTPStatus, said: object) -> Response:
    page = render_without_store(
        "store_problem.html", language_of(request), status=status, sentence=said
    )
    return HTMLResponse(page, status)


def _remember_language(request: Request, response: Response) -> None:
    if chosen := known_language(request.query_params.get("lang")):
        keep(request, response, LANGUAGE_COOKIE, chosen, datetime.now(UTC) + _A_YEAR)


def visit_of(request: Request, session: Session, tab: str) -> Visit:
    """Describe a visit of one of the pages by the store itself."""
    kept = [(name, value) for name, value in request.query_params.items() if name != "lang"]
    return Visit(
        seller_id=session.seller_id,
        language=language_of(request),
        root="",
        tab=tab,
        path=request.url.path,
        query=urlencode(kept),
        form_token=session.form_token,
    )
