"""Bulk loading of Parquet files by COPY, and hashing of rows.

Rows are hashed as CSV in the order of their keys, with quoted texts. Arrow writes the same bytes
for a staged file as PostgreSQL for the table, so loaded rows need not be read again.
"""

import hashlib
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Date,
    Table,
    Text,
    cast,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

_ROWS_AT_ONCE: Final = 100_000
_FORMAT: Final = pyarrow.csv.WriteOptions(include_header=False, quoting_style="needed")


def copy_parquet(
    connection: Connection, table: str, file: Path, number: tuple[str, int] | None = None
) -> None:
    """Stream a Parquet file into a table, with the same `number` (column, value) in every row.

    The file must have the table's column names. Arrow converts batches of rows to CSV, so memory
    does not grow with the file.
    """
    with pyarrow.parquet.ParquetFile(file) as parquet:
        columns = [*([number[0]] if number else []), *parquet.schema_arrow.names]
        statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT csv)"
        cursor = connection.connection.cursor()
        with cursor.copy(statement) as copy:
            for batch in parquet.iter_batches(_ROWS_AT_ONCE):
                copy.write(_as_csv(_numbered(batch, number)))


def _numbered(batch: pa.RecordBatch, number: tuple[str, int] | None) -> pa.RecordBatch:
    if number is None:
        return batch
    column, value = number
    constant = pa.repeat(pa.scalar(value, pa.int32()), batch.num_rows)
    return batch.add_column(0, column, constant)


def hash_files(files: Iterable[tuple[Table, Path]]) -> str:
    """Hash staged files, sorted by their tables' keys, as `hash_rows` does once they are loaded."""
    digest = hashlib.sha256()
    for table, file in files:
        names = [column.name for column in _hashed(table)]
        with pyarrow.parquet.ParquetFile(file) as parquet:
            for batch in parquet.iter_batches(_ROWS_AT_ONCE, columns=names):
                digest.update(_as_csv(batch.select(names)))
    return digest.hexdigest()


def hash_rows(connection: Connection, tables: Sequence[Table], number: int) -> str:
    """Hash the rows of tables whose key begins with `number`."""
    digest = hashlib.sha256()
    for table in tables:
        digest.update(rows_as_csv(connection, table, number))
    return digest.hexdigest()


def rows_as_csv(connection: Connection, table: Table, number: int) -> bytes:
    """Return the rows of a table whose key begins with `number` as CSV, in key order.

    PostgreSQL returns one text: half a million single rows would cost a second.
    """
    owner, *keys = table.primary_key
    line = func.concat_ws(",", *map(_written, _hashed(table)))
    rows = func.string_agg(line, aggregate_order_by(literal("\n"), *keys))
    found = connection.execute(select(rows).where(owner == number)).scalar_one()
    return f"{found}\n".encode() if found is not None else b""


def _hashed(table: Table) -> list[Column[Any]]:
    return list(table.columns)[1:]


def _written(column: Column[Any]) -> ColumnElement[Any]:
    """Format a column as Arrow does, independently of the session's settings."""
    if isinstance(column.type, Text):
        return '"' + func.replace(column, '"', '""') + '"'
    if isinstance(column.type, Boolean):
        return cast(column, Text)
    if isinstance(column.type, Date):
        return func.to_char(column, "YYYY-MM-DD")
    return column


def _as_csv(batch: pa.RecordBatch) -> memoryview:
    buffer = io.BytesIO()
    pyarrow.csv.write_csv(batch, buffer, _FORMAT)
    return buffer.getbuffer()
