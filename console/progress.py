"""Progress in the terminal: what the steps log, with the seconds since the start."""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click

STEPS = "growth_points"


@contextmanager
def progress(title: str) -> Iterator[None]:
    """Show on standard error what the steps are doing until they are done."""
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
    logger.propagate = False  # the terminal is told once
    try:
        with console.status(title, spinner=spinner):
            yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = True


@contextmanager
def warnings_told() -> Iterator[None]:
    """Tell on standard error what the steps warn of, in a command that shows no progress."""

    class Warnings(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            click.echo(f"warning: {record.getMessage()}", err=True)

    handler, logger = Warnings(logging.WARNING), logging.getLogger(STEPS)
    logger.addHandler(handler)
    logger.propagate = False  # the terminal is told once
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = True


def say(sentence: str) -> None:
    """Tell what is being done, as a step does."""
    logging.getLogger(STEPS).info(sentence)
