"""Bulk loading: Parquet files streamed into tables by COPY."""

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from sqlalchemy import Connection, Table

_ROWS_AT_ONCE = 100_000
_FORMAT = pyarrow.csv.WriteOptions(include_header=False, quoting_style="needed")


def copy_parquet(connection: Connection, table: Table, number: tuple[str, int], file: Path) -> None:
    """Stream a Parquet file into a table, with the same `number` (column, value) in every row.

    The file's columns must bear the table's names. Rows are turned into CSV by Arrow, a batch at
    a time: no row passes through Python, and memory does not grow with the file.
    """
    with pyarrow.parquet.ParquetFile(file) as parquet:
        columns = [number[0], *parquet.schema_arrow.names]
        statement = f"COPY {table.fullname} ({', '.join(columns)}) FROM STDIN (FORMAT csv)"
        cursor = connection.connection.cursor()
        with cursor.copy(statement) as copy:
            for batch in parquet.iter_batches(_ROWS_AT_ONCE):
                constant = pa.repeat(pa.scalar(number[1], pa.int32()), batch.num_rows)
                copy.write(_as_csv(batch.add_column(0, number[0], constant)))


def _as_csv(batch: pa.RecordBatch) -> memoryview:
    buffer = io.BytesIO()
    pyarrow.csv.write_csv(batch, buffer, _FORMAT)
    return buffer.getbuffer()
