"""Sharing one embedded server among processes: the first starts it, the last stops it."""

import atexit
import fcntl
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from adapters.postgres.embedded.failure import ServerNotStarted
from adapters.postgres.embedded.left_behind import forget_dead_server
from adapters.postgres.embedded.owner import owner_of
from adapters.postgres.embedded.programs import (
    PORT,
    make_data_folder,
    start_server,
    stop_server,
)

_LONGEST_SOCKET: Final = 107  # bytes that the name of a Unix socket may have
_in_use: Final[dict[tuple[int, Path], "_Use"]] = {}


@dataclass(slots=True)
class _Use:
    """What a process holds of a server while it uses it: a share of a lock, and a way to it."""

    share: int
    entered: int | None = None

    def close(self) -> None:
        """Give back what is held."""
        fcntl.flock(self.share, fcntl.LOCK_UN)  # also for a child that was forked meanwhile
        os.close(self.share)
        if self.entered is not None:
            os.close(self.entered)


def embedded_url(folder: Path) -> str:
    """Start the server of a data folder unless it runs, and return its URL for this process.

    The folder is made on first use. The server stops when the last process using it ends.
    Raises ServerNotStarted.
    """
    folder = folder.resolve()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _nobody_else_starts_or_stops(folder):
            use = _in_use.get((os.getpid(), folder)) or _begin_to_use(folder)
            if not _answers(folder, use):
                _start(folder)
            return _url(folder, use)
    except OSError as error:
        where = f"{os.fsdecode(error.filename)}: " if error.filename is not None else ""
        raise ServerNotStarted(folder, f"{where}{error.strerror}") from error
    except subprocess.CalledProcessError as error:
        raise ServerNotStarted(folder, error.stderr.decode(errors="replace")) from error


def release_embedded(folder: Path) -> None:
    """End this process's use of a server; the last one's end stops it."""
    folder = folder.resolve()
    if (use := _in_use.pop((os.getpid(), folder), None)) is None:
        return
    with suppress(OSError, ServerNotStarted), _nobody_else_starts_or_stops(folder):
        try:
            fcntl.flock(use.share, fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails while others share it
            stop_server(folder, owner_of(folder))
        finally:
            use.close()


def _begin_to_use(folder: Path) -> _Use:
    """Take a share of the server, which the system takes back however this process ends."""
    share = os.open(folder.with_name(f"{folder.name}.users"), os.O_RDONLY | os.O_CREAT, 0o644)
    fcntl.flock(share, fcntl.LOCK_SH)
    use = _in_use[os.getpid(), folder] = _Use(share)
    atexit.register(release_embedded, folder)
    return use


def _start(folder: Path) -> None:
    owner = owner_of(folder)
    if not (folder / "PG_VERSION").exists():
        make_data_folder(folder, owner)
    forget_dead_server(folder)
    start_server(folder, owner)


@contextmanager
def _nobody_else_starts_or_stops(folder: Path) -> Iterator[None]:
    lock = os.open(folder.with_name(f"{folder.name}.lock"), os.O_RDONLY | os.O_CREAT, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _answers(folder: Path, use: _Use) -> bool:
    """Say whether a server listens in the folder."""
    if not folder.exists():
        return False
    with socket.socket(socket.AF_UNIX) as asking, suppress(OSError):
        asking.connect(f"{_way(folder, use)}/.s.PGSQL.{PORT}")
        return True
    return False


def _url(folder: Path, use: _Use) -> str:
    return f"postgresql://postgres@/postgres?host={quote(_way(folder, use))}&port={PORT}"


def _way(folder: Path, use: _Use) -> str:
    """Give a path to the folder that a socket's name and a URL can hold.

    A socket's name is short, and a comma separates hosts. Where the folder's own path will not do,
    it is entered, and this process has a path to what it has entered.
    """
    path = os.fsencode(folder / f".s.PGSQL.{PORT}")
    if len(path) <= _LONGEST_SOCKET and b"," not in path and path.isascii():
        return str(folder)
    if use.entered is None:
        use.entered = os.open(folder, os.O_PATH)
    elif not os.path.samestat(os.fstat(use.entered), folder.stat()):  # it was made anew
        found = os.open(folder, os.O_PATH)
        os.dup2(found, use.entered, inheritable=False)  # URLs that were given out stay right
        os.close(found)
    return f"/proc/self/fd/{use.entered}"
