"""Removing stale lock files after a crash or a power failure.

PostgreSQL does not start if the process in its lock file exists. After a reboot another program may
have that process id, and a file that was not flushed to disk has none; PostgreSQL would then never
start again.
"""

from contextlib import suppress
from pathlib import Path

_PROCESSES = Path("/proc")


def remove_stale_locks(folder: Path) -> None:
    """Remove the lock files of a data folder that do not belong to a running server.

    A file without a process id is removed only if no server runs in the folder.
    """
    if not (_PROCESSES / "self" / "cwd").exists():
        return  # without /proc, PostgreSQL decides
    for file in (folder / "postmaster.pid", *folder.glob(".s.PGSQL.*.lock")):
        with suppress(FileNotFoundError):
            if _is_dead(_process_named_in(file), folder):
                file.unlink()


def _process_named_in(file: Path) -> int | None:
    """Read the process id from a lock file; single-user mode writes it as a negative number."""
    try:
        return abs(int(file.read_bytes().split(b"\n", 1)[0])) or None
    except ValueError:
        return None


def _is_dead(process: int | None, folder: Path) -> bool:
    if process is None:
        return not any(
            _works_in(each, folder) and _is_postgres(each) for each in _PROCESSES.glob("[0-9]*")
        )
    named = _PROCESSES / str(process)
    return named.exists() and not _works_in(named, folder)  # PostgreSQL itself sees that none is


def _works_in(process: Path, folder: Path) -> bool:
    with suppress(OSError):  # it has ended, or belongs to another user
        return (process / "cwd").samefile(folder)
    return False


def _is_postgres(process: Path) -> bool:
    with suppress(OSError):
        return (process / "comm").read_text().strip() == "postgres"
    return False
