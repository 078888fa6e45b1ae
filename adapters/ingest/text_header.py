"""The start of a delivered text: detecting its encoding and delimiter, and reading its header."""

import codecs
import csv
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from adapters.ingest.compressed import opened
from adapters.ingest.file_problem import FileProblem
from adapters.ingest.headers import column_name
from adapters.ingest.utf_16 import decoded_start
from domain.sentence import sentence

_LOOKED_AT = 1 << 20
_HEADER_LIMIT = 1_000_000
_COMMAS_OF_A_ROW = 5  # one less than in the narrowest table
_NOT_TEXT = {
    b"PAR1": sentence("a Parquet file"),
    b"PK\x03\x04": sentence("a ZIP archive or a spreadsheet"),
    b"\x1f\x8b": sentence("compressed with gzip"),
    b"\x28\xb5\x2f\xfd": sentence("compressed with zstd"),
    b"\xd0\xcf\x11\xe0": sentence("an old .xls workbook or one with a password"),
}
_UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_UTF_32_MARKS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)


class Encoding(StrEnum):
    """The encoding of a text, by its Python name."""

    UTF_8 = "utf-8"
    CP949 = "cp949"
    UTF_16 = "utf-16"  # only with a byte-order mark


@dataclass(frozen=True, slots=True)
class TextForm:
    """The encoding and the delimiter of a text, and the number of its header's lines.

    A header has several lines if a quoted name contains line breaks.
    """

    encoding: Encoding = Encoding.UTF_8
    delimiter: str = ","
    header_lines: int = 1


PLAIN = TextForm()


def text_header(path: Path) -> tuple[tuple[str, ...], TextForm]:
    """Return a text's column names and its form; raises FileProblem if it is not CSV."""
    with opened(path) as file:
        start = file.read(_LOOKED_AT)
    encoding = _encoding(start)
    text = _decoded(start, encoding).replace("\r\n", "\n").replace("\r", "\n")
    delimiter = _delimiter(text) if encoding is Encoding.UTF_16 else ","
    names, lines = _first_record(text, delimiter)
    if any("\udc80" <= letter <= "\udcff" for name in names for letter in name):
        raise FileProblem("file_encoding", sentence("its header is neither UTF-8 nor CP949 text"))
    return tuple(map(column_name, names)), TextForm(encoding, delimiter, lines)


def _first_record(text: str, delimiter: str) -> tuple[list[str], int]:
    """Return the header at the start of a text, and the number of its lines."""
    lines = [f"{line}\n" for line in text.split("\n")]
    reader = csv.reader(lines, delimiter=delimiter)
    try:
        names = next(reader, [])
        if (count := reader.line_num) > 1:
            next(csv.reader(lines[:count], delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise _quote_open() from error
    if any(_holds_a_row(name, delimiter) for name in names):
        raise _quote_open()
    return names, count


def _holds_a_row(name: str, delimiter: str) -> bool:
    """Return whether a name with line breaks contains what looks like rows."""
    parts = name.split("\n")
    return len(parts) > 1 and any(part.count(delimiter) >= _COMMAS_OF_A_ROW for part in parts)


def _quote_open() -> FileProblem:
    return FileProblem(
        "file_damaged",
        sentence(
            "a quote in its header is not closed there, so its rows cannot be separated; ask its "
            "sender for it again"
        ),
    )


def _delimiter(text: str) -> str:
    """Detect tabs or commas by the header, which ends outside quotes."""
    header = ""
    for line in text.split("\n"):
        header += line
        if header.count('"') % 2 == 0:
            break
    return "\t" if header.count("\t") > header.count(",") else ","


def _encoding(start: bytes) -> Encoding:
    """Detect the encoding by a byte-order mark, the first line, or, if it is ASCII, the rest.

    A text that matches none is read as UTF-8, and its rows are refused.
    """
    for magic, what in _NOT_TEXT.items():
        if start.startswith(magic):
            raise FileProblem(
                "file_mislabeled",
                sentence("it is {what}, not the CSV text its name says", what=what),
            )
    if start.startswith(_UTF_32_MARKS):
        raise FileProblem(
            "file_encoding", sentence("it is written in UTF-32; save it as CSV in UTF-8")
        )
    if start.startswith(_UTF_16_MARKS):
        return Encoding.UTF_16
    line = start.replace(b"\r", b"\n").partition(b"\n")[0]
    if b"\0" in line:
        raise _with_zeros(start)
    if len(line) > _HEADER_LIMIT:
        raise FileProblem("file_mislabeled", sentence("it is not CSV text, as its name says"))
    return _matching(start if line.isascii() else line)


def _matching(start: bytes) -> Encoding:
    for encoding in (Encoding.UTF_8, Encoding.CP949):
        try:
            codecs.getincrementaldecoder(encoding)().decode(start)
        except UnicodeDecodeError:
            continue
        return encoding
    return Encoding.UTF_8


def _with_zeros(start: bytes) -> FileProblem:
    """Return the problem of a text with NUL bytes: no byte-order mark, or not a text."""
    for name in ("UTF-32", "UTF-16"):
        if any(_has_header_in(f"{name}-{order}", start) for order in ("LE", "BE")):
            return FileProblem(
                "file_encoding",
                sentence(
                    "it is written in {name} without a byte-order mark; save it as CSV in UTF-8",
                    name=name,
                ),
            )
    return FileProblem("file_mislabeled", sentence("it is not CSV text, as its name says"))


def _has_header_in(encoding: str, start: bytes) -> bool:
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(start)
    except UnicodeDecodeError:
        return False
    line = text.partition("\n")[0].rstrip("\r").replace("\t", ",")
    return "," in line and line.isprintable()


def _decoded(start: bytes, encoding: Encoding) -> str:
    if encoding is Encoding.UTF_16:
        return decoded_start(start)
    name = "utf-8-sig" if encoding is Encoding.UTF_8 else encoding
    return codecs.getincrementaldecoder(name)("surrogateescape").decode(start)
