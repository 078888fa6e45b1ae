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
from adapters.postgres.embedded.left_behind import remove_stale_locks
from adapters.postgres.embedded.owner import owner_of
from adapters.postgres.embedded.programs import (
    PORT,
    make_data_folder,
    start_server,
    stop_server,
)

_LONGEST_SOCKET: Final = 107  # the limit for the name of a Unix socket, in bytes
_in_use: Final[dict[tuple[int, Path], "_Use"]] = {}


@dataclass(slots=True)
class _Use:
    """A process's use of a server: a shared lock, and a descriptor of the folder."""

    share: int
    entered: int | None = None

    def close(self) -> None:
        """Release the lock and close the descriptors."""
        fcntl.flock(self.share, fcntl.LOCK_UN)  # a forked child may still have it open
        os.close(self.share)
        if self.entered is not None:
            os.close(self.entered)


def embedded_url(folder: Path) -> str:
    """Start the server of a data folder unless it runs, and return its URL for this process.

    Creates the folder on first use. The server stops when the last process using it ends. Raises
    ServerNotStarted.
    """
    folder = folder.resolve()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _starting_or_stopping(folder):
            use = _in_use.get((os.getpid(), folder)) or _start_use(folder)
            if not _answers(folder, use):
                _start(folder)
            return _url(folder, use)
    except OSError as error:
        where = f"{os.fsdecode(error.filename)}: " if error.filename is not None else ""
        raise ServerNotStarted(folder, f"{where}{error.strerror}") from error
    except subprocess.CalledProcessError as error:
        raise ServerNotStarted(folder, error.stderr.decode(errors="replace")) from error


def release_embedded(folder: Path) -> None:
    """End this process's use of a server; the last process stops it."""
    folder = folder.resolve()
    if (use := _in_use.pop((os.getpid(), folder), None)) is None:
        return
    with suppress(OSError, ServerNotStarted), _starting_or_stopping(folder):
        try:
            fcntl.flock(use.share, fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails while others share it
            stop_server(folder, owner_of(folder))
        finally:
            use.close()


def _start_use(folder: Path) -> _Use:
    """Take a shared lock on the server, which the system releases when this process ends."""
    share = os.open(folder.with_name(f"{folder.name}.users"), os.O_RDONLY | os.O_CREAT, 0o644)
    fcntl.flock(share, fcntl.LOCK_SH)
    use = _in_use[os.getpid(), folder] = _Use(share)
    atexit.register(release_embedded, folder)
    return use


def _start(folder: Path) -> None:
    owner = owner_of(folder)
    if not (folder / "PG_VERSION").exists():
        make_data_folder(folder, owner)
    remove_stale_locks(folder)
    start_server(folder, owner)


@contextmanager
def _starting_or_stopping(folder: Path) -> Iterator[None]:
    lock = os.open(folder.with_name(f"{folder.name}.lock"), os.O_RDONLY | os.O_CREAT, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _answers(folder: Path, use: _Use) -> bool:
    """Return whether a server listens in the folder."""
    if not folder.exists():
        return False
    with socket.socket(socket.AF_UNIX) as asking, suppress(OSError):
        asking.connect(f"{_short_path(folder, use)}/.s.PGSQL.{PORT}")
        return True
    return False


def _url(folder: Path, use: _Use) -> str:
    return f"postgresql://postgres@/postgres?host={quote(_short_path(folder, use))}&port={PORT}"


def _short_path(folder: Path, use: _Use) -> str:
    """Return a path to the folder that is usable as a socket's folder and in a URL.

    A socket's name is short, and commas separate hosts. If the folder's own path does not fit,
    this process opens the folder and uses the path of the descriptor.
    """
    path = os.fsencode(folder / f".s.PGSQL.{PORT}")
    if len(path) <= _LONGEST_SOCKET and b"," not in path and path.isascii():
        return str(folder)
    if use.entered is None:
        use.entered = os.open(folder, os.O_PATH)
    elif not os.path.samestat(os.fstat(use.entered), folder.stat()):  # it was created again
        found = os.open(folder, os.O_PATH)
        os.dup2(found, use.entered, inheritable=False)  # URLs returned earlier stay valid
        os.close(found)
    return f"/proc/self/fd/{use.entered}"
