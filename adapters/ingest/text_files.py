"""Delivered texts: converting them to plain UTF-8 with one kind of line end.

The engine silently accepts truncated compressed files, and silently skips lines whose ends differ
from those before. Texts that are not plain are therefore converted first.
"""

import codecs
import csv
import io
import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from adapters.ingest.compressed import is_compressed, opened
from adapters.ingest.text_header import PLAIN, Encoding, TextForm
from adapters.ingest.text_limits import CHUNK, unpacked, with_equal_rows, with_short_lines
from adapters.ingest.utf_16 import in_plain_csv

_QUOTES = re.compile(rb',?"+')


@dataclass(frozen=True, slots=True)
class TextShape:
    """The shape of a text: its number of lines, and whether it has quotes and equal line ends.

    Line ends are equal when all are line feeds, or all are carriage returns with line feeds.
    """

    lines: int
    has_quotes: bool
    has_like_ends: bool
    is_utf_8: bool


def shape_of(path: Path, width: int) -> TextShape:
    """Scan an uncompressed text for line ends and quotes; raises FileProblem beyond limits.

    `width` is the number of columns.
    """
    returns = feeds = pairs = 0
    quotes, utf_8 = False, True
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    last = b"\n"
    with path.open("rb") as file:
        chunks = with_short_lines(iter(lambda: file.read(CHUNK), b""))
        for chunk in with_equal_rows(chunks, width):
            feeds += _line_feeds(chunk)
            quotes = quotes or b'"' in chunk
            if utf_8 and not (chunk.isascii() and last.isascii()):
                utf_8 = "\ufffd" not in decoder.decode(chunk)
            if b"\r" in chunk or last == b"\r":
                returns += chunk.count(b"\r")
                pairs += chunk.count(b"\r\n") + (last == b"\r" and chunk[:1] == b"\n")
            last = chunk[-1:]
    like_ends = returns == 0 or returns == feeds == pairs
    utf_8 = utf_8 and not decoder.decode(b"", final=True)
    return TextShape(feeds + (last != b"\n"), quotes, like_ends, utf_8)


def _line_feeds(chunk: bytes) -> int:
    # Four times as fast as `bytes.count` if there are many.
    return int(np.count_nonzero(np.frombuffer(chunk, np.uint8) == ord("\n")))


def empty_places(path: Path) -> NDArray[np.int64]:
    """Return the positions of empty lines in a plain text; the line after the header is 1.

    A line within quotes belongs to its row.
    """
    places, place, quoted = array("q"), 0, False
    with path.open("rb") as file:
        for line in file:
            if not quoted and not line.strip(b"\r\n"):
                places.append(place)
            if b'"' in line:
                quoted = _ends_within_quotes(line, quoted)
            place += not quoted
    return np.frombuffer(places, np.int64) if places else np.empty(0, np.int64)


def _ends_within_quotes(line: bytes, quoted: bool) -> bool:
    """Return whether a value continues in the next line; only a leading quote opens one."""
    for part in _QUOTES.finditer(line):
        if quoted:
            quoted = len(part[0].lstrip(b",")) % 2 == 0
        elif part.start() == 0 or part[0].startswith(b","):
            quoted = len(part[0].lstrip(b",")) % 2 == 1
    return quoted


def is_plain(path: Path, form: TextForm) -> bool:
    """Return whether a text, judging by its start, is uncompressed UTF-8 with a one-line header."""
    return form == PLAIN and not is_compressed(path)


def write_plain(path: Path, form: TextForm, names: Sequence[str], target: Path) -> None:
    """Convert a text to uncompressed UTF-8 with commas, line feeds and a header of one line.

    Undecodable text becomes bytes that are not UTF-8, so that its rows are counted as unreadable.
    Raises FileProblem if the text is damaged or beyond limits.
    """
    with opened(path) as file, target.open("wb") as plain:
        chunks = with_short_lines(unpacked(file, path.stat().st_size))
        if form.encoding is Encoding.UTF_16:
            chunks = in_plain_csv(chunks, form.delimiter)
        else:
            chunks = _in_utf_8(_with_line_feeds(chunks), form.encoding)
        plain.writelines(_under_one_line(chunks, names, form.header_lines))


def _under_one_line(chunks: Iterator[bytes], names: Sequence[str], lines: int) -> Iterator[bytes]:
    """Replace a header of several lines by one line with the names."""
    if lines > 1:
        yield header_line(names).encode()
    else:
        lines = 0
    for chunk in chunks:
        rest = chunk
        while lines and rest:
            _, feed, rest = rest.partition(b"\n")
            lines -= len(feed)
        yield rest


def header_line(names: Sequence[str]) -> str:
    """Write names as a line of CSV."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(names)
    return line.getvalue()


def _in_utf_8(chunks: Iterator[bytes], encoding: Encoding) -> Iterator[bytes]:
    if encoding is Encoding.UTF_8:
        yield from chunks
        return
    decoder = codecs.getincrementaldecoder(encoding)("surrogateescape")
    for chunk in chunks:
        yield decoder.decode(chunk).encode("utf-8", "surrogateescape")
    yield decoder.decode(b"", final=True).encode("utf-8", "surrogateescape")


def _with_line_feeds(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Convert all line ends to line feeds."""
    held = b""
    for chunk in chunks:
        text = held + chunk
        held = b"\r" if text.endswith(b"\r") else b""  # its line feed may be in the next chunk
        text = text[: len(text) - len(held)]
        yield text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if held:
        yield b"\n"
