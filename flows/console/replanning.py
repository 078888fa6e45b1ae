"""Payouts planned anew after a command that works without Prefect, where a server is to know."""

import os

from flows.servers.lasting_server import running_server
from flows.settings import Settings


def replan_payouts(settings: Settings) -> None:
    """Bring the planned runs in line, if a server is configured or runs in this home."""
    if (url := os.environ.get("PREFECT_API_URL") or running_server(settings.home)) is not None:
        os.environ["PREFECT_API_URL"] = url
        os.environ.setdefault("PREFECT_LOGGING_LEVEL", "CRITICAL")
        os.environ.setdefault("PREFECT_LOGGING_TO_API_ENABLED", "false")
        from flows.operations.payout_runs import plan_payout_runs

        plan_payout_runs(settings)
