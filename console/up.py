"""`growth-points up`: database, Prefect server with its UI, worker and schedules, in one command.

It ends on Ctrl-C or SIGTERM, worker first. All state is in the home, or in the configured database.
"""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from threading import Event
from typing import TYPE_CHECKING, Final

from console.help import padded, width_of
from console.language import told
from console.output import echo
from domain.sentence import Text, sentence
from flows.prefect.servers.children import keep_small
from flows.prefect.servers.lasting_server import (
    ServerSilent,
    lock_home,
    record_address,
    remove_address,
    start_lasting_server,
)
from flows.prefect.worker import WorkerEnded, start_worker
from flows.program import program_database
from flows.run_folders import remove_abandoned_copies
from flows.settings import Settings
from web.serving import serving

if TYPE_CHECKING:
    from fastapi import FastAPI

_STOPPING_SECONDS: Final = 45  # the worker waits for running flows


def run_up(
    settings: Settings,
    port: int,
    first: Callable[[], None] = lambda: None,
    list_stores: Callable[["FastAPI"], None] | None = None,
) -> None:
    """Run everything until SIGINT or SIGTERM; `first` is called before any deployment runs.

    `list_stores` may add a list of stores to open the stores' page as; it is called after `first`.

    Raises AlreadyUp, and ServerSilent or WorkerEnded if a part ends by itself.
    """
    stopped = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with ExitStack() as stack:
        stack.enter_context(lock_home(settings.home))
        remove_abandoned_copies(settings)
        say(sentence("starting the database"))
        stack.enter_context(program_database(settings))
        say(sentence("starting the Prefect server"))
        logs = settings.home / "server"
        server, address = start_lasting_server(settings.home, port)
        stack.enter_context(_terminated_at_exit(server))
        pages = stack.enter_context(serving(settings, port and port + 1))
        os.environ.setdefault("GROWTH_POINTS_PAGES_URL", pages)
        with _prefect_silent():
            first()
        stores = stack.enter_context(_stores_served(settings, port and port + 2, list_stores))
        say(sentence("registering the deployments"))
        worker = start_worker(logs / "worker.log")
        stack.enter_context(_terminated_at_exit(worker))
        record_address(settings.home, address)
        stack.callback(remove_address, settings.home)
        echo(_where_to_look(settings, address, pages, stores))
        while not stopped.wait(1):
            for log_file in (logs / "server.log", logs / "worker.log"):
                keep_small(log_file)
            if server.poll() is not None:
                raise ServerSilent(logs / "server.log")
            if worker.poll() is not None:
                raise WorkerEnded(logs / "worker.log")
        say(sentence("stopping; running flows have half a minute, planned ones stay planned"))


def say(text: Text) -> None:
    """Print a step on standard error."""
    echo(f"growth-points: {told(text)}", err=True)


@contextmanager
def _prefect_silent() -> Iterator[None]:
    """Silence Prefect's log in this terminal; the worker has its own."""
    before = os.environ.get("PREFECT_LOGGING_LEVEL")
    os.environ["PREFECT_LOGGING_LEVEL"] = "CRITICAL"
    try:
        yield
    finally:
        os.environ.pop("PREFECT_LOGGING_LEVEL")
        if before is not None:
            os.environ["PREFECT_LOGGING_LEVEL"] = before


@contextmanager
def _terminated_at_exit(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_STOPPING_SECONDS)
        with suppress(ProcessLookupError):  # its children end with it
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def _stores_served(
    settings: Settings, port: int, list_stores: Callable[["FastAPI"], None] | None
) -> Iterator[str | None]:
    """Serve the stores' page and interface, and yield where to look; None without keys."""
    if settings.stores_jwks is None:
        yield None
        return
    from web.stores.serving import serving_stores

    with serving_stores(settings, port, add=list_stores) as address:
        yield address if list_stores is None else f"{address}/demo"


def _where_to_look(settings: Settings, address: str, pages: str, stores: str | None) -> Text:
    root = settings.settlements or sentence("not set; name it in each form")
    places: dict[Text, object] = {
        sentence("Runs"): f"{address}/v2/runs",
        sentence("Deployments"): f"{address}/v2/deployments",
        sentence("Operators"): pages,
        sentence("Figures"): f"{pages}/metrics",
        **({sentence("Stores"): stores} if stores else {}),
        sentence("Settlements"): root,
        sentence("Home"): settings.home.resolve(),
    }
    width = max(width_of(told(name)) for name in places) + 2
    lines = [f"  {padded(told(name), width)}{told(place)}" for name, place in places.items()]
    return sentence(
        "\ngrowth-points is up.\n\n{places}\n\nMonths close once their files are there and are "
        "paid on their payout date, Seoul time.\nCtrl-C ends it; what is planned stays planned.",
        places="\n".join(lines),
    )
