"""A Prefect server for as long as one command runs, where none is configured.

It is started first of all, with an open socket handed to it: the command goes on importing what it
needs, and its first request waits in the socket's queue until the server answers.
"""

import gc
import logging
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Final

from flows.prefect.servers.children import start_server
from flows.prefect.servers.configured_server import configured_server
from flows.prefect.servers.lasting_server import running_server
from flows.prefect.servers.proxies import forget_unusable_proxies

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

_MIGRATED_BY: Final = (
    "migrated-by"  # holds the version of Prefect that brought its database up to date
)

log = logging.getLogger("growth_points.prefect")

_started: list[tuple[subprocess.Popen[bytes], Path]] = []


def prepare_prefect(home: Path) -> None:
    """Set what Prefect reads when it is imported, and start a server unless one is there.

    That is the one that is configured, or the one that `growth-points up` runs in this home. A
    variable that is set already stays as it is. The server keeps its files in the program's
    home and sends no statistics. Raises NobodyAnswers, NoPrefectAddress, ProxyUnusable.
    """
    _set_unless_set(
        DO_NOT_TRACK="1",
        PREFECT_SERVER_ANALYTICS_ENABLED="false",
        PREFECT_LOGGING_LEVEL="CRITICAL",  # the terminal hears of the steps, not of the runs
    )
    if _started and "PREFECT_API_URL" in os.environ:
        return  # it is this command's own, and comes up
    if configured_server() is not None:
        return
    forget_unusable_proxies()
    if (url := running_server(home)) is not None:
        os.environ["PREFECT_API_URL"] = url
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
    if _database_is_up_to_date(folder):  # to look whether it is takes the server a second
        _set_unless_set(PREFECT_SERVER_DATABASE_MIGRATE_ON_START="false")
    for service in _ONLY_FOR_LASTING_SERVERS:
        os.environ.setdefault(f"PREFECT_SERVER_SERVICES_{service}_ENABLED", "false")
    os.environ["PREFECT_API_URL"] = f"http://127.0.0.1:{_start(folder)}/api"


def _set_unless_set(**settings: str) -> None:
    for name, value in settings.items():
        os.environ.setdefault(name, value)


def _start(folder: Path) -> int:
    log_file = folder / "server.log"
    log_file.unlink(missing_ok=True)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        _started.append((start_server(listening, log_file), log_file))
        port: int = listening.getsockname()[1]
    return port


@contextmanager
def ready_for_flows() -> Iterator[None]:
    """Import Prefect, and run flows without what tells a server that they are alive.

    That costs each run a second. A command's run is watched by whoever started it; runs of
    deployments keep it.
    """
    gc.disable()  # what is imported lives until the end; to look for garbage in it takes time
    import prefect.artifacts
    import prefect.main  # noqa: F401
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    gc.freeze()
    gc.enable()
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        yield
    for _, log_file in _started:
        (log_file.parent / _MIGRATED_BY).write_text(version("prefect"))


def _database_is_up_to_date(folder: Path) -> bool:
    with suppress(OSError):
        by = (folder / _MIGRATED_BY).read_text()
        return by == version("prefect") and (folder / "prefect.db").exists()
    return False


def server_is_temporary() -> bool:
    """Say whether the server ends with this command, so that nobody looks at it afterwards."""
    return bool(_started)


def server_that_ended() -> Path | None:
    """Name the log of the temporary server if it ended before its time."""
    return next((file for process, file in _started if process.poll() is not None), None)
