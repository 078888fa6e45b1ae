"""Replanning payout runs after a command that itself works without Prefect."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from flows.prefect.servers.configured_server import configured_server
from flows.prefect.servers.lasting_server import running_server
from flows.settings import Settings


@contextmanager
def replanning_payouts(settings: Settings) -> Iterator[None]:
    """Replan the payout runs after the block, if a server is configured or runs in this home.

    A configured server that does not answer is refused before the block.
    """
    url = configured_server() or running_server(settings.home)
    yield
    if url is not None:
        os.environ["PREFECT_API_URL"] = url
        os.environ.setdefault("PREFECT_LOGGING_LEVEL", "CRITICAL")
        os.environ.setdefault("PREFECT_LOGGING_TO_API_ENABLED", "false")
        from flows.paying.due_payouts import plan_payout_runs

        plan_payout_runs(settings)
