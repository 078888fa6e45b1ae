"""The first task of a flow: checking the clocks."""

from flows.clocks import warn_about_clocks
from flows.prefect.endings import step
from flows.prefect.retrying import RETRIES
from flows.program import program_database
from flows.settings import Settings


@step(name="check the clocks", **RETRIES)
def check_clocks(settings: Settings) -> None:
    """Log a warning about clocks that cannot be right."""
    with program_database(settings) as engine:
        warn_about_clocks(engine)
