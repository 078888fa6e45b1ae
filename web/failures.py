"""What the log says of a page or a scrape that failed, and which failures are a lost database."""

import logging
from traceback import format_exception
from typing import Final

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from adapters.postgres.database import DatabaseUnreachable
from domain.secrets import without_secrets

LOST: Final = (DatabaseUnreachable, OperationalError, InterfaceError)
"""The failures by which the database does not answer; any other is not about its connection."""

log = logging.getLogger("growth_points.pages")


def log_failure(path: str, failure: Exception) -> None:
    """Log why a page failed: in a line if the database does not answer, else with its traceback."""
    if isinstance(failure, LOST):
        cause = failure.orig if isinstance(failure, DBAPIError) else failure
        log.warning("%s: %s", path, without_secrets(str(cause)))
    else:
        log.error("%s: %s", path, without_secrets("".join(format_exception(failure))))
