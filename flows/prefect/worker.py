"""The worker of `growth-points up`: registers the deployments, plans payouts, runs what is due.

Schedules stay active when it ends; runs that fall due meanwhile start late, when it is back.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Final

from domain.refusal import Refused
from domain.sentence import sentence
from flows.prefect.servers.children import exit_with_parent, start_child

if TYPE_CHECKING:  # importing Prefect reads its settings
    from prefect.runner import Runner

_GRACE_SECONDS: Final = 30  # most months are closed in less
_POLL_SECONDS: Final = 0.5
_NAMING_SECONDS: Final = 5  # until a run that was just planned has its name


class WorkerEnded(Refused):
    """The worker ended too early; its log says why."""

    def __init__(self, log_file: Path) -> None:
        super().__init__(sentence("The worker ended; see {log_file}.", log_file=log_file))
        self.log_file = log_file


def start_worker(log_file: Path) -> subprocess.Popen[bytes]:
    """Start a worker beside the configured server; return once the deployments are registered.

    Raises WorkerEnded.
    """
    reading, writing = os.pipe()
    try:
        worker = start_child([__name__, str(writing)], log_file, [writing])
    finally:
        os.close(writing)
    with os.fdopen(reading, "rb") as ready:
        if not ready.read(1):
            worker.kill()
            raise WorkerEnded(log_file)
    return worker


def _work(ready: int) -> None:
    from prefect.runner import Runner

    from flows.paying.due_payouts import plan_payout_runs
    from flows.prefect.alarms import apply_alarms_if_possible
    from flows.prefect.interrupted_runs import settle_interrupted_runs
    from flows.settings import Settings

    exit_with_parent()
    runner = Runner(name="growth-points", pause_on_shutdown=False)
    _register(runner)
    settle_interrupted_runs()
    plan_payout_runs(Settings.read())
    apply_alarms_if_possible()
    Thread(target=_name_planned_runs, daemon=True).start()
    os.write(ready, b"1")
    os.close(ready)
    asyncio.run(_run_until_stopped(runner))


def _name_planned_runs() -> None:
    from flows.prefect.planned_names import name_planned_runs

    while True:
        name_planned_runs()
        time.sleep(_NAMING_SECONDS)


def _register(runner: "Runner") -> None:
    """Register the deployments, keeping what operators set of existing ones."""
    from prefect.client.orchestration import get_client
    from prefect.exceptions import ObjectNotFound

    from flows.prefect.deployments import keeping_operator_settings, served_deployments
    from flows.settings import Settings

    with get_client(sync_client=True) as client:
        for each in served_deployments(Settings.read().language):
            try:
                client.read_deployment_by_name(each.full_name)
            except ObjectNotFound:
                runner.add_deployment(each)
            else:
                runner.add_deployment(keeping_operator_settings(each))


async def _run_until_stopped(runner: "Runner") -> None:
    """Run what is due until SIGTERM, then give running flows time to finish.

    Runs that take longer end with this process and are settled when the next one starts.
    """
    running = asyncio.create_task(runner.start())
    await asyncio.sleep(0)  # it installs its own handler first
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    stopped = asyncio.create_task(stopping.wait())
    await asyncio.wait({running, stopped}, return_when=asyncio.FIRST_COMPLETED)
    if stopping.is_set():
        await asyncio.to_thread(_let_runs_end)
    running.cancel()
    await asyncio.wait({running})


def _let_runs_end() -> None:
    from flows.prefect.interrupted_runs import runs_going_on

    deadline = time.monotonic() + _GRACE_SECONDS
    while runs_going_on() and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)


if __name__ == "__main__":
    _work(int(sys.argv[1]))
