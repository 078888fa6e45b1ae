"""Standard output and error that never fail a command, whatever they are connected to.

Characters that the encoding lacks are replaced, and after an error in writing the rest is dropped:
the command has done its work either way.
"""

import codecs
import errno
import io
import os
import sys
from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import Final, TypeVar

_Row = TypeVar("_Row")

_ALIKE: Final = {"–": "-", "—": "-", "−": "-", "…": "...", "×": "x", "→": "->", "’": "'", "·": "."}
_LEGIBLE: Final = "growth_points.legible"
_OUTPUT, _ERROR = 1, 2


class SafeStream(io.TextIOBase):
    """A text stream that records errors in `trouble` instead of raising them."""

    def __init__(self, stream: io.TextIOWrapper) -> None:
        self._stream = stream
        self.trouble: OSError | None = None
        stream.reconfigure(errors=_LEGIBLE)

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The encoding of the stream."""
        return self._stream.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        """The error handler for characters that the encoding lacks."""
        return self._stream.errors

    def write(self, text: str, /) -> int:
        """Write a text; drop it after an error."""
        try:
            return self._stream.write(text)
        except OSError as error:
            self._give_up(error)
            return len(text)

    def flush(self) -> None:
        """Flush the stream."""
        try:
            self._stream.flush()
        except OSError as error:
            self._give_up(error)

    def writable(self) -> bool:
        """Return True."""
        return True

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """Return its file descriptor."""
        return self._stream.fileno()

    def escape_unencodable(self) -> None:
        """Escape characters that the encoding lacks, so that different ids stay different."""
        self._stream.reconfigure(errors="backslashreplace")

    def _give_up(self, error: OSError) -> None:
        self.trouble = self.trouble or error
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())  # discards what is still buffered
        os.close(nowhere)


def protect_standard_streams() -> bool:
    """Replace standard output and error; return whether standard output was open."""
    was_open = sys.stdout is not None  # type: ignore[redundant-expr, unused-ignore]
    while (nowhere := os.open(os.devnull, os.O_RDWR)) <= _ERROR:
        os.set_inheritable(nowhere, True)  # or a file opened later would take its number
    os.close(nowhere)
    sys.stdout = _safe(sys.stdout, _OUTPUT)
    sys.stderr = _safe(sys.stderr, _ERROR)
    return was_open


def output_error() -> str | None:
    """Return the error in writing standard output; a reader that ended early is none."""
    sys.stdout.flush()
    error = _trouble()
    return None if error is None or error.errno == errno.EPIPE else error.strerror


def while_writable(rows: Iterable[_Row]) -> Iterator[_Row]:
    """Yield rows as long as standard output accepts them."""
    return takewhile(lambda _: _trouble() is None, rows)


def _trouble() -> OSError | None:
    return sys.stdout.trouble if isinstance(sys.stdout, SafeStream) else None


def _safe(stream: object, number: int) -> "SafeStream | io.StringIO":
    if stream is None:  # it was closed before the start
        stream = os.fdopen(number, "w", encoding="utf-8", closefd=False)
    return SafeStream(stream) if isinstance(stream, io.TextIOWrapper) else stream  # type: ignore[return-value]


def _legible(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_ALIKE.get(sign, "?") for sign in lacking), error.end


codecs.register_error(_LEGIBLE, _legible)
