"""What nothing depends on and only a Prefect server can do: what is recorded stays, told or not."""

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from json import JSONDecodeError
from typing import Final

from httpx import HTTPError
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound

log = logging.getLogger("growth_points.telling")

# Nobody answers, or something that is no Prefect server; it answers with an error; somebody else
# changed what is there. An answer that is none of a web server is an HTTPError, too.
_TROUBLES: Final = (
    *(HTTPError, ConnectionError, TimeoutError),
    JSONDecodeError,
    *(ObjectNotFound, ObjectAlreadyExists),
)


def only_telling(what: str) -> AbstractContextManager[None]:
    """Log that something could not be told, instead of failing a run whose work is done."""
    return without_a_server(f"{what} could not be told to the Prefect server")


@contextmanager
def without_a_server(lacking: str) -> Iterator[None]:
    """Log what is lacking when the server fails, instead of raising; a fault of ours is raised."""
    try:
        yield
    except Exception as error:
        if not is_trouble_of_the_server(error):
            raise
        log.warning("%s: %s", lacking, error)


def is_trouble_of_the_server(error: Exception) -> bool:
    """Tell a server that cannot be reached or used from a fault of this program."""
    # What keeps Prefect from beginning a run is the cause of a RuntimeError.
    trouble = error.__cause__ if isinstance(error, RuntimeError) else error
    return isinstance(trouble, _TROUBLES)
