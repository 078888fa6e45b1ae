"""Simple texts, which every parser reads alike, read into typed columns at half the cost.

They have no quotes, amounts of digits only, dates like 2026-10-07, as large exports do. Anything
else raises NotSimple, and a more careful reading interprets it.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv

from adapters.ingest.file_layout import SourceColumn
from domain.columns import Kind

FILE = "__file"
ROW = "__row"

_READ_AT_ONCE = 16 << 20
_CHECKED_AT_ONCE = 256 << 10  # fits into a processor's cache
_BLOCK = 8 << 20  # half of a read, one for each of two threads; measured as fastest
_LONGEST_HEADER = 1 << 20
_NEVER_SIMPLE = (b'"', b"\0", b"\t")
_MARK = b"\xef\xbb\xbf"  # the parser drops it at the start of any block
_FEW = pa.dictionary(pa.int32(), pa.string())
_TYPE = {
    Kind.WORD: _FEW,
    Kind.WHOLE: pa.int64(),
    Kind.DATE: pa.date32(),
    Kind.FLAG: pa.bool_(),
}
_LAST_OF_ASCII = 0x7F
_LINE_FEED = ord("\n")

_Letters = NDArray[np.uint8]


class NotSimple(Exception):
    """A text that needs a more careful reading."""


@dataclass(frozen=True, slots=True)
class Text:
    """The path of a text, the name to report, and the number of its header's row."""

    name: str
    path: Path
    header_row: int = 1


def typed_schema(names: Sequence[str], columns: Sequence[SourceColumn]) -> pa.Schema:
    """Return the schema of typed tables: `c` and the position of each column, file and row."""
    used = [(f"c{names.index(c.name)}", _type(c)) for c in columns if c.name is not None]
    return pa.schema([*used, (FILE, _FEW), (ROW, pa.int64())])


def typed_tables(
    texts: Iterable[Text], names: Sequence[str], columns: Sequence[SourceColumn]
) -> Iterator[pa.Table]:
    """Read texts with the same columns, some megabytes a table; raises NotSimple."""
    schema = typed_schema(names, columns)
    for text in texts:
        row = text.header_row + 1
        try:
            for lines in _lines_of(text.path):
                table = _table(lines, names, schema)
                table = table.append_column(FILE, _all(text.name, len(table)))
                yield table.append_column(ROW, pa.array(np.arange(row, row + len(table))))
                row += len(table)
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise NotSimple(str(error)) from error


def _lines_of(path: Path) -> Iterator[memoryview]:
    """Read the lines below the header, some megabytes at a time."""
    with path.open("rb") as file:
        header = file.readline(_LONGEST_HEADER)
        end = b"\r\n" if header.endswith(b"\r\n") else b"\n"
        if b"\r" in header.removesuffix(end) or b'"' in header:
            raise NotSimple("its header is not one line of names without quotes")
        for buffer, size in _whole_lines(file):
            _require_simple(buffer, size, end)
            yield memoryview(buffer)[:size]


def _whole_lines(file: BinaryIO) -> Iterator[tuple[bytearray, int]]:
    """Read whole lines into one reused buffer, which is faster than new ones."""
    left = os.fstat(file.fileno()).st_size - file.tell()
    buffer = bytearray(min(_READ_AT_ONCE, max(left, 0) + 1))
    view, held = memoryview(buffer), 0
    while read := file.readinto(view[held:]):  # type: ignore[attr-defined]
        end = held + read
        whole = buffer.rfind(b"\n", 0, end) + 1
        if not whole and end == len(buffer):
            raise NotSimple("a line is longer than what is read at once")
        if whole:
            yield buffer, whole
        held = end - whole
        view[:held] = bytes(view[whole:end])
    if held:
        yield buffer, held


def _require_simple(buffer: bytearray, size: int, end: bytes) -> None:
    if any(buffer.find(odd, 0, size) >= 0 for odd in _NEVER_SIMPLE):
        raise NotSimple("it has quotes, tabs or NUL bytes")
    if buffer.startswith(_MARK):
        raise NotSimple("a line begins with a byte-order mark")
    returns = buffer.find(b"\r", 0, size) >= 0 and buffer.count(b"\r", 0, size)
    if returns != (buffer.count(b"\n", 0, size) if end == b"\r\n" else 0):
        raise NotSimple("its lines do not all end alike")
    if returns and returns != buffer.count(end, 0, size):
        raise NotSimple("its lines do not all end alike")
    letters = np.frombuffer(buffer, np.uint8, size)
    if any(map(_may_hold_hexadecimal, _windows(letters))):
        raise NotSimple("it has what may be a hexadecimal number")
    if any(some.max() > _LAST_OF_ASCII for some in _windows(letters)):
        str(memoryview(buffer)[:size], "utf-8")


def _windows(letters: _Letters) -> Iterator[_Letters]:
    """Yield the letters in small parts that overlap by one."""
    for start in range(0, len(letters), _CHECKED_AT_ONCE):
        yield letters[max(start - 1, 0) : start + _CHECKED_AT_ONCE]


def _may_hold_hexadecimal(letters: _Letters) -> bool:
    """Look for 0x, which Arrow parses as the start of a number."""
    found = np.flatnonzero(letters[1:] | 0x20 == ord("x"))
    return bool((letters[found] == ord("0")).any())


def _table(lines: memoryview, names: Sequence[str], schema: pa.Schema) -> pa.Table:
    types = {field.name: field.type for field in schema if field.name not in (FILE, ROW)}
    table = csv.read_csv(
        pa.BufferReader(pa.py_buffer(lines)),
        csv.ReadOptions(column_names=[f"c{n}" for n, _ in enumerate(names)], block_size=_BLOCK),
        csv.ParseOptions(quote_char=False),
        _conversion_to(types),
    )
    if len(table) != _line_count(lines):
        raise NotSimple("not every line of it is a row")
    return table


def _conversion_to(types: dict[str, pa.DataType]) -> csv.ConvertOptions:
    return csv.ConvertOptions(
        column_types=types,
        include_columns=list(types),
        null_values=[""],
        strings_can_be_null=True,
        true_values=["true"],
        false_values=["false"],
    )


def _line_count(lines: memoryview) -> int:
    letters = np.frombuffer(lines, np.uint8)
    parts = (letters[at : at + _CHECKED_AT_ONCE] for at in range(0, len(letters), _CHECKED_AT_ONCE))
    feeds = [int(np.count_nonzero(part == _LINE_FEED)) for part in parts]
    if not all(feeds[:-1]):
        raise NotSimple("a line is longer than what every reader takes")
    return sum(feeds) + int(letters[-1] != _LINE_FEED)


def _type(source: SourceColumn) -> pa.DataType:
    return _TYPE.get(source.column.kind, pa.string())


def _all(name: str, rows: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(np.zeros(rows, np.int32), pa.array([name]))
