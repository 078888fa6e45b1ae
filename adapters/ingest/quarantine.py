"""The quarantine: refused lines and snapshot rows on disk, with every rule that each broke."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import narwhals as nw
import pyarrow.parquet

from adapters.ingest.questions import Frame, unreadable
from domain.columns import Content, Kind
from domain.delivery import COLUMNS
from domain.months import SettlementMonth

_NAME = "refused-rows.parquet"
_TYPE = {
    Kind.ID: "VARCHAR",
    Kind.WORD: "VARCHAR",
    Kind.WHOLE: "BIGINT",
    Kind.DATE: "DATE",
    Kind.FLAG: "BOOLEAN",
}


def write_quarantine(
    engine: duckdb.DuckDBPyConnection,
    contents: Sequence[Content],
    refused: Sequence[Frame],
    rejected: Sequence[Frame],
    folder: Path,
) -> Path:
    """Write refused rows, sorted by file and row, as `refused-rows.parquet` in `folder`.

    Columns: file, row, the canonical ones of all contents with their `_unreadable` companions, and
    `rules`, a list of the names of all rules that the row broke. Columns of another content are
    NULL. A row that could not be parsed (`rejected`: file, row, rules) has no
    values at all, since it may contain personal data.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / _NAME
    unfinished = folder / f"{_NAME}.{uuid4().hex[:8]}"  # two runs may write at once
    rows = engine.sql(_united(contents, (*refused, *rejected)))
    rows.write_parquet(str(unfinished))
    unfinished.replace(target)
    return target


def _united(contents: Sequence[Content], refused: Iterable[Frame]) -> str:
    """Return the query of all refused rows, sorted by file and row."""
    parts = [_no_row(contents), *(frame.to_native().sql_query() for frame in refused)]
    united = " UNION ALL BY NAME ".join(f"({part})" for part in parts)
    rules = "* REPLACE (string_split(rules, ';') AS rules)"
    return f"SELECT {rules} FROM ({united}) ORDER BY file, row"


def _no_row(contents: Sequence[Content]) -> str:
    """Return a query without rows that sets the order and types of all columns."""
    columns = list(dict.fromkeys(column for content in contents for column in COLUMNS[content]))
    typed = {"file": "VARCHAR", "row": "BIGINT"}
    typed |= {column.name: _TYPE[column.kind] for column in columns}
    typed |= dict.fromkeys((*unreadable(columns), "rules"), "VARCHAR")
    return f"SELECT {', '.join(f'NULL::{kind} AS {name}' for name, kind in typed.items())} LIMIT 0"


def latest_quarantine(root: Path, month: SettlementMonth) -> Path | None:
    """Find the quarantine file of a month's last refused delivery."""
    files = (root / str(month)).glob(f"*/{_NAME}")
    return max(files, key=lambda file: file.stat().st_mtime_ns, default=None)


def quarantined_rows(file: Path, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Stream the named columns of refused rows, sorted by file and row."""
    with pyarrow.parquet.ParquetFile(file) as parquet:
        for batch in parquet.iter_batches(columns=list(columns)):
            yield from zip(*(batch.column(name).to_pylist() for name in columns), strict=True)


def count_quarantined(file: Path) -> int:
    """Count the refused rows in a quarantine file, without reading them."""
    with pyarrow.parquet.ParquetFile(file) as parquet:
        return int(parquet.metadata.num_rows)


def rows_breaking(engine: duckdb.DuckDBPyConnection, quarantine: Path, rule: str) -> Frame:
    """Find the refused rows that broke one rule."""
    refused = nw.from_native(engine.read_parquet(str(quarantine), hive_partitioning=False)).lazy()
    return refused.filter(nw.col("rules").list.contains(rule))
