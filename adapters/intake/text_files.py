"""Delivered text: compressed or not, in one of two encodings, with any kind of line end.

The engine takes a compressed file that was cut off for a shorter one, and skips lines whose ends
differ from those before; both without a word. So whatever is not plain UTF-8 with one kind of
line end becomes that first, read here to its last byte.
"""

import codecs
import csv
import gzip
import re
import zlib
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from adapters.intake.file_problem import FileProblem, damaged
from adapters.intake.headers import column_name

_CHUNK = 1 << 20
_QUOTES = re.compile(rb',?"+')
_HEADER_LIMIT = 1_000_000
_NOT_TEXT = {
    b"PAR1": "a Parquet file",
    b"PK\x03\x04": "a ZIP archive or a spreadsheet",
    b"\x1f\x8b": "compressed with gzip",
    b"\x28\xb5\x2f\xfd": "compressed with zstd",
}


class Encoding(StrEnum):
    """How a text is written; the name is Python's."""

    UTF_8 = "utf-8"
    CP949 = "cp949"


def text_header(path: Path) -> tuple[tuple[str, ...], Encoding]:
    """Read a text's first line as column names, and tell the encoding from it.

    A header of ASCII letters alone tells nothing; then the first megabyte does.

    Raises FileProblem for what is no CSV text.
    """
    with _opened(path) as file:
        start = file.read(_CHUNK)
    line = _first_line(start)
    encoding = _encoding(start if line.isascii() else line)
    try:
        names = next(csv.reader([line.decode(_python_name(encoding))]), [])
    except UnicodeDecodeError as error:
        sentence = "its header is neither UTF-8 nor CP949 text"
        raise FileProblem("file_encoding", sentence) from error
    except csv.Error as error:
        raise damaged(error) from error
    return tuple(map(column_name, names)), encoding


@dataclass(frozen=True, slots=True)
class TextShape:
    """How a text is laid out: its lines, whether any has a quote, whether their ends are alike.

    Ends are alike when they are all line feeds, or all carriage return and line feed. `is_utf_8`
    says whether all of it is text in UTF-8.
    """

    lines: int
    has_quotes: bool
    has_like_ends: bool
    is_utf_8: bool


def shape_of(path: Path) -> TextShape:
    """Look through an uncompressed text for its line ends and quotes."""
    returns = feeds = pairs = 0
    quotes, utf_8 = False, True
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    last = b"\n"
    with path.open("rb") as file:
        for chunk in iter(lambda: file.read(_CHUNK), b""):
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
    # A fourth of what `bytes.count` takes where there are many.
    return int(np.count_nonzero(np.frombuffer(chunk, np.uint8) == ord("\n")))


def empty_places(path: Path) -> NDArray[np.int64]:
    """List the empty lines between a plain text's rows, the line after the header being 1.

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
    """Say whether a value goes on in the next line; only at a value's start do quotes open it."""
    for part in _QUOTES.finditer(line):
        if quoted:
            quoted = len(part[0].lstrip(b",")) % 2 == 0
        elif part.start() == 0 or part[0].startswith(b","):
            quoted = len(part[0].lstrip(b",")) % 2 == 1
    return quoted


def is_plain(path: Path, encoding: Encoding) -> bool:
    """Say whether a text is written in UTF-8, as far as can be told, and not compressed."""
    return not path.name.endswith((".gz", ".zst")) and encoding is Encoding.UTF_8


def write_plain(path: Path, encoding: Encoding, target: Path) -> None:
    """Write a text as uncompressed UTF-8 with line feeds; raises FileProblem where it is damaged.

    What is no text in the encoding becomes bytes that are no UTF-8, so that its rows are counted.
    """
    with _opened(path) as file, target.open("wb") as plain:
        if encoding is Encoding.UTF_8:
            plain.writelines(_chunks_of_whole_lines(file))
        else:
            plain.writelines(_in_utf_8(_chunks_of_whole_lines(file), encoding))


def _in_utf_8(chunks: Iterator[bytes], encoding: Encoding) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)("surrogateescape")
    for chunk in chunks:
        yield decoder.decode(chunk).encode("utf-8", "surrogateescape")
    yield decoder.decode(b"", final=True).encode("utf-8", "surrogateescape")


def _chunks_of_whole_lines(file: BinaryIO) -> Iterator[bytes]:
    """Read a file with every kind of line end turned into a line feed."""
    held = b""
    for chunk in iter(lambda: file.read(_CHUNK), b""):
        text = held + chunk
        held = b"\r" if text.endswith(b"\r") else b""  # its line feed may come next
        text = text[: len(text) - len(held)]
        yield text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if held:
        yield b"\n"


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """Open a text, through its compression; its damage becomes a FileProblem."""
    try:
        with _decompressed(path) as file:
            yield file
    except gzip.BadGzipFile as error:
        if _starts_with_gzip(path):  # a checksum that differs is said in the same way
            raise damaged(error) from error
        raise FileProblem("file_mislabeled", "it is not compressed with gzip") from error
    except (EOFError, zlib.error) as error:
        raise damaged(error) from error
    except OSError as error:
        if error.errno is not None or not path.name.endswith(".zst"):
            raise
        raise damaged(error) from error


def _starts_with_gzip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def _decompressed(path: Path) -> BinaryIO:
    if path.name.endswith(".gz"):
        return cast("BinaryIO", gzip.open(path))
    if path.name.endswith(".zst"):
        import pyarrow as pa

        return cast("BinaryIO", pa.input_stream(str(path), compression="zstd"))
    return path.open("rb")


def _first_line(start: bytes) -> bytes:
    for magic, what in _NOT_TEXT.items():
        if start.startswith(magic):
            raise FileProblem("file_mislabeled", f"it is {what}, not the CSV text its name says")
    line = start.replace(b"\r", b"\n").partition(b"\n")[0]
    if b"\0" in line or len(line) > _HEADER_LIMIT:
        raise FileProblem("file_mislabeled", "it is not CSV text, as its name says")
    return line


def _encoding(start: bytes) -> Encoding:
    """Tell the encoding; a text that is neither is left to be refused as UTF-8."""
    for encoding in Encoding:
        try:
            codecs.getincrementaldecoder(encoding)().decode(start)
        except UnicodeDecodeError:
            continue
        return encoding
    return Encoding.UTF_8


def _python_name(encoding: Encoding) -> str:
    return "utf-8-sig" if encoding is Encoding.UTF_8 else encoding
