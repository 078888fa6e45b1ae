"""What commands without flows do on the Prefect server: apply alarms, replan payout runs.

It is the configured server, or the one that runs in the home.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from domain.refusal import Refused
from domain.sentence import sentence
from flows.prefect.servers.configured_server import configured_server
from flows.prefect.servers.lasting_server import running_server
from flows.prefect.servers.proxies import remove_unusable_proxies
from flows.settings import Settings


class NoServer(Refused):
    """There is no Prefect server to apply alarms to."""

    def __init__(self) -> None:
        super().__init__(
            sentence(
                "There is no Prefect server to apply alarms to. Start one with "
                "growth-points up, or set PREFECT_API_URL."
            )
        )


def apply_alarms_now(settings: Settings, webhook: str | None) -> str:
    """Apply the alarms, sent to a webhook if one is given; return what changed. Raises NoServer."""
    if configured_server() is None:
        remove_unusable_proxies()
        if (url := running_server(settings.home)) is None:
            raise NoServer
        os.environ["PREFECT_API_URL"] = url
    from flows.prefect.alarms import apply_alarms, save_webhook

    if webhook is not None:
        save_webhook(webhook)
    return apply_alarms().sentence()


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
