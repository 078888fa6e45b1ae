"""The Prefect server that `growth-points up` runs in a home, and how other commands find it."""

import fcntl
import os
import socket
import sqlite3
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPException
from pathlib import Path
from typing import Final

from domain.refusal import Refused
from domain.sentence import sentence
from flows.prefect.servers.children import start_server
from flows.prefect.servers.configured_server import is_prefect
from flows.prefect.servers.proxies import remove_unusable_proxies
from flows.prefect.servers.retention import retention
from flows.settings import Settings

_START_SECONDS: Final = 120  # its database is created on first use
_ANSWER_SECONDS: Final = 5
_SETTINGS: Final = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_SERVER_UI_API_URL": "/api",  # relative, so that it holds for any port
    "PREFECT_API_REQUEST_TIMEOUT": "120",
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",  # a run is dead after three missing ones
    "PREFECT_RUNNER_POLL_FREQUENCY": "3",
    "PREFECT_SERVER_SERVICES_LATE_RUNS_AFTER_SECONDS": "600",  # what is late is told
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "PREFECT_LOGGING_EXTRA_LOGGERS": "growth_points",  # runs log their steps
}


class AlreadyUp(Refused):
    """`growth-points up` already runs in this home."""

    def __init__(self, home: Path, url: str | None) -> None:
        where = url.removesuffix("/api") if url else "it is starting or ending"
        super().__init__(
            sentence("The program is already up in {home}: {where}", home=home, where=where)
        )
        self.home = home


class PortTaken(Refused):
    """The port is in use, perhaps by another `growth-points up`."""

    def __init__(self, port: int, reason: str) -> None:
        super().__init__(
            sentence(
                "Cannot listen on port {port}: {reason}. Is the program already up? "
                "Otherwise name another port.",
                port=port,
                reason=reason,
            )
        )
        self.port = port


class ServerSilent(Refused):
    """The Prefect server ended or did not answer; its log says why."""

    def __init__(self, log_file: Path) -> None:
        super().__init__(
            sentence("The Prefect server does not answer; see {log_file}.", log_file=log_file)
        )
        self.log_file = log_file


class ServerDatabaseDamaged(Refused):
    """The Prefect server's own database is damaged; nothing in it is irreplaceable."""

    def __init__(self, file: Path) -> None:
        super().__init__(
            sentence(
                "The Prefect server's database is damaged: move {file}* away and start "
                "again. Points and months are not in it; deployments, alarms and "
                "planned payouts are created again, and only the list of earlier runs "
                "is lost.",
                file=file,
            )
        )
        self.file = file


@contextmanager
def lock_home(home: Path) -> Iterator[None]:
    """Lock a home against any other `growth-points up`; raises AlreadyUp."""
    folder = _folder(home)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyUp(home, running_server(home)) from None
        remove_address(home)  # an earlier one may have been killed
        yield


def start_lasting_server(home: Path, port: int) -> tuple[subprocess.Popen[bytes], str]:
    """Start the home's server on the loopback interface; return it with its address.

    Also sets the environment for all processes started later, without overriding variables that
    are set. Raises PortTaken, ServerSilent, ServerDatabaseDamaged.
    """
    folder = _folder(home)
    with _listening(port) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        _set_environment(folder, address)
        server = start_server(listening, folder / "server.log")
    _wait_until_it_answers(server, address, folder / "server.log")
    return server, address


def _listening(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        raise PortTaken(port, error.strerror or str(error)) from error


def _set_environment(folder: Path, address: str) -> None:
    """Set Prefect's settings, without overriding any that are set, and the server's address."""
    kept = retention(Settings.read().keep_runs_days)
    for name, value in (_SETTINGS | kept | {"PREFECT_HOME": str(folder)}).items():
        os.environ.setdefault(name, value)
    remove_unusable_proxies()
    os.environ["PREFECT_API_URL"] = f"{address}/api"
    os.environ["PREFECT_UI_URL"] = f"{address}/v2"


def record_address(home: Path, address: str) -> None:
    """Record the server's address for other commands in this home."""
    _address_file(home).write_text(f"{address}/api\n")


def remove_address(home: Path) -> None:
    """Remove the record of the server's address."""
    _address_file(home).unlink(missing_ok=True)


def running_server(home: Path) -> str | None:
    """Return the API address of the server that runs in a home, if one does.

    A stale record may name the port of another program, so the server is asked.
    """
    with suppress(OSError, ValueError, HTTPException):
        url = _address_file(home).read_text().strip()
        if is_prefect(url, _ANSWER_SECONDS):
            return url
    return None


def _wait_until_it_answers(server: subprocess.Popen[bytes], address: str, log_file: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        with suppress(OSError), urllib.request.urlopen(f"{address}/api/health", timeout=5):  # noqa: S310 our own
            return
    server.kill()
    server.wait()
    if _is_damaged(database := log_file.with_name("prefect.db")):
        raise ServerDatabaseDamaged(database)
    raise ServerSilent(log_file)


def _is_damaged(database: Path) -> bool:
    try:
        with closing(sqlite3.connect(database)) as connection:
            return bool(connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",))
    except sqlite3.DatabaseError as error:
        return not isinstance(error, sqlite3.OperationalError)  # locked or unreadable


def _folder(home: Path) -> Path:
    return (home / "server").resolve()


def _address_file(home: Path) -> Path:
    return _folder(home) / "address"
