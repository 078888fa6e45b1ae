"""Answering a request: with its page, or with one that says in a sentence what is wrong."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from adapters.postgres.revisions import SellerUnknown
from domain.sentence import whole
from web.operators.rendering import page
from web.operators.troubles import log_trouble, status_of, told_of
from web.operators.visit import Visit, keep_language, require_sound, visit_of

Handler = Callable[[Visit], Response]


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
    log_trouble(visit, trouble)
    status, said = status_of(trouble), told_of(visit, trouble)
    if visit.path.endswith(".csv"):
        return PlainTextResponse(f"{whole(said)}\n", status)
    facts = {"said": said, "find": isinstance(trouble, SellerUnknown)}
    return page("problem.html", visit, status, **facts)
