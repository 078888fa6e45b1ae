"""Runs that were refused, kept in the history of their month."""

from collections.abc import Iterator
from contextlib import contextmanager

from adapters.postgres.runs import Action, record_run
from domain.cause import Cause
from domain.months import SettlementMonth
from domain.refusal import Refused
from flows.program import program_database
from flows.settings import Settings


@contextmanager
def refusals_in_the_history(
    settings: Settings, month: SettlementMonth, action: Action, cause: Cause
) -> Iterator[None]:
    """Record that a run of a month was refused, and why, in its own transaction."""
    try:
        yield
    except Refused as refused:
        sentence = str(refused).partition("\n")[0]
        with program_database(settings) as engine, engine.begin() as connection:
            record_run(
                connection, month, action, cause, changed=False, difference={}, refused=sentence
            )
        raise
