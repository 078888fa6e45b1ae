"""Problems as RFC 9457 describes them: a request that fails gets a reason and a sentence."""

import logging
import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from adapters.languages.catalog import say
from domain.refusal import Refused, Unavailable, WrongUsage
from domain.sentence import sentence, whole
from web.stores.access import NotAllowed, TokenRefused
from web.stores.languages import language_of

MEDIA_TYPE: Final = "application/problem+json"
AWAY: Final = (Unavailable, OperationalError, InterfaceError, PoolTimeout)
_FAILED: Final = sentence(
    "The service failed. Send the request again with the same key or entries; it is not done twice."
)
_RETRY_AFTER_SECONDS: Final = 5
_UNKNOWN: Final = re.compile("(Unknown|NotClosed|NoDecision)$")

# What stores and services read instead of a sentence that names operators' commands.
_FOR_STORES: Final = {
    "seller_unknown": sentence("No store has this id."),
    "no_ad_account": sentence("No search-ad account is linked. Link one, then convert."),
    "other_conversion": sentence(
        "This request id was used before for another number of points. Nothing was converted; use "
        "a new id for a new conversion."
    ),
    "event_unknown": sentence("This event has no reward entries."),
    "month_not_closed": sentence("This month has not been decided yet."),
    "no_decision": sentence("There is no decision about this store for this month."),
}
_OF_HTTP: Final = {
    400: ("bad_request", sentence("The body is not JSON.")),
    404: ("not_found", sentence("There is nothing at this address.")),
    405: ("method_not_allowed", sentence("This address does not support this method.")),
    413: ("content_too_large", sentence("The body is too long.")),
}

log = logging.getLogger("growth_points.stores")


class WrongPlace(BaseModel):
    """A wrong value in a request: where it is, and what is wrong with it."""

    where: str
    what: str


class Problem(BaseModel):
    """Why a request was not done (RFC 9457); `reason` is for programs, `detail` for people."""

    type: str
    title: str
    status: int
    detail: str
    reason: str
    errors: list[WrongPlace] | None = None


def problem(
    status: int,
    reason: str,
    detail: str,
    *,
    errors: Sequence[WrongPlace] | None = None,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """Write a problem."""
    written = Problem(
        type=f"urn:growth-points:problem:{reason}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        reason=reason,
        errors=None if errors is None else list(errors),
    )
    return JSONResponse(
        written.model_dump(exclude_none=True),
        status,
        headers={"Cache-Control": "no-store", **(headers or {})},
        media_type=MEDIA_TYPE,
    )


def reason_of(error: Exception) -> str:
    """Name why something was refused: by its own reason, else by the name of the exception."""
    if (own := getattr(error, "refusal", None) or getattr(error, "reason", None)) is not None:
        return str(own)
    return re.sub("(?<=[a-z])(?=[A-Z])", "_", type(error).__name__).lower()


def answer_problems(app: FastAPI) -> None:
    """Make an application answer every exception with a problem."""
    app.add_exception_handler(TokenRefused, _token_refused)
    app.add_exception_handler(NotAllowed, _not_allowed)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(WrongUsage, _wrong_usage)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _of_http)
    for error in AWAY:
        app.add_exception_handler(error, _unavailable)
    app.add_exception_handler(Exception, _bug)


def told(error: Exception) -> object:
    """Return what stores and services are told of an error, a text or a sentence."""
    return _FOR_STORES.get(reason_of(error), error.args[0] if error.args else str(error))


def _said(request: Request, error: Exception) -> str:
    return say(told(error), language_of(request))


def _token_refused(request: Request, error: Exception) -> JSONResponse:
    reason = reason_of(error)
    said = "" if reason == "token_missing" else ' error="invalid_token"'
    headers = {"WWW-Authenticate": f"Bearer{said}"}
    return problem(401, reason, _said(request, error), headers=headers)


def _not_allowed(request: Request, error: Exception) -> JSONResponse:
    return problem(403, reason_of(error), _said(request, error))


def _refused(request: Request, error: Exception) -> JSONResponse:
    status = 404 if _UNKNOWN.search(type(error).__name__) else 409
    return problem(status, reason_of(error), _said(request, error))


def _wrong_usage(request: Request, error: Exception) -> JSONResponse:
    return problem(422, reason_of(error), whole(_said(request, error)))


def _invalid(request: Request, error: Exception) -> JSONResponse:
    wrong = cast("RequestValidationError", error).errors()
    found = [WrongPlace(where=_place(each["loc"]), what=each["msg"]) for each in wrong]
    said = say(
        sentence("The request does not match the interface's description."), language_of(request)
    )
    return problem(422, "request_invalid", said, errors=found[:20])


def _place(location: Sequence[Any]) -> str:
    return "/".join(str(each).encode(errors="replace").decode()[:64] for each in location)


def _of_http(request: Request, error: Exception) -> JSONResponse:
    refused = cast("HTTPException", error)
    status = refused.status_code
    reason, told = _OF_HTTP.get(status, ("refused", refused.detail))
    said = say(told, language_of(request))
    return problem(status, reason, said, headers=dict(refused.headers or {}))


def _unavailable(request: Request, error: Exception) -> JSONResponse:
    log.warning("%s %s: %s", request.method, request.url.path, error)
    said = say(sentence("The service cannot answer at the moment."), language_of(request))
    return problem(503, "unavailable", said, headers={"Retry-After": str(_RETRY_AFTER_SECONDS)})


def _bug(request: Request, error: Exception) -> JSONResponse:
    log.error("%s %s", request.method, request.url.path, exc_info=error)
    return problem(500, "failed", say(_FAILED, language_of(request)))
