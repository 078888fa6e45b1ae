"""The SQL with which the engine reads delivered files into canonical columns.

A value that cannot be read becomes NULL, and its text goes to the companion column
`{column}_unreadable`, so that it is counted as a finding instead of stopping the scan.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from adapters.ingest.delivery import DeliveredFile
from adapters.ingest.file_layout import Format, SourceColumn
from adapters.ingest.file_names import SELLER_FOLDER
from adapters.ingest.questions import LINE_KEY_NUMBER
from adapters.ingest.quoting import identifier, literal, literal_path
from adapters.ingest.simple_texts import FILE as _FILE
from adapters.ingest.simple_texts import ROW, Text
from adapters.ingest.text_files import TextShape
from adapters.ingest.written_values import identifier_of, word
from domain.columns import Column, Kind
from domain.settlement import LINE_KEY

_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}
_INSTANT = "TIMESTAMP WITH TIME ZONE"
_TYPE = {Kind.WHOLE: "BIGINT", Kind.DATE: "DATE", Kind.FLAG: "BOOLEAN"}
_READY = {Kind.WHOLE: _INTEGERS, Kind.DATE: {"DATE"}, Kind.FLAG: {"BOOLEAN"}}
_MACRO = {Kind.WHOLE: "whole_number", Kind.DATE: "calendar_date", Kind.FLAG: "yes_or_no"}
_FOLDER = f"regexp_extract({_FILE}, '^{SELLER_FOLDER}([^/]*)/', 1)"
SELLER_IN_FOLDER = f"nfc_normalize(url_decode({_FOLDER}))"


@dataclass(frozen=True, slots=True)
class Source:
    """A delivered file and the path that the engine reads: the file, or a text converted from it.

    `shape` is None for Parquet and for simple texts, which are checked while they are read.
    `header_row` is the number of the header's row, 0 without one.
    """

    file: DeliveredFile
    path: Path
    shape: TextShape | None = None
    header_row: int = 1

    @property
    def lines(self) -> int:
        """The number of a text's lines below its header."""
        return self.shape.lines - 1 if self.shape else 0

    @property
    def text(self) -> Text:
        """The text as `simple_texts` reads it."""
        return Text(self.file.name, self.path, self.header_row)

    @property
    def is_text(self) -> bool:
        return self.file.layout.format is not Format.PARQUET

    @property
    def is_csv(self) -> bool:
        return self.file.layout.format is Format.CSV

    @property
    def columns(self) -> tuple[SourceColumn, ...]:
        return self.file.layout.columns

    @property
    def folder(self) -> str:
        """The path without the file's name, with a trailing slash."""
        # The name has composed letters, the path may have decomposed ones.
        return f"{self.path.parents[self.file.name.count('/')]}/"


def alike(sources: Iterable[Source]) -> list[list[Source]]:
    """Group files whose columns have the same names and types, to be read together."""

    def signature(source: Source) -> tuple[object, ...]:
        columns = tuple((c.name or "", c.type) for c in source.columns)
        names = source.file.layout.names if source.is_text else ()
        return (columns, names, source.folder)

    return [list(same) for _, same in groupby(sorted(sources, key=signature), key=signature)]


def parquet_sql(same: Sequence[Source]) -> str:
    """Select from Parquet files, each row numbered."""
    paths = ", ".join(literal_path(source.path) for source in same)
    return (
        f"SELECT {_typed(same[0].columns)}, {_FILE} AS file, file_row_number + 1 AS row FROM ("
        f"SELECT *, {_name_sql(same[0])} AS {_FILE} FROM read_parquet([{paths}], "
        "filename = '__path', file_row_number = true, hive_partitioning = false))"
    )


def table_sql(same: Sequence[Source], table: str) -> str:
    """Select from a table of `simple_texts.typed_tables`."""
    typed = [
        replace(source, type=_TYPE.get(source.column.kind, "VARCHAR")) for source in same[0].columns
    ]
    inner = f"SELECT {_renamed(same[0])}{_FILE}, {ROW} FROM {table}"
    return f"SELECT {_typed(typed)}, {_FILE} AS file, {ROW} AS row FROM ({inner})"


def keyed_sql(sql: str) -> str:
    """Add each settlement line's key number."""
    return f"SELECT *, hash({', '.join(LINE_KEY)}) AS {LINE_KEY_NUMBER} FROM ({sql})"


def text_sql(same: Sequence[Source], *, parallel: bool) -> str:
    """Select from texts; lines that cannot be parsed go to `reject_errors`."""
    # Columns are named by position, since a header may repeat the names of other columns.
    columns = ", ".join(
        f"'c{place}': 'VARCHAR'" for place, _ in enumerate(same[0].file.layout.names)
    )
    paths = ", ".join(literal_path(source.path) for source in same)
    file = literal(same[0].file.name) if len(same) == 1 else _name_sql(same[0])
    renamed = f"{_renamed(same[0])}{file} AS {_FILE}"
    return (
        f"SELECT {_typed(same[0].columns)}, {_FILE} AS file FROM (SELECT {renamed} "
        f"FROM read_csv([{paths}], columns = {{{columns}}}, filename = '__path', "
        "hive_partitioning = false, auto_detect = false, header = true, "
        "delim = ',', quote = '\"', escape = '\"', compression = 'none', "
        f"store_rejects = true, parallel = {str(parallel).lower()}))"
    )


def _name_sql(source: Source) -> str:
    """Strip the folder, which all files read together share, from a path.

    What was fetched of a table has the table's name.
    """
    if source.file.in_table is not None:
        return literal(source.file.name)
    return f"nfc_normalize(substr(__path, {len(source.folder) + 1}))"


def _renamed(source: Source) -> str:
    names = source.file.layout.names
    used = (column.name for column in source.columns if column.name is not None)
    return "".join(f"c{names.index(name)} AS {identifier(name)}, " for name in used)


def _typed(columns: Sequence[SourceColumn]) -> str:
    return ", ".join(_typed_column(source) for source in columns)


def _typed_column(source: SourceColumn) -> str:
    column = source.column
    if source.name is None:
        return f"{SELLER_IN_FOLDER} AS {column.name}"
    name = identifier(source.name)
    if column.kind is Kind.ID:
        return f"{identifier_of(column.name, name, source.type)} AS {column.name}"
    if column.kind is Kind.WORD:
        return f"{word(column.name, f'{name}::VARCHAR')} AS {column.name}"
    return _value_and_unreadable(column, name, source.type)


def _value_and_unreadable(column: Column, name: str, type_: str) -> str:
    """Select a value, and its text as the companion column where it cannot be read."""
    read, written = _reading(column.kind, name, type_), f"{name}::VARCHAR"
    if read is None:
        ready = f"{name}::{_TYPE[column.kind]} AS {column.name}"
        return f"{ready}, NULL::VARCHAR AS {column.unreadable}"
    absent = f"is_nothing({written})" if column.kind is Kind.DATE else f"{written} = ''"
    unreadable = f"CASE WHEN {read} IS NULL AND NOT {absent} THEN {written} END"
    return f"{read} AS {column.name}, {unreadable} AS {column.unreadable}"


def _reading(kind: Kind, name: str, type_: str) -> str | None:
    """Return the expression that reads a value, or None if the file has the right type.

    Other number types are read as text, so that fractions are noticed instead of rounded.
    """
    if type_ in _READY[kind]:
        return None
    if kind is Kind.DATE and type_ == _INSTANT:
        return f"date_in_seoul({name})"
    return f"{_MACRO[kind]}({name}::VARCHAR)"
