"""Answering a request: with its page, or with one that says in a sentence what is wrong."""

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from adapters.languages.catalog import say
from adapters.postgres.revisions import SellerUnknown
from domain.months import MonthInvalid
from domain.refusal import Refused, Unavailable, WrongUsage
from domain.sentence import Sentence, sentence, whole
from flows.prefect.form_words import in_form_words
from flows.showing.comparing import NoSuchEvaluation
from flows.showing.refusals import MonthNotClosed, NoDecision
from web.operators.month_lists import TooManyFiles
from web.operators.rendering import page
from web.operators.visit import NoSuchPage, Visit, keep_language, require_sound, visit_of

Handler = Callable[[Visit], Response]
AWAY: Final = sentence("The database does not answer.")
_FAILED: Final = sentence("The page could not be made; the program's log says why.")
_STATUS: Final[dict[type[Exception], HTTPStatus]] = {
    NoSuchPage: HTTPStatus.NOT_FOUND,
    SellerUnknown: HTTPStatus.NOT_FOUND,
    MonthNotClosed: HTTPStatus.NOT_FOUND,
    NoDecision: HTTPStatus.NOT_FOUND,
    NoSuchEvaluation: HTTPStatus.NOT_FOUND,
    MonthInvalid: HTTPStatus.NOT_FOUND,
    TooManyFiles: HTTPStatus.SERVICE_UNAVAILABLE,
    WrongUsage: HTTPStatus.BAD_REQUEST,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    SQLAlchemyError: HTTPStatus.SERVICE_UNAVAILABLE,
}

log = logging.getLogger("growth_points.pages")


def answering(handler: Handler) -> Callable[[Request], Response]:
    """Make a route's function of a page's."""

    def answer(request: Request) -> Response:
        visit = visit_of(request)
        try:
            require_sound(request)
            response = handler(visit)
        except Exception as trouble:
            return _problem(visit, trouble)
        if request.query_params.get("lang"):
            keep_language(response, visit.language)
        return response

    return answer


def _problem(visit: Visit, trouble: Exception) -> Response:
    status, told = _status(trouble), _said(trouble)
    if told is _FAILED:
        log.error("%s", visit.path, exc_info=trouble)
    said = in_form_words(say(told, visit.language), visit.language)
    if visit.path.endswith(".csv"):
        return PlainTextResponse(f"{whole(said)}\n", status)
    facts = {"said": said, "find": isinstance(trouble, SellerUnknown)}
    return page("problem.html", visit, status, **facts)


def _status(trouble: Exception) -> HTTPStatus:
    found = (status for kind, status in _STATUS.items() if isinstance(trouble, kind))
    return next(found, HTTPStatus.INTERNAL_SERVER_ERROR)


def _said(trouble: Exception) -> Sentence | str:
    if isinstance(trouble, Unavailable | SQLAlchemyError):
        return AWAY
    if isinstance(trouble, SellerUnknown):
        return sentence(
            "No seller {seller_id!r} is in any month's snapshot.", seller_id=trouble.seller_id
        )
    if isinstance(trouble, MonthNotClosed):
        return sentence("{month} was never closed.", month=trouble.month)
    if isinstance(trouble, Refused | WrongUsage) and trouble.args:
        said: Sentence | str = trouble.args[0]
        return said
    return _FAILED
