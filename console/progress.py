"""Progress in the terminal: the log of the steps, with seconds since the start."""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click

STEPS = "growth_points"


@contextmanager
def progress(title: str) -> Iterator[None]:
    """Show the log of the steps on standard error, with a spinner."""
    from rich.console import Console

    console = Console(file=sys.stderr, highlight=False)
    spinner = "dots" if console.encoding.startswith("utf") else "line"
    logger = logging.getLogger(STEPS)
    began = time.monotonic()

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            console.print(f"[dim]{time.monotonic() - began:6.1f} s[/dim]  {record.getMessage()}")

    handler = Lines()
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False  # or each line is shown twice
    try:
        with console.status(title, spinner=spinner):
            yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = True


@contextmanager
def warnings_shown() -> Iterator[None]:
    """Show warnings on standard error, in a command that shows no progress."""

    class Warnings(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            click.echo(f"warning: {record.getMessage()}", err=True)

    handler, logger = Warnings(logging.WARNING), logging.getLogger(STEPS)
    logger.addHandler(handler)
    logger.propagate = False  # or each line is shown twice
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = True


def say(sentence: str) -> None:
    """Log a step."""
    logging.getLogger(STEPS).info(sentence)
