"""The program's database, opened by the first page that needs it."""

from contextlib import ExitStack
from threading import Lock

from sqlalchemy import Engine

from flows.program import program_database
from flows.settings import Settings


class OpenedDatabase:
    """Keeps the database open from the first use on; a failed try is made again."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._open, self._lock = ExitStack(), Lock()
        self._engine: Engine | None = None

    def engine(self) -> Engine:
        """Return the engine, opened if it is not yet; raises Unavailable."""
        with self._lock:
            if self._engine is None:
                self._engine = self._open.enter_context(program_database(self._settings))
            return self._engine

    def close(self) -> None:
        """Close it, if it was opened."""
        with self._lock:
            self._engine = None
            self._open.close()
