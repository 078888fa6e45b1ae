"""The first task of a flow: checking the clocks."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from flows.clocks import warn_about_clocks
from flows.prefect.retrying import RETRIES
from flows.program import program_database
from flows.settings import Settings


@task(cache_policy=NO_CACHE, name="check the clocks", **RETRIES)
def check_clocks(settings: Settings) -> None:
    """Log a warning about clocks that cannot be right."""
    with program_database(settings) as engine:
        warn_about_clocks(engine)
