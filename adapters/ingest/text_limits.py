"""Limits of delivered texts, so that no text takes all memory, the whole disk or hours.

Each is far beyond what an export has. They are checked where a text is read whole, chunk by chunk.
"""

import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from adapters.ingest.file_problem import FileProblem
from domain.sentence import Text, sentence

CHUNK: Final = 1 << 20
_LONGEST_LINE: Final = 16 << 20  # a line of a delivery has some hundred bytes
_MOST_EMPTY_LINES: Final = 5_000_000
_MOST_UNPACKED: Final = 1 << 30
_MOST_TIMES: Final = 200  # an export unpacks to 10 or 20 times its size

# The engine keeps a note of each value that a line lacks or has too many, with the line, in memory
# that its limit does not cover, and takes a minute for six million of them.
_MOST_NOTES: Final = 150_000_000
_OF_A_NOTE: Final = 1_000
_MANY_LINES: Final = 16_000  # of a chunk
_LONG_LINE: Final = 1_000
_FIRST, _EXAMINED = 4, 16  # chunks: the first of a text, and then one of so many
_QUOTED: Final = re.compile(rb'"[^"]*"')


def unpacked(file: BinaryIO, packed_size: int) -> Iterator[bytes]:
    """Read a file in chunks; raises FileProblem if it unpacks to far more than its size."""
    most = max(_MOST_UNPACKED, _MOST_TIMES * packed_size)
    for number, chunk in enumerate(iter(lambda: file.read(CHUNK), b"")):
        if number * CHUNK > most:
            raise _beyond(sentence("it unpacks to more than {most:,} bytes", most=most))
        yield chunk


def with_short_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a text's chunks; raises FileProblem for a very long line."""
    length = 0
    for chunk in chunks:
        end = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
        length = len(chunk) + (length if end < 0 else -1 - end)
        if length > _LONGEST_LINE:
            raise _beyond(
                sentence("one of its lines has more than {most:,} bytes", most=_LONGEST_LINE)
            )
        yield chunk


def with_equal_rows(chunks: Iterable[bytes], width: int) -> Iterator[bytes]:
    """Yield a text's chunks; raises FileProblem if too many lines are not like the header.

    They are empty, have more or fewer values than its `width`, or are not UTF-8.
    """
    is_open, notes, empty = False, 0, 0
    for number, chunk in enumerate(chunks):
        ends = np.flatnonzero(np.frombuffer(chunk, np.uint8) == ord("\n"))
        if stands_for := _stands_for(number, ends):
            lines = _with_short_values(chunk, is_open=is_open)
            found = _notes_on_values(lines, width) + _notes_on_encoding(chunk)
            notes += stands_for * found
        is_open ^= _quotes(chunk) % 2 == 1
        empty += chunk.count(b"\n\n") if len(ends) > _MANY_LINES else 0
        _refuse_many(notes, empty, width)
        yield chunk


def _stands_for(number: int, ends: NDArray[np.int64]) -> int:
    """Return for how many chunks this one is examined: for itself if its lines are unusual.

    Examining every chunk would cost a quarter of the reading.
    """
    longest = np.diff(ends, prepend=0, append=CHUNK).max()
    if number < _FIRST or len(ends) > _MANY_LINES or longest > _LONG_LINE:
        return 1
    return 0 if number % _EXAMINED else _EXAMINED


def _quotes(chunk: bytes) -> int:
    # Faster than `bytes.count` if there are many.
    return int(np.count_nonzero(np.frombuffer(chunk, np.uint8) == ord('"')))


def _refuse_many(notes: int, empty: int, width: int) -> None:
    if empty > _MOST_EMPTY_LINES:
        raise _beyond(sentence("it has more than {most:,} empty lines", most=_MOST_EMPTY_LINES))
    if notes > _MOST_NOTES:
        raise FileProblem(
            "file_damaged",
            sentence(
                "too many of its rows are not UTF-8 or do not have the {width} values "
                "of its header; ask its sender for it again",
                width=width,
            ),
        )


def _with_short_values(chunk: bytes, *, is_open: bool) -> bytes:
    """Return a chunk with a letter for each value in quotes; one may be open at its start."""
    if b'"' not in chunk:
        return b"" if is_open else chunk
    marked = b'"' + chunk if is_open else chunk
    if marked.count(b'"') % 2 == 1:
        marked = marked.rpartition(b'"')[0]
    return _QUOTED.sub(b"x", marked)


def _notes_on_values(lines: bytes, width: int) -> int:
    """Return the size of the notes on values that lines lack or have too many."""
    if not lines:
        return 0
    letters = np.frombuffer(lines, np.uint8)
    ends = np.append(np.flatnonzero(letters == ord("\n")), len(lines))
    starts = np.insert(ends[:-1] + 1, 0, 0)
    lengths = ends - starts
    commas = np.flatnonzero(letters == ord(","))
    more = np.searchsorted(commas, ends) - np.searchsorted(commas, starts) - (width - 1)
    more[(lengths == 0) | (lengths == 1) & (np.take(letters, starts, mode="clip") == ord("\r"))] = 0
    more[[0, -1]] = np.maximum(more[[0, -1]], 0)  # they may be cut by the ends of the chunk
    too_many = more > 0
    lacking = int(-more[~too_many].sum())
    return _OF_A_NOTE * lacking + int((more * (_OF_A_NOTE + lengths // 2))[too_many].sum())


def _notes_on_encoding(chunk: bytes) -> int:
    """Return the size of the notes on lines that are not UTF-8."""
    if chunk.isascii():
        return 0
    odd = chunk.decode("utf-8", "replace").count("\ufffd")
    return _OF_A_NOTE * min(odd, chunk.count(b"\n") + 1) if odd else 0


def _beyond(what: Text) -> FileProblem:
    return FileProblem(
        "file_damaged",
        sentence("{what}, which no export does; ask its sender for it again", what=what),
    )
