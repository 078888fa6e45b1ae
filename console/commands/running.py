"""What commands need to run: settings, database, Prefect."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from console.help import usage_error
from domain.sentence import Text, sentence

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from flows.settings import Settings


def read_settings() -> "Settings":
    """Read the settings from the environment."""
    from flows.settings import Settings

    return Settings.read()


def root_or_setting(settings: "Settings", root: str | None) -> str:
    """Return the root of the settlement folders, as given or as configured."""
    from adapters.ingest.root import valid_root

    if (found := root or settings.settlements) is None:
        raise usage_error(
            sentence(
                "where are the settlement folders? Give --from ROOT or set "
                "GROWTH_POINTS_SETTLEMENTS."
            )
        )
    return valid_root(found)  # before Prefect records it as a parameter


def open_database(settings: "Settings") -> AbstractContextManager["Engine"]:
    """Open the program's database, migrated; the embedded one is started."""
    from flows.program import program_database

    return program_database(settings)


@contextmanager
def flows_ready(settings: "Settings", title: Text, *, with_gate: bool = True) -> Iterator[None]:
    """Start Prefect, and the gate if it is needed, showing `title` as progress."""
    from console.progress import progress
    from expectations.gate_process import start_gate
    from flows.prefect.servers.temporary_server import prepare_prefect, ready_for_flows

    with progress(title):
        prepare_prefect(settings.home)
        if with_gate:
            start_gate()  # it loads while Prefect starts
        with ready_for_flows():
            yield


def until_stopped(url: str) -> Text:
    """Say where something is served until the command is ended."""
    return sentence("{url} (Ctrl-C ends it)", url=url)
