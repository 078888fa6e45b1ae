"""What a server that was killed, or a machine that lost power, left in the data folder.

PostgreSQL looks into its lock files for the number of a process, and starts only where there is no
such process. After a reboot another program may have that number, and a file that was never
written to the disk has none: PostgreSQL would not start ever again.
"""

from contextlib import suppress
from pathlib import Path

_PROCESSES = Path("/proc")


def forget_dead_server(folder: Path) -> None:
    """Remove the lock files of a data folder that are not those of a running server.

    A file that names no process at all is removed only if no server works in the folder.
    """
    if not (_PROCESSES / "self" / "cwd").exists():
        return  # nothing can be shown here, so PostgreSQL decides
    for file in (folder / "postmaster.pid", *folder.glob(".s.PGSQL.*.lock")):
        with suppress(FileNotFoundError):
            if _is_dead(_process_named_in(file), folder):
                file.unlink()


def _process_named_in(file: Path) -> int | None:
    """Read the number of a process from a lock file; it is negative in one of a single user."""
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
    with suppress(OSError):  # it has ended, or belongs to somebody else
        return (process / "cwd").samefile(folder)
    return False


def _is_postgres(process: Path) -> bool:
    with suppress(OSError):
        return (process / "comm").read_text().strip() == "postgres"
    return False
