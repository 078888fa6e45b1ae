"""A clock that is set by hand, for this process and for a PostgreSQL server of its own.

The server's clock is moved by libfaketime, which it loads before the system's library, so that the
database is as it was made and only believes in another time.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Final, Self

import pytest

import flows.occasion
from adapters.ingest import listing
from adapters.postgres.embedded import programs
from flows.occasion import SEOUL

_LIBRARIES: Final = tuple(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))


class Clock:
    """The time in Seoul, as the program and its database know it; it goes on by itself."""

    def __init__(self, file: Path, at: datetime) -> None:
        self._file = file
        self._asked_at = self.now = at
        self.set(at)

    def set(self, at: datetime) -> None:
        """Set the clock."""
        self.now, self._asked_at = at, datetime.now(UTC)
        self._file.write_text(f"@{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}")

    def read(self) -> datetime:
        """Read the clock."""
        return self.now + (datetime.now(UTC) - self._asked_at)


@contextmanager
def clock_by_hand(folder: Path, at: datetime) -> Iterator[Clock]:
    """Have this process, and database servers that it starts, live by a clock that starts here."""
    file = folder / "now"
    clock = Clock(file, at)
    file.chmod(0o644)
    environment = {
        "LD_PRELOAD": str(_LIBRARIES[0]),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }

    class ByHand(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls.fromtimestamp(clock.read().timestamp(), tz or SEOUL)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(programs, "_ENVIRONMENT", {**programs._ENVIRONMENT, **environment})
        patch.setattr(flows.occasion, "datetime", ByHand)
        patch.setattr(listing, "_changed_at", _dated)
        yield clock


def _dated(status: os.stat_result) -> datetime:
    """Go by the date that a file was given, since nobody can move the file system's clock."""
    return datetime.fromtimestamp(status.st_mtime, UTC)


def can_be_moved() -> bool:
    """Whether the library is installed."""
    return bool(_LIBRARIES)
