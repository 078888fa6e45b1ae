"""The layout of a delivered file: its format, and the columns that are canonical ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import duckdb

from adapters.ingest.file_problem import FileProblem, damaged
from adapters.ingest.headers import column_name, recognized, require_columns
from adapters.ingest.quoting import literal_path
from adapters.ingest.sheets import choose_sheets
from adapters.ingest.spreadsheets import Sheet
from adapters.ingest.text_header import PLAIN, TextForm, text_header
from domain.columns import Column, Content
from domain.delivery import COLUMNS
from domain.sentence import sentence

_PARQUET = b"PAR1"


class Format(StrEnum):
    """The format of a file."""

    PARQUET = "parquet"
    CSV = "csv"
    XLSX = "xlsx"


# The endings of delivered files' names.
SUFFIXES = {
    ".parquet": Format.PARQUET,
    ".csv": Format.CSV,
    ".csv.gz": Format.CSV,
    ".csv.zst": Format.CSV,
    ".xlsx": Format.XLSX,
}


@dataclass(frozen=True, slots=True)
class SourceColumn:
    """A canonical column with its name and its engine type in a file.

    `name` is None for the column that a `seller_id=…` folder states for the whole file.
    """

    column: Column
    name: str | None
    type: str


@dataclass(frozen=True, slots=True)
class Layout:
    """The format of a table, its column names in order, and the canonical columns among them."""

    format: Format
    names: tuple[str, ...]
    columns: tuple[SourceColumn, ...]
    text: TextForm = PLAIN
    sheet: Sheet | None = None


@dataclass(frozen=True, slots=True)
class Contents:
    """The tables of a file: one, or one for each sheet with rows; `not_read` names other sheets."""

    tables: tuple[Layout, ...]
    not_read: tuple[str, ...] = ()


def format_of(path: Path) -> Format:
    """Return a file's format by its name."""
    return next(form for suffix, form in SUFFIXES.items() if path.name.endswith(suffix))


def contents_of(
    path: Path, content: Content, engine: duckdb.DuckDBPyConnection, stated: frozenset[str]
) -> Contents:
    """Examine a file's first bytes and its header; raises FileProblem.

    `stated` names the columns that the file's folder states for all its rows.
    """
    form = format_of(path)
    if form is Format.XLSX:
        return _sheets(path, content, stated)
    if form is Format.PARQUET:
        types = _parquet_columns(path, engine)
        columns = _canonical(tuple(types), tuple(types.values()), content, stated)
        return Contents((Layout(form, tuple(types), columns),))
    names, text = text_header(path)
    columns = _canonical(names, ("VARCHAR",) * len(names), content, stated)
    return Contents((Layout(form, names, columns, text),))


def _sheets(path: Path, content: Content, stated: frozenset[str]) -> Contents:
    choice = choose_sheets(path, content, stated)
    tables = (
        Layout(Format.XLSX, sheet.names, columns, sheet=sheet)
        for sheet in choice.read
        for columns in [_canonical(sheet.names, ("VARCHAR",) * len(sheet.names), content, stated)]
    )
    return Contents(tuple(tables), choice.not_read)


def _parquet_columns(path: Path, engine: duckdb.DuckDBPyConnection) -> dict[str, str]:
    _check_parquet_frame(path)
    try:
        described = engine.execute(
            f"DESCRIBE SELECT * FROM read_parquet({literal_path(path)}, hive_partitioning = false)"
        ).fetchall()
    except duckdb.Error as error:
        raise damaged(error) from error
    return {name: kind for name, kind, *_ in described}


def _check_parquet_frame(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(len(_PARQUET))
        if head != _PARQUET:
            raise FileProblem(
                "file_mislabeled", sentence("it is not a Parquet file, as its name says")
            )
        file.seek(-len(_PARQUET), 2)
        if file.read() != _PARQUET or file.tell() < 3 * len(_PARQUET):
            raise FileProblem(
                "file_damaged", sentence("the Parquet file is cut off; ask its sender for it again")
            )


def _canonical(
    names: Sequence[str], types: Sequence[str], content: Content, stated: frozenset[str]
) -> tuple[SourceColumn, ...]:
    """Find the canonical columns by their names, which Parquet files may spell differently."""
    compared = tuple(map(column_name, names))
    require_columns(compared, content, stated)
    places = recognized(compared, content)
    return tuple(
        SourceColumn(column, names[places[column]], types[places[column]])
        if column in places
        else SourceColumn(column, None, "VARCHAR")
        for column in COLUMNS[content]
    )
