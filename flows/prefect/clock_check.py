"""The step with which a flow begins: the clocks are looked at."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from flows.clocks import tell_clocks
from flows.prefect.retrying import PATIENCE
from flows.program import program_database
from flows.settings import Settings


@task(cache_policy=NO_CACHE, name="look at the clocks", **PATIENCE)
def check_clocks(settings: Settings) -> None:
    """Tell of clocks that cannot be right, in the log of the run or beside the command."""
    with program_database(settings) as engine:
        tell_clocks(engine)
