"""A Prefect server for as long as one command runs, where none is configured.

It is started first of all, with an open socket handed to it: the command goes on importing what it
needs, and its first request waits in the socket's queue until the server answers. It watches the
pipe from the command, and ends when that ends, however it ends.
"""

import logging
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Final

_ONLY_FOR_LASTING_SERVERS: Final = (
    "CANCELLATION_CLEANUP",
    "DB_VACUUM",
    "EVENT_PERSISTER",
    "FOREMAN",
    "LATE_RUNS",
    "PAUSE_EXPIRATIONS",
    "REPOSSESSOR",
    "SCHEDULER",
    "TRIGGERS",
)

log = logging.getLogger("growth_points.prefect")

_started: list[tuple[subprocess.Popen[bytes], Path]] = []


def prepare_prefect(home: Path) -> None:
    """Set what Prefect reads when it is imported, and start a server unless one is configured.

    A variable that is set already stays as it is. The server keeps its files in the program's
    home and sends no statistics.
    """
    _set_unless_set(
        DO_NOT_TRACK="1",
        PREFECT_SERVER_ANALYTICS_ENABLED="false",
        PREFECT_LOGGING_LEVEL="CRITICAL",  # the terminal hears of the steps, not of the runs
    )
    if "PREFECT_API_URL" in os.environ:
        return
    folder = (home / "prefect").resolve()
    if not folder.exists():
        log.info("starting; the first time in a home Prefect makes its database")
    folder.mkdir(parents=True, exist_ok=True)
    _set_unless_set(
        PREFECT_HOME=str(folder),
        PREFECT_API_REQUEST_TIMEOUT="300",  # its database is made on first use
        PREFECT_SERVER_UI_ENABLED="false",
    )
    for service in _ONLY_FOR_LASTING_SERVERS:
        os.environ.setdefault(f"PREFECT_SERVER_SERVICES_{service}_ENABLED", "false")
    os.environ["PREFECT_API_URL"] = f"http://127.0.0.1:{_start(folder)}/api"


def _set_unless_set(**settings: str) -> None:
    for name, value in settings.items():
        os.environ.setdefault(name, value)


def _start(folder: Path) -> int:
    log_file = folder / "server.log"
    with socket.create_server(("127.0.0.1", 0)) as listening, log_file.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 our own module, by our own interpreter
            [sys.executable, "-m", __name__, str(listening.fileno())],
            pass_fds=[listening.fileno()],
            stdin=subprocess.PIPE,  # never written to: its end is the command's end
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _started.append((process, log_file))
        port: int = listening.getsockname()[1]
    return port


@contextmanager
def without_heartbeat() -> Iterator[None]:
    """Leave out what tells a server that a run is alive: it costs each run a second.

    A command's run is watched by whoever started it; runs of deployments keep it.
    """
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        yield


def server_that_ended() -> Path | None:
    """Name the log of the temporary server if it ended before its time."""
    return next((file for process, file in _started if process.poll() is not None), None)


def _serve(listening: int) -> None:
    import uvicorn

    Thread(target=_end_with_the_command, daemon=True).start()
    uvicorn.run(
        "prefect.server.api.server:create_app", factory=True, fd=listening, log_level="error"
    )


def _end_with_the_command() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
