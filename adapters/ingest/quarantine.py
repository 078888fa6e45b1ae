"""The quarantine: refused lines and snapshot rows on disk, with every rule that each one broke."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import narwhals as nw
import pyarrow.parquet

from adapters.ingest.questions import Frame, unreadable
from domain.months import SettlementMonth
from domain.settlement import COLUMNS, Content, Kind

_NAME = "refused-rows.parquet"
_TYPE = {
    Kind.ID: "VARCHAR",
    Kind.WORD: "VARCHAR",
    Kind.AMOUNT_KRW: "BIGINT",
    Kind.DATE: "DATE",
    Kind.FLAG: "BOOLEAN",
}
_COLUMNS = list(dict.fromkeys(column for content in Content for column in COLUMNS[content]))


def write_quarantine(
    engine: duckdb.DuckDBPyConnection,
    refused: Sequence[Frame],
    rejected: Sequence[Frame],
    folder: Path,
) -> Path:
    """Write refused rows, sorted by file and row, as `refused-rows.parquet` in `folder`.

    Columns: file, row, the canonical ones of lines and of the snapshot, what could not be read as
    it was written, and `rules`, the list of the names of all rules that the row broke. A row has
    no value in the columns of the other content, and one that could not be taken apart
    (`rejected`: file, row, rules) has none at all: it may hold what nobody wants to keep.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / _NAME
    unfinished = folder / f"{_NAME}.{uuid4().hex[:8]}"  # two runs may refuse the same at once
    parts = [_no_row(), *(frame.to_native().sql_query() for frame in (*refused, *rejected))]
    united = " UNION ALL BY NAME ".join(f"({part})" for part in parts)
    rules = "* REPLACE (string_split(rules, ';') AS rules)"
    ordered = engine.sql(f"SELECT {rules} FROM ({united}) ORDER BY file, row")
    ordered.write_parquet(str(unfinished))
    unfinished.replace(target)
    return target


def _no_row() -> str:
    """Give a query without rows that has every column, which sets their order and types."""
    typed = {"file": "VARCHAR", "row": "BIGINT"}
    typed |= {column.name: _TYPE[column.kind] for column in _COLUMNS}
    typed |= dict.fromkeys((*unreadable(_COLUMNS), "rules"), "VARCHAR")
    return f"SELECT {', '.join(f'NULL::{kind} AS {name}' for name, kind in typed.items())} LIMIT 0"


def latest_quarantine(root: Path, month: SettlementMonth) -> Path | None:
    """Find the refused rows of a month's delivery that was refused last."""
    files = (root / str(month)).glob(f"*/{_NAME}")
    return max(files, key=lambda file: file.stat().st_mtime_ns, default=None)


def quarantined_rows(file: Path, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Stream refused rows with the named columns, in the order of files and rows."""
    with pyarrow.parquet.ParquetFile(file) as parquet:
        for batch in parquet.iter_batches(columns=list(columns)):
            yield from zip(*(batch.column(name).to_pylist() for name in columns), strict=True)


def broken_in(engine: duckdb.DuckDBPyConnection, quarantine: Path, rule: str) -> Frame:
    """Find the refused rows that broke one rule."""
    refused = nw.from_native(engine.read_parquet(str(quarantine), hive_partitioning=False)).lazy()
    return refused.filter(nw.col("rules").list.contains(rule))
