"""The whole ledger as a file, CSV or Parquet, streamed: memory does not grow with the ledger."""

import io
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, cast

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from psycopg import Copy, Cursor, sql
from sqlalchemy import Connection

from domain.written import FORMULA

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed import WriteableBuffer
    from typing_extensions import Buffer

_COLUMNS: Final = pa.schema(
    [
        ("entry_no", pa.int64()),
        ("recorded_at", pa.timestamp("us", tz="UTC")),
        ("effective_on", pa.date32()),
        ("kind", pa.string()),
        ("seller_id", pa.string()),
        ("tier", pa.int16()),
        ("settlement_month", pa.string()),
        ("debit_account", pa.string()),
        ("credit_account", pa.string()),
        ("points", pa.int64()),
        ("reverses_entry_no", pa.int64()),
    ]
)

_COPY: Final = sql.SQL("""
    COPY (
      SELECT transfer.entry_no,
             to_char(recorded_at, 'YYYY-MM-DD HH24:MI:SS.USTZH:TZM') AS recorded_at,
             effective_on, transfer.kind, {seller_id} AS seller_id,
             coalesce(transfer.tier, finished.tier) AS tier,
             to_char(settlement_month, 'YYYY-MM') AS settlement_month,
             transfer.debit_account, transfer.credit_account, transfer.points,
             CASE transfer.kind WHEN 'reversal' THEN transfer.finishes END AS reverses_entry_no
      FROM growth_points.transfer
      JOIN growth_points.posting USING (posting_no)
      JOIN growth_points.seal ON subject = 'posting' AND subject_key = posting_no::text
      LEFT JOIN growth_points.transfer finished ON finished.entry_no = transfer.finishes
      WHERE seal_no <= {seal_no} ORDER BY transfer.entry_no
    ) TO STDOUT (FORMAT csv, HEADER)
""")


_SELLER_ID: Final = sql.SQL("transfer.seller_id")
_QUOTED: Final = sql.SQL("regexp_replace(transfer.seller_id, {}, {})").format(
    sql.Literal(FORMULA), sql.Literal(r"'\1")
)
_BLOCK: Final = 4 * 1024 * 1024
_CONVERSION: Final = pyarrow.csv.ConvertOptions(
    column_types=_COLUMNS,
    null_values=[""],
    strings_can_be_null=True,
    quoted_strings_can_be_null=False,
)


def export_csv(connection: Connection, file: IO[bytes], *, seal_no: int) -> None:
    """Write the ledger as it stood at a seal, in the columns of the `ledger` command.

    A seller id that a spreadsheet would run as a formula is quoted with `'`.
    """
    with _copying(connection, seal_no, _QUOTED) as blocks:
        for block in blocks:
            file.write(block)


def export_parquet(connection: Connection, path: Path, *, seal_no: int) -> None:
    """Write the ledger as it stood at a seal to a Parquet file, batch by batch."""
    with (
        _copying(connection, seal_no, _SELLER_ID) as blocks,
        pyarrow.csv.open_csv(
            io.BufferedReader(_Blocks(blocks), _BLOCK),
            pyarrow.csv.ReadOptions(block_size=_BLOCK),
            pyarrow.csv.ParseOptions(newlines_in_values=True),
            _CONVERSION,
        ) as batches,
        pyarrow.parquet.ParquetWriter(path, _COLUMNS) as parquet,
    ):
        for batch in batches:
            parquet.write_batch(batch)


def _copying(
    connection: Connection, seal_no: int, seller_id: sql.Composable
) -> AbstractContextManager[Copy]:
    cursor = cast("Cursor[object]", connection.connection.cursor())
    return cursor.copy(_COPY.format(seal_no=sql.Literal(seal_no), seller_id=seller_id))


class _Blocks(io.RawIOBase):
    """The blocks that COPY sends, as a file to read from."""

    def __init__(self, blocks: "Iterable[Buffer]") -> None:
        super().__init__()
        self._blocks = iter(blocks)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """Say that this is read from."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Fill the buffer with as much as is left of a block, or of the next; 0 at the end."""
        if not self._rest:
            self._rest = memoryview(next(self._blocks, b""))
        size = min(len(self._rest), len(memoryview(buffer)))
        memoryview(buffer)[:size], self._rest = self._rest[:size], self._rest[size:]
        return size
