"""Telling a Prefect server what nothing depends on: what is recorded stays, told or not."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger("growth_points.telling")


@contextmanager
def only_telling(what: str) -> Iterator[None]:
    """Log that something could not be told, instead of failing a run whose work is done."""
    try:
        yield
    except Exception as error:
        log.warning("%s could not be told to the Prefect server: %s", what, error)
