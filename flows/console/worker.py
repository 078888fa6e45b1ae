"""The worker of `growth-points up`: registers the deployments, plans payouts, runs what is due.

Its schedules stay active when it ends: what falls due meanwhile is late, and runs when it is back.
"""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from domain.refusal import Refused
from flows.servers.children import end_with_the_command, start_child

if TYPE_CHECKING:  # it imports Prefect, which reads its settings then
    from prefect.runner import Runner


class WorkerEnded(Refused):
    """The worker ended before its time; its log says why."""

    def __init__(self, log_file: Path) -> None:
        super().__init__(f"The worker of the runs ended; why is in {log_file}.")
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

    from flows.deployments import to_serve
    from flows.operations.alarms import keep_alarms
    from flows.operations.payout_runs import plan_payout_runs
    from flows.settings import Settings

    end_with_the_command()
    runner = Runner(name="growth-points", pause_on_shutdown=False)
    for deployment in to_serve():
        runner.add_deployment(deployment)
    plan_payout_runs(Settings.read())
    keep_alarms()
    os.write(ready, b"1")
    os.close(ready)
    asyncio.run(_until_told(runner))


async def _until_told(runner: "Runner") -> None:
    """Run what is due until SIGTERM; what is under way then is canceled, and says why.

    The runner's own way to end waits for nothing, and leaves what is under way to itself.
    """
    running = asyncio.create_task(runner.start())
    await asyncio.sleep(0)  # it installs its own handler first
    ending: list[asyncio.Task[None]] = []
    asyncio.get_running_loop().add_signal_handler(
        signal.SIGTERM, lambda: ending.append(asyncio.create_task(runner.astop()))
    )
    await running
    await asyncio.gather(*ending)


if __name__ == "__main__":
    _work(int(sys.argv[1]))
