"""What a page says of what went wrong, with which status, and what of it is logged."""

from http import HTTPStatus
from typing import Final

from sqlalchemy.exc import TimeoutError as PoolTimeout

from adapters.languages.catalog import say
from adapters.postgres.revisions import SellerUnknown
from domain.months import MonthInvalid
from domain.refusal import Refused, Unavailable, WrongUsage
from domain.sentence import Text, sentence
from flows.prefect.form_words import in_form_words
from flows.showing.comparing import NoSuchEvaluation
from flows.showing.refusals import MonthNotClosed, NoDecision
from web.failures import LOST, log_failure
from web.operators.month_lists import TooManyFiles
from web.operators.visit import NoSuchPage, Visit

_AWAY: Final = sentence("The database does not answer.")
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
    **dict.fromkeys((*LOST, PoolTimeout), HTTPStatus.SERVICE_UNAVAILABLE),
}


def log_trouble(visit: Visit, trouble: Exception) -> None:
    """Log what somebody should mend, not what was asked for wrongly."""
    if isinstance(trouble, Unavailable) or _said(trouble) in (_AWAY, _FAILED):
        log_failure(visit.path, trouble)


def status_of(trouble: Exception) -> HTTPStatus:
    """Return the status of the answer; any trouble that nothing is known of is a bug."""
    found = (status for kind, status in _STATUS.items() if isinstance(trouble, kind))
    return next(found, HTTPStatus.INTERNAL_SERVER_ERROR)


def told_of(visit: Visit, trouble: Exception) -> str:
    """Say what is wrong in the language of the page."""
    return in_form_words(say(_said(trouble), visit.language), visit.language)


def _said(trouble: Exception) -> Text:
    if isinstance(trouble, LOST):
        return _AWAY
    if isinstance(trouble, SellerUnknown):
        return sentence(
            "No seller {seller_id!r} is in any month's snapshot.", seller_id=trouble.seller_id
        )
    if isinstance(trouble, MonthNotClosed):
        return sentence("{month} was never closed.", month=trouble.month)
    if isinstance(trouble, Refused | Unavailable | WrongUsage) and trouble.args:
        said: Text = trouble.args[0]
        return said
    return _FAILED
