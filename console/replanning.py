"""Payouts planned anew after a command that works without Prefect, where a server is to know."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from flows.prefect.servers.configured_server import configured_server
from flows.prefect.servers.lasting_server import running_server
from flows.settings import Settings


@contextmanager
def replanning_payouts(settings: Settings) -> Iterator[None]:
    """Bring the planned runs in line after a change, if a server is configured or runs here.

    Whether the configured one is there is found out before anything is changed.
    """
    url = configured_server() or running_server(settings.home)
    yield
    if url is not None:
        os.environ["PREFECT_API_URL"] = url
        os.environ.setdefault("PREFECT_LOGGING_LEVEL", "CRITICAL")
        os.environ.setdefault("PREFECT_LOGGING_TO_API_ENABLED", "false")
        from flows.paying.due_payouts import plan_payout_runs

        plan_payout_runs(settings)
