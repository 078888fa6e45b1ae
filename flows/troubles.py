"""Failures outside this program, as sentences: a disk, the database, the Prefect server."""

import errno
import sys
from pathlib import Path
from typing import Final

from domain.sentence import Sentence, sentence

# The errors of a file system that is full or not accessible; any other is a bug.
_OF_A_DISK: Final = frozenset(
    {
        errno.EACCES,
        errno.EDQUOT,
        errno.EFBIG,
        errno.EIO,
        errno.ELOOP,
        errno.ENAMETOOLONG,
        errno.ENOENT,
        errno.ENOSPC,
        errno.ENOTDIR,
        errno.EPERM,
        errno.EROFS,
    }
)


def sentence_about(error: Exception) -> Sentence | None:
    """Describe a failure outside this program; None for a bug in it."""
    if (trouble := _disk_error(error)) is not None:
        return sentence("{trouble}. Fix that and run the command again.", trouble=trouble)
    if (log := _ended_server_log()) is not None:
        return sentence(
            "the temporary Prefect server ended; see {log}. What was recorded "
            "before is complete; run the command again, nothing is done twice.",
            log=log,
        )
    if (forbidden := _missing_privilege(error)) is not None:
        return sentence(
            "the database login may not do this: {forbidden}. Set "
            "GROWTH_POINTS_DATABASE_URL to a login that may.",
            forbidden=forbidden,
        )
    if (trouble := _database_error(error)) is not None:
        return sentence(
            "the database failed: {trouble}. Nothing is left half done; check the "
            "database and run the command again.",
            trouble=trouble,
        )
    if (trouble := _prefect_error(error)) is not None:
        return sentence(
            "the Prefect server failed: {trouble}. What was recorded before is "
            "complete; check the server and the space on its disk and run the "
            "command again, nothing is done twice.",
            trouble=trouble,
        )
    return None


def _disk_error(error: Exception) -> str | None:
    """Return the message of a file system, or of the engine about its files."""
    if isinstance(error, OSError) and error.errno in _OF_A_DISK and error.strerror:
        return ": ".join(filter(None, (str(error.filename or ""), error.strerror)))
    if "duckdb" in sys.modules:
        import duckdb

        if isinstance(error, duckdb.IOException | duckdb.OutOfMemoryException):
            return _first_line(error)
    return None


def _database_error(error: Exception) -> str | None:
    """Return the database's message if it went away, is full or damaged."""
    if "psycopg" not in sys.modules:
        return None
    from psycopg import InterfaceError, InternalError, OperationalError

    its_own = OperationalError | InterfaceError | InternalError
    cause = _of_the_driver(error)
    return _first_line(cause) if isinstance(cause, its_own) else None


def _missing_privilege(error: Exception) -> str | None:
    """Return what the database forbade to its login."""
    if "psycopg" not in sys.modules:
        return None
    from psycopg.errors import InsufficientPrivilege

    cause = _of_the_driver(error)
    return _first_line(cause) if isinstance(cause, InsufficientPrivilege) else None


def _of_the_driver(error: Exception) -> BaseException | None:
    from sqlalchemy.exc import DBAPIError

    return error.orig if isinstance(error, DBAPIError) else error


def _prefect_error(error: Exception) -> str | None:
    """Return the message of a Prefect server that failed or does not answer."""
    if "prefect" not in sys.modules:
        return None
    from flows.prefect.server_errors import is_server_error

    return _first_line(error) if is_server_error(error) else None


def _ended_server_log() -> Path | None:
    from flows.prefect.servers.temporary_server import ended_server_log

    return ended_server_log()


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
