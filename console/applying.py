"""Applying the alarms from the command line."""

import os

from domain.refusal import Refused
from flows.prefect.servers.configured_server import configured_server
from flows.prefect.servers.lasting_server import running_server
from flows.prefect.servers.proxies import remove_unusable_proxies
from flows.settings import Settings


class NoServer(Refused):
    """There is no Prefect server to apply alarms to."""

    def __init__(self) -> None:
        super().__init__(
            "There is no Prefect server to apply alarms to. Start one with growth-points up, or "
            "set PREFECT_API_URL."
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
