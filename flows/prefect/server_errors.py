"""Tolerating failures of the Prefect server in work that nothing depends on."""

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from json import JSONDecodeError
from typing import Final

from httpx import HTTPError
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound

from domain.sentence import Text, Word, joined, sentence

log = logging.getLogger("growth_points.server_errors")

# No answer, an answer that is not Prefect's, an error, or a concurrent change.
_TROUBLES: Final = (
    *(HTTPError, ConnectionError, TimeoutError),
    JSONDecodeError,
    *(ObjectNotFound, ObjectAlreadyExists),
)


def best_effort(what: str) -> AbstractContextManager[None]:
    """Log that something could not be sent, rather than fail a run whose work is done."""
    return tolerating_server_errors(
        sentence("{what} could not be sent to the Prefect server", what=Word("to send", what))
    )


@contextmanager
def tolerating_server_errors(lacking: Text) -> Iterator[None]:
    """Log a warning if the server fails in the block; errors of this program are raised."""
    try:
        yield
    except Exception as error:
        if not is_server_error(error):
            raise
        log.warning(joined((lacking, str(error)), ": "))


def is_server_error(error: Exception) -> bool:
    """Whether an error is the server's, not a bug in this program."""
    # If Prefect cannot begin a run, the reason is the cause of a RuntimeError.
    trouble = error.__cause__ if isinstance(error, RuntimeError) else error
    return isinstance(trouble, _TROUBLES)
