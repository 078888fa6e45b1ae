"""What a command shows, whatever is at the other end: a terminal of any encoding, a pipe, a disk.

What a command has recorded stays recorded when its words cannot be shown. So a sign that an
encoding lacks is replaced, and trouble of writing ends the showing, not the command.
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


class Shown(io.TextIOBase):
    """A standard stream that never raises for what it is given, nor for where it leads."""

    def __init__(self, stream: io.TextIOWrapper) -> None:
        self._stream = stream
        self.trouble: OSError | None = None
        stream.reconfigure(errors=_LEGIBLE)

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """In which encoding it is written."""
        return self._stream.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        """How signs are replaced that the encoding lacks."""
        return self._stream.errors

    def write(self, text: str, /) -> int:
        """Write a text, or pass over it where nothing can be written any more."""
        try:
            return self._stream.write(text)
        except OSError as error:
            self._give_up(error)
            return len(text)

    def flush(self) -> None:
        """Write what was held back."""
        try:
            self._stream.flush()
        except OSError as error:
            self._give_up(error)

    def writable(self) -> bool:
        """Say that it is there to be written to."""
        return True

    def isatty(self) -> bool:
        """Say whether a person looks at it."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """Give the number of its open file."""
        return self._stream.fileno()

    def keep_signs_apart(self) -> None:
        """Write the numbers of signs that the encoding lacks: two ids stay two for a program."""
        self._stream.reconfigure(errors="backslashreplace")

    def _give_up(self, error: OSError) -> None:
        self.trouble = self.trouble or error
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())  # takes what is still held back
        os.close(nowhere)


def show_whatever_can_be_shown() -> bool:
    """Put `Shown` in the place of standard output and error; a closed one leads nowhere.

    Says whether standard output was open.
    """
    was_open = sys.stdout is not None  # type: ignore[redundant-expr, unused-ignore]
    while (nowhere := os.open(os.devnull, os.O_RDWR)) <= _ERROR:
        os.set_inheritable(nowhere, True)  # or files opened later would be taken for the stream
    os.close(nowhere)
    sys.stdout = _shown(sys.stdout, _OUTPUT)
    sys.stderr = _shown(sys.stderr, _ERROR)
    return was_open


def trouble_of_showing() -> str | None:
    """Say why not all could be written; a reader that has seen enough, as `head`, is no trouble."""
    sys.stdout.flush()
    error = _trouble()
    return None if error is None or error.errno == errno.EPIPE else error.strerror


def while_shown(rows: Iterable[_Row]) -> Iterator[_Row]:
    """Give rows as long as standard output takes them."""
    return takewhile(lambda _: _trouble() is None, rows)


def _trouble() -> OSError | None:
    return sys.stdout.trouble if isinstance(sys.stdout, Shown) else None


def _shown(stream: object, number: int) -> "Shown | io.StringIO":
    if stream is None:  # it was closed before the start
        stream = os.fdopen(number, "w", encoding="utf-8", closefd=False)
    return Shown(stream) if isinstance(stream, io.TextIOWrapper) else stream  # type: ignore[return-value]


def _legible(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_ALIKE.get(sign, "?") for sign in lacking), error.end


codecs.register_error(_LEGIBLE, _legible)
