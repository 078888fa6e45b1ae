"""What one delivered file is: its format, and which of its columns is which canonical one."""

import csv
import gzip
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, cast

import duckdb

from adapters.engine import literal
from domain.settlement import COLUMNS, Column, Content

_PARQUET = b"PAR1"
_HEADER_LIMIT = 1_000_000
_NOT_TEXT: Mapping[bytes, str] = {
    _PARQUET: "a Parquet file",
    b"PK\x03\x04": "a ZIP archive or a spreadsheet",
    b"\x1f\x8b": "compressed with gzip",
    b"\x28\xb5\x2f\xfd": "compressed with zstd",
}


class Format(StrEnum):
    """How a file is written; also how its name ends."""

    PARQUET = "parquet"
    CSV = "csv"


class FileProblem(Exception):
    """What keeps a file from being read: a rule's name, and a sentence without the file."""

    def __init__(self, rule: str, sentence: str) -> None:
        super().__init__(sentence)
        self.rule = rule
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class SourceColumn:
    """A canonical column, the name it has in a file, and its type there in the engine's words."""

    column: Column
    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Layout:
    """A file's format, all its column names in order, and where the canonical ones are."""

    format: Format
    names: tuple[str, ...]
    columns: tuple[SourceColumn, ...]


def layout_of(path: Path, content: Content, engine: duckdb.DuckDBPyConnection) -> Layout:
    """Look at a file's first bytes and its header; raises FileProblem for what is wrong there."""
    if path.name.endswith(".parquet"):
        types = _parquet_columns(path, engine)
        return Layout(Format.PARQUET, tuple(types), _canonical(types, content))
    names = _csv_header(path)
    return Layout(Format.CSV, names, _canonical(dict.fromkeys(names, "VARCHAR"), content))


def _parquet_columns(path: Path, engine: duckdb.DuckDBPyConnection) -> dict[str, str]:
    _check_parquet_frame(path)
    try:
        described = engine.execute(
            f"DESCRIBE SELECT * FROM read_parquet({literal(str(path))})"
        ).fetchall()
    except duckdb.Error as error:
        raise _damaged(error) from error
    return {name: kind for name, kind, *_ in described}


def _check_parquet_frame(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(len(_PARQUET))
        if head != _PARQUET:
            raise FileProblem("file_mislabeled", "it is not a Parquet file, as its name says")
        file.seek(-len(_PARQUET), 2)
        if file.read() != _PARQUET or file.tell() < 3 * len(_PARQUET):
            raise FileProblem(
                "file_damaged", "the Parquet file is cut off; ask its sender for it again"
            )


def _damaged(error: Exception) -> FileProblem:
    reason = str(error).splitlines()[0]
    return FileProblem("file_damaged", f"it cannot be read ({reason}); ask its sender for it again")


def _csv_header(path: Path) -> tuple[str, ...]:
    try:
        with _open_text(path) as file:
            line = _header_line(file)
        names = next(csv.reader([line.decode("utf-8-sig").rstrip("\r\n")]), [])
    except UnicodeDecodeError as error:
        raise FileProblem("file_encoding", "its header is not UTF-8 text") from error
    except (csv.Error, EOFError, gzip.BadGzipFile) as error:
        raise _damaged(error) from error
    return tuple(name.strip() for name in names)


def _open_text(path: Path) -> BinaryIO:
    if path.name.endswith(".gz"):
        return cast("BinaryIO", gzip.open(path))
    return path.open("rb")


def _header_line(file: BinaryIO) -> bytes:
    line = file.readline(_HEADER_LIMIT)
    for magic, what in _NOT_TEXT.items():
        if line.startswith(magic):
            raise FileProblem("file_mislabeled", f"it is {what}, not the CSV text its name says")
    if b"\0" in line or len(line) == _HEADER_LIMIT:
        raise FileProblem("file_mislabeled", "it is not CSV text, as its name says")
    return line


def _canonical(types: Mapping[str, str], content: Content) -> tuple[SourceColumn, ...]:
    found = {column: _source(column, types) for column in COLUMNS[content]}
    missing = [column.name for column, source in found.items() if source is None]
    if missing:
        raise FileProblem("column_missing", _missing_sentence(missing, types))
    return tuple(source for source in found.values() if source is not None)


def _source(column: Column, types: Mapping[str, str]) -> SourceColumn | None:
    names: Iterator[str] = (name for name in (column.name, *column.aliases) if name in types)
    name = next(names, None)
    return None if name is None else SourceColumn(column, name, types[name])


def _missing_sentence(missing: list[str], types: Mapping[str, str]) -> str:
    columns = f"column{'s'[: len(missing) != 1]} {', '.join(missing)}"
    return f"it has no {columns}; its columns are {', '.join(types) or 'none'}"[:500]
