"""Why the embedded server did not start."""

import re
import tempfile
from pathlib import Path
from typing import Final

from domain.refusal import Unavailable
from domain.sentence import Text, sentence

_ERROR: Final = re.compile(r"(?:FATAL|PANIC|ERROR|error):\s+(?P<what>.+)")
_DETAIL: Final = re.compile(r"DETAIL:\s+(?P<what>.+)")


class ServerNotStarted(Unavailable):
    """The embedded server could not be started, and a retry would not help."""

    def __init__(self, folder: Path, cause: Text) -> None:
        super().__init__(
            sentence(
                "The embedded PostgreSQL in {folder} did not start: {why}. Fix that "
                "(its log is the file 'log' there), choose another GROWTH_POINTS_HOME, "
                "or set GROWTH_POINTS_DATABASE_URL to use a server of your own.",
                folder=folder,
                why=cause.strip().rstrip(".") if isinstance(cause, str) else cause,
            )
        )
        self.folder = folder
        self.cause = cause


def cause_in(said: str) -> str | None:
    """Return the first error in the output of a server or its programs, with its detail."""
    lines = iter(said.splitlines())
    error = next(filter(None, map(_ERROR.search, lines)), None)
    if error is None:
        return None
    detail = _DETAIL.search(next(lines, ""))
    return error["what"] if detail is None else f"{error['what']}: {detail['what']}"


def write_error(folder: Path) -> str | None:
    """Return the error of writing to the folder, such as a full disk, None if there is none."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(8192))
            file.flush()
    except OSError as error:
        return error.strerror
    return None
