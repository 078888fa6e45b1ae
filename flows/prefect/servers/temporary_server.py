"""A Prefect server for the length of one command, if none is configured.

It is started first and inherits a listening socket: while it starts, the command imports what it
needs, and the first request waits in the socket's queue.
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

from domain.sentence import sentence
from flows.prefect.servers.children import start_server
from flows.prefect.servers.configured_server import configured_server
from flows.prefect.servers.lasting_server import running_server
from flows.prefect.servers.proxies import remove_unusable_proxies

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
    """Set the environment that Prefect reads on import, and start a server unless there is one.

    It uses the configured server, or the one of `growth-points up` in this home. Variables that are
    set are not overridden. The server keeps its files in the home and sends no statistics. Raises
    PrefectUnreachable, NotAPrefectServer, ProxyUnusable.
    """
    _set_unless_set(
        DO_NOT_TRACK="1",
        PREFECT_SERVER_ANALYTICS_ENABLED="false",
        PREFECT_LOGGING_LEVEL="CRITICAL",  # the terminal shows the steps, not Prefect's log
    )
    if _started and "PREFECT_API_URL" in os.environ:
        return  # this command has started one
    if configured_server() is not None:
        return
    remove_unusable_proxies()
    if (url := running_server(home)) is not None:
        os.environ["PREFECT_API_URL"] = url
        return
    folder = (home / "prefect").resolve()
    if not folder.exists():
        log.info(sentence("starting; on first use in a home Prefect creates its database"))
    folder.mkdir(parents=True, exist_ok=True)
    _set_unless_set(
        PREFECT_HOME=str(folder),
        PREFECT_API_REQUEST_TIMEOUT="300",  # its database is created on first use
        PREFECT_SERVER_UI_ENABLED="false",
    )
    if _database_is_up_to_date(folder):  # checking it would take the server a second
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
    """Import Prefect, and run flows without heartbeats, which would cost each run a second."""
    gc.disable()  # collecting garbage while importing takes time and finds none
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
    """Whether the server ends with this command."""
    return bool(_started)


def ended_server_log() -> Path | None:
    """Return the log of the temporary server if it ended too early."""
    return next((file for process, file in _started if process.poll() is not None), None)
