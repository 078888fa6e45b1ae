"""Limits of delivered texts, so that no text takes all memory, the whole disk or hours.

Each is far beyond what an export has. They are checked where a text is read whole, chunk by chunk.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

import numpy as np

from adapters.ingest.file_problem import FileProblem

CHUNK: Final = 1 << 20
_LONGEST_LINE: Final = 16 << 20  # a line of a delivery has some hundred bytes
_MOST_EMPTY_LINES: Final = 5_000_000
_MOST_UNPACKED: Final = 1 << 30
_MOST_TIMES: Final = 200  # an export unpacks to 10 or 20 times its size

# The engine keeps a note of each value that a line lacks or has too many, with the line, in memory
# that its limit does not cover, and takes a minute for six million of them.
_MOST_NOTES: Final = 150_000_000
_OF_A_NOTE: Final = 1_000
_QUOTED: Final = re.compile(rb'"[^"]*"')


def unpacked(file: BinaryIO, packed_size: int) -> Iterator[bytes]:
    """Read a file in chunks; raises FileProblem if it unpacks to far more than its size."""
    most = max(_MOST_UNPACKED, _MOST_TIMES * packed_size)
    for number, chunk in enumerate(iter(lambda: file.read(CHUNK), b"")):
        if number * CHUNK > most:
            raise _beyond(f"it unpacks to more than {most:,} bytes")
        yield chunk


def with_short_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a text's chunks; raises FileProblem for a very long line or millions of empty ones."""
    length = empty = 0
    for chunk in chunks:
        end = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
        length = len(chunk) + (length if end < 0 else -1 - end)
        empty += chunk.count(b"\n\n")
        if length > _LONGEST_LINE:
            raise _beyond(f"one of its lines has more than {_LONGEST_LINE:,} bytes")
        if empty > _MOST_EMPTY_LINES:
            raise _beyond(f"it has more than {_MOST_EMPTY_LINES:,} empty lines")
        yield chunk


def with_equal_rows(chunks: Iterable[bytes], width: int) -> Iterator[bytes]:
    """Yield a text's chunks; raises FileProblem if too many rows are not like the header.

    They have more or fewer values than its `width`, or are not UTF-8.
    """
    outside, held, notes = _OutsideQuotes(), b"", 0
    for chunk in chunks:
        lines, feed, held = (held + outside.of(chunk)).rpartition(b"\n")
        notes += _notes_on_values(lines + feed, width) + _notes_on_encoding(chunk)
        _refuse_many(notes, width)
        yield chunk
    _refuse_many(notes + _notes_on_values(held + b"\n", width), width)


def _refuse_many(notes: int, width: int) -> None:
    if notes > _MOST_NOTES:
        raise FileProblem(
            "file_damaged",
            f"too many of its rows are not UTF-8 or do not have the {width} values of its header; "
            "ask its sender for it again",
        )


@dataclass(slots=True)
class _OutsideQuotes:
    """Shortens quoted values of a text, which are often cut by the ends of chunks."""

    is_open: bool = False

    def of(self, chunk: bytes) -> bytes:
        """Return a chunk with a letter for each value in quotes."""
        if b'"' not in chunk:
            return b"" if self.is_open else chunk
        marked = b'"' + chunk if self.is_open else chunk
        self.is_open = marked.count(b'"') % 2 == 1
        if self.is_open:
            marked = marked.rpartition(b'"')[0]
        return _QUOTED.sub(b"x", marked)


def _notes_on_values(lines: bytes, width: int) -> int:
    """Return the size of the notes on values that whole lines lack or have too many."""
    letters = np.frombuffer(lines, np.uint8)
    ends = np.flatnonzero(letters == ord("\n"))
    starts = np.concatenate([[0], ends[:-1] + 1]) if len(ends) else ends
    lengths = ends - starts
    commas = np.flatnonzero(letters == ord(","))
    more = np.searchsorted(commas, ends) - np.searchsorted(commas, starts) - (width - 1)
    is_return = (lengths == 1) & (letters[starts] == ord("\r"))
    more[(lengths == 0) | is_return] = 0  # an empty line is no row
    too_many = more > 0
    lacking = int(-more[~too_many].sum())
    return _OF_A_NOTE * lacking + int((more * (_OF_A_NOTE + lengths // 2))[too_many].sum())


def _notes_on_encoding(chunk: bytes) -> int:
    """Return the size of the notes on lines that are not UTF-8."""
    if chunk.isascii():
        return 0
    odd = chunk.decode("utf-8", "replace").count("\ufffd")
    return _OF_A_NOTE * min(odd, chunk.count(b"\n") + 1) if odd else 0


def _beyond(what: str) -> FileProblem:
    return FileProblem("file_damaged", f"{what}, which no export does; ask its sender for it again")
