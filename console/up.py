"""`growth-points up`: database, Prefect server with its UI, worker and schedules, in one command.

It ends on Ctrl-C or SIGTERM, worker first, and comes back with everything it had: all of it is in
the home, or in the database that is configured.
"""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from threading import Event
from typing import Final

import click

from flows.own_folder import clear_what_killed_runs_left
from flows.prefect.servers.lasting_server import (
    ServerSilent,
    alone_in,
    forget_where,
    start_lasting_server,
    tell_where,
)
from flows.prefect.worker import WorkerEnded, start_worker
from flows.program import program_database
from flows.settings import Settings
from web.serving import serving

_STOPPING_SECONDS: Final = 45  # the worker lets runs end that are under way


def run_up(settings: Settings, port: int, first: Callable[[], None] = lambda: None) -> None:
    """Run everything until told to end; `first` is done before any deployment runs.

    Raises AlreadyUp, and ServerSilent or WorkerEnded if a part ends by itself.
    """
    told_to_end = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: told_to_end.set())
    with ExitStack() as stack:
        stack.enter_context(alone_in(settings.home))
        clear_what_killed_runs_left(settings)
        say("starting the database")
        stack.enter_context(program_database(settings))
        say("starting the Prefect server")
        logs = settings.home / "server"
        server, address = start_lasting_server(settings.home, port)
        stack.enter_context(_ended_in_time(server))
        pages = stack.enter_context(serving(settings, port and port + 1))
        os.environ.setdefault("GROWTH_POINTS_PAGES_URL", pages)
        with _prefect_silent():
            first()
        say("registering the deployments")
        worker = start_worker(logs / "worker.log")
        stack.enter_context(_ended_in_time(worker))
        tell_where(settings.home, address)
        stack.callback(forget_where, settings.home)
        click.echo(_where_to_look(settings, address, pages))
        while not told_to_end.wait(1):
            if server.poll() is not None:
                raise ServerSilent(logs / "server.log")
            if worker.poll() is not None:
                raise WorkerEnded(logs / "worker.log")
        say("ending; what is under way has half a minute, what is planned stays planned")


def say(sentence: str) -> None:
    """Tell on standard error what is going on."""
    click.echo(f"growth-points: {sentence}", err=True)


@contextmanager
def _prefect_silent() -> Iterator[None]:
    """Let Prefect tell nothing in this terminal; a worker tells it in its log."""
    before = os.environ.get("PREFECT_LOGGING_LEVEL")
    os.environ["PREFECT_LOGGING_LEVEL"] = "CRITICAL"
    try:
        yield
    finally:
        os.environ.pop("PREFECT_LOGGING_LEVEL")
        if before is not None:
            os.environ["PREFECT_LOGGING_LEVEL"] = before


@contextmanager
def _ended_in_time(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_STOPPING_SECONDS)
        with suppress(ProcessLookupError):  # whatever it started ends with it
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _where_to_look(settings: Settings, address: str, pages: str) -> str:
    root = settings.settlements or "not set; every form asks for it"
    return f"""
growth-points is up.

  Runs         {address}/v2/runs
  Deployments  {address}/v2/deployments
  Reports      {pages}
  Figures      {pages}/metrics
  Settlements  {root}
  Home         {settings.home.resolve()}

Months close on the 3rd at 09:00 and are paid on their payout date, in Seoul's time.
Ctrl-C ends it; what is planned stays planned."""
