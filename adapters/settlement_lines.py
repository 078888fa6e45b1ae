"""Reading delivered files into canonical columns; the only part of a scan that is an engine's own.

Whatever a file holds, a value that cannot be read becomes NULL beside its text as it was written
(`{column}_unreadable`), so that it is counted as a finding instead of stopping the scan.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

import duckdb

from adapters.delivery import DeliveredFile
from adapters.engine import identifier, literal
from adapters.file_layout import Format, SourceColumn
from adapters.scan import LINE_KEY_NUMBER, canonical, unreadable
from domain.settlement import COLUMNS, LINE_KEY, Content, Kind

_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}
_INSTANT = "TIMESTAMP WITH TIME ZONE"
_REJECTS = "rejected_rows"


def read_files(
    engine: duckdb.DuckDBPyConnection, files: Sequence[DeliveredFile], work: Path
) -> duckdb.DuckDBPyRelation:
    """Read files of one content as one relation with the canonical columns.

    Beside them each column that is not text has its `_unreadable` column, and every row its
    `file` and its `row` (from 1, without the header). Text files are parsed once, into `work`.
    """
    content = files[0].content
    parsed = [_parse(engine, file, work) for file in files if file.layout.format is Format.CSV]
    whole = [file for file in files if file.layout.format is Format.PARQUET]
    parts = [_parquet_sql(same) for same in _alike(whole)]
    if parsed:
        parts.append(_parsed_sql(content, parsed))
    key = f", hash({', '.join(LINE_KEY)}) AS {LINE_KEY_NUMBER}"
    extra = key if content is Content.SETTLEMENTS else ""
    return engine.sql(f"SELECT *{extra} FROM ({' UNION ALL BY NAME '.join(parts)})")


def rejected_rows(engine: duckdb.DuckDBPyConnection) -> list[tuple[str, int, str]]:
    """List the rows that could not be taken apart: file name, line number, what is wrong."""
    exists = f"SELECT count(*) FROM duckdb_tables() WHERE table_name = {literal(_REJECTS)}"
    if engine.execute(exists).fetchall() == [(0,)]:
        return []
    return engine.execute(f"SELECT * FROM {_REJECTS} ORDER BY ALL").fetchall()


def damaged_files(
    engine: duckdb.DuckDBPyConnection, files: Iterable[DeliveredFile]
) -> Iterator[tuple[str, str]]:
    """Read each file by itself, and name those that cannot be read to their end, and why."""
    for file in files:
        source = _csv_sql(file) if file.layout.format is Format.CSV else _whole_parquet(file)
        try:
            engine.execute(f"SELECT max(hash(COLUMNS(*))) FROM {source}").fetchall()
            engine.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
        except duckdb.Error as error:
            yield file.name, str(error).splitlines()[0]


def _whole_parquet(file: DeliveredFile) -> str:
    names = ", ".join(identifier(source.name) for source in file.layout.columns)
    return f"(SELECT {names} FROM read_parquet({literal(str(file.path))}))"


def _alike(files: Iterable[DeliveredFile]) -> list[list[DeliveredFile]]:
    """Group files whose canonical columns have the same names and types, to be read together."""

    def signature(file: DeliveredFile) -> tuple[tuple[str, str], ...]:
        return tuple((source.name, source.type) for source in file.layout.columns)

    return [list(same) for _, same in groupby(sorted(files, key=signature), key=signature)]


def _parquet_sql(files: Sequence[DeliveredFile]) -> str:
    paths = ", ".join(literal(str(file.path)) for file in files)
    folder = literal(f"{files[0].path.parent}/")
    return (
        f"SELECT {_typed(files[0].layout.columns)}, replace(__path, {folder}, '') AS file, "
        f"file_row_number + 1 AS row "
        f"FROM read_parquet([{paths}], filename = '__path', file_row_number = true)"
    )


def _parsed_sql(content: Content, paths: Sequence[Path]) -> str:
    listed = ", ".join(literal(str(path)) for path in paths)
    names = [*canonical(COLUMNS[content]), *unreadable(COLUMNS[content])]
    return (
        f"SELECT {', '.join(names)}, file, file_row_number + 1 AS row "
        f"FROM read_parquet([{listed}], file_row_number = true)"
    )


def _parse(engine: duckdb.DuckDBPyConnection, file: DeliveredFile, work: Path) -> Path:
    """Parse a text file once, into Parquet beside the spill: three passes over it follow."""
    target = work / f"{file.name}.parquet"
    # In the file's order, so that a row's number in the copy is its number in the file.
    engine.execute("SET preserve_insertion_order = true")
    engine.execute(
        f"COPY (SELECT {_typed(file.layout.columns)}, {literal(file.name)} AS file "
        f"FROM {_csv_sql(file)}) TO {literal(str(target))} (FORMAT parquet)"
    )
    engine.execute("SET preserve_insertion_order = false")
    _keep_rejects(engine, file)
    return target


def _csv_sql(file: DeliveredFile) -> str:
    # Columns are named by their position: a header may repeat a name that is of no concern here.
    columns = ", ".join(f"'c{place}': 'VARCHAR'" for place, _ in enumerate(file.layout.names))
    used = {source.name: file.layout.names.index(source.name) for source in file.layout.columns}
    renamed = ", ".join(f"c{place} AS {identifier(name)}" for name, place in used.items())
    return (
        f"(SELECT {renamed} FROM read_csv({literal(str(file.path))}, columns = {{{columns}}}, "
        "auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"', "
        "store_rejects = true))"
    )


def _keep_rejects(engine: duckdb.DuckDBPyConnection, file: DeliveredFile) -> None:
    """Keep one reason for each rejected line; the engine lists several of some lines."""
    engine.execute(
        f"CREATE TABLE IF NOT EXISTS {_REJECTS} (file VARCHAR, line BIGINT, why VARCHAR)"
    )
    engine.execute(
        f"INSERT INTO {_REJECTS} SELECT {literal(file.name)}, line, "
        "first(split_part(error_message, chr(10), 1)) FROM reject_errors GROUP BY line"
    )
    engine.execute("DROP TABLE reject_errors; DROP TABLE reject_scans")


def _typed(columns: Sequence[SourceColumn]) -> str:
    return ", ".join(_typed_column(source) for source in columns)


def _typed_column(source: SourceColumn) -> str:
    column, written = source.column, f"{identifier(source.name)}::VARCHAR"
    if column.kind is Kind.TEXT:
        return f"{written} AS {column.name}"
    read = _reading(source)
    if read is None:
        ready = f"{identifier(source.name)}::{_TYPE[column.kind]} AS {column.name}"
        return f"{ready}, NULL::VARCHAR AS {column.unreadable}"
    unreadable = f"CASE WHEN {read} IS NULL THEN nullif({written}, '') END"
    return f"{read} AS {column.name}, {unreadable} AS {column.unreadable}"


_TYPE = {Kind.AMOUNT_KRW: "BIGINT", Kind.DATE: "DATE", Kind.FLAG: "BOOLEAN"}


def _reading(source: SourceColumn) -> str | None:
    """Give the expression that reads a value, or None where the file's own type will do.

    Other number types go through text, so that a fraction is seen instead of rounded away.
    """
    name = identifier(source.name)
    ready: dict[Kind, set[str]] = {
        Kind.AMOUNT_KRW: _INTEGERS,
        Kind.DATE: {"DATE"},
        Kind.FLAG: {"BOOLEAN"},
    }
    if source.type in ready[source.column.kind]:
        return None
    if source.column.kind is Kind.DATE and source.type == _INSTANT:
        return f"date_in_seoul({name})"
    macro = {
        Kind.AMOUNT_KRW: "whole_krw",
        Kind.DATE: "calendar_date",
        Kind.FLAG: "yes_or_no",
    }[source.column.kind]
    return f"{macro}({name}::VARCHAR)"
