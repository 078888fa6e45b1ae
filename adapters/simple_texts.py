"""Texts that every reader takes apart alike, read into typed columns in one go.

No quotes, amounts of digits alone, dates like 2026-10-07: large exports look like that, and such
a text can be read at half the cost. Whatever is not exactly that is refused here, not interpreted:
NotSimple, and the careful way of reading says what it is.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
from pyarrow import csv

from adapters.file_layout import SourceColumn
from domain.settlement import Kind

FILE = "__file"

_READ_AT_ONCE = 16 << 20
_HELD_AT_ONCE = 256 << 20
_BLOCK = 8 << 20  # half of what is read: one for each of two threads, at least cost
_TYPE = {Kind.AMOUNT_KRW: pa.int64(), Kind.DATE: pa.date32()}
_FEW_VALUES = ("line_type", "settlement_type")


class NotSimple(Exception):
    """A text that has to be read carefully."""


def typed_tables(
    texts: Iterable[tuple[str, Path]], names: Sequence[str], columns: Sequence[SourceColumn]
) -> Iterator[pa.Table]:
    """Read texts of the same columns, given as name and path, into few tables; raises NotSimple.

    A column is called `c` and its position, and `__file` holds the text's name. A table is as
    large as may well be held in memory.
    """
    held: list[pa.Table] = []
    try:
        for name, path in texts:
            for table in _tables(path, names, columns):
                held.append(table.append_column(FILE, _all(name, len(table))))
                if sum(each.nbytes for each in held) > _HELD_AT_ONCE:
                    yield pa.concat_tables(held)
                    held.clear()
    except (pa.ArrowException, OSError) as error:
        raise NotSimple(str(error)) from error
    if held:
        yield pa.concat_tables(held)


def _tables(
    path: Path, names: Sequence[str], columns: Sequence[SourceColumn]
) -> Iterator[pa.Table]:
    with path.open("rb") as file:
        file.readline()
        for lines in _whole_lines(file):
            yield _table(lines, names, columns)


def _whole_lines(file: BinaryIO) -> Iterator[memoryview]:
    """Read some megabytes at a time, each time into the same memory: new memory costs more."""
    buffer = bytearray(_READ_AT_ONCE)
    view, held = memoryview(buffer), 0
    while read := file.readinto(view[held:]):  # type: ignore[attr-defined]
        end = held + read
        whole = buffer.rfind(b"\n", 0, end) + 1
        if not whole and end == len(buffer):
            raise NotSimple("a line is longer than what is read at once")
        if whole:
            yield view[:whole]
        held = end - whole
        view[:held] = bytes(view[whole:end])
    if held:
        yield view[:held]


def _table(lines: memoryview, names: Sequence[str], columns: Sequence[SourceColumn]) -> pa.Table:
    used = {f"c{names.index(c.name)}": _type(c) for c in columns if c.name is not None}
    return csv.read_csv(
        pa.BufferReader(pa.py_buffer(lines)),
        csv.ReadOptions(column_names=[f"c{n}" for n, _ in enumerate(names)], block_size=_BLOCK),
        csv.ParseOptions(quote_char=False),
        csv.ConvertOptions(
            column_types=used,
            include_columns=list(used),
            null_values=[""],
            strings_can_be_null=False,
        ),
    )


def _type(source: SourceColumn) -> pa.DataType:
    few = source.column.name in _FEW_VALUES
    text = pa.dictionary(pa.int32(), pa.string()) if few else pa.string()
    return _TYPE.get(source.column.kind, text)


def _all(name: str, rows: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(np.zeros(rows, np.int32), pa.array([name]))
