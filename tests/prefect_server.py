"""A temporary Prefect server for tests."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.prefect.servers.temporary_server import prepare_prefect


@contextmanager
def temporary_prefect(home: Path) -> Iterator[None]:
    """Run flows on a server of a home; they have no heartbeat, which takes a second."""
    prepare_prefect(home)
    from prefect import settings

    changes = {
        settings.PREFECT_API_URL: os.environ["PREFECT_API_URL"],
        settings.PREFECT_API_REQUEST_TIMEOUT: 300,
        settings.PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None,
        settings.PREFECT_LOGGING_LEVEL: "CRITICAL",
    }
    with settings.temporary_settings(changes):
        yield
