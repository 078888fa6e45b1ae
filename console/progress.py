"""Progress in the terminal: the log of the steps, with seconds since the start."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from adapters.languages.catalog import say_logged
from console.language import spoken, told
from console.output import echo, error_console
from domain.sentence import Text, sentence
from domain.written import legible

STEPS = "growth_points"


@contextmanager
def progress(title: Text) -> Iterator[None]:
    """Show the log of the steps on standard error, with a spinner."""
    from rich.text import Text

    console = error_console()
    spinner = "dots" if console.encoding.startswith("utf") else "line"
    began = time.monotonic()

    def show(step: str) -> None:
        seconds = (f"{time.monotonic() - began:6.1f} s", "dim")
        console.print(Text.assemble(seconds, legible(f"  {step}")))

    logging.getLogger(STEPS).setLevel(logging.INFO)
    with _shown(show, logging.INFO), console.status(told(title), spinner=spinner):
        yield


def warnings_shown() -> AbstractContextManager[None]:
    """Show warnings on standard error, in a command that shows no progress."""
    return _shown(_warn, logging.WARNING)


def _warn(warning: str) -> None:
    echo(sentence("warning: {warning}", warning=warning), err=True)


@contextmanager
def _shown(show: Callable[[str], None], level: int) -> Iterator[None]:
    """Show the messages of the log, from a level on."""

    class Shown(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            show(say_logged(record, spoken()))

    handler, logger = Shown(level), logging.getLogger(STEPS)
    logger.addHandler(handler)
    logger.propagate = False  # or each line is shown twice
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = True


def say(text: Text) -> None:
    """Log a step."""
    logging.getLogger(STEPS).info(text)
