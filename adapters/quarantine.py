"""The quarantine: refused lines on disk, with every rule that each one broke."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import narwhals as nw
import pyarrow.parquet

from adapters.engine import identifier
from adapters.scan import Frame
from domain.months import SettlementMonth
from domain.profile import UNREADABLE_LINE

_NAME = "refused-lines.parquet"


def write_quarantine(
    refused: duckdb.DuckDBPyRelation, rejected: duckdb.DuckDBPyRelation, folder: Path
) -> Path:
    """Write refused lines, sorted by file and row, as `refused-lines.parquet` in `folder`.

    Columns: file, row, the canonical ones, what could not be read as it was written, and
    `rules`, the list of the names of all rules that the line broke. Rows that could not be taken
    apart (`rejected`: file, line, why) have no values: they may hold what nobody wants to keep.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / _NAME
    unfinished = folder / f"{_NAME}.unfinished"
    listed = refused.project("* REPLACE (string_split(rules, ';') AS rules)")
    listed = listed.union(_without_values(rejected, listed))
    listed.order("file, row").write_parquet(str(unfinished))
    unfinished.replace(target)
    return target


def _without_values(
    rejected: duckdb.DuckDBPyRelation, like: duckdb.DuckDBPyRelation
) -> duckdb.DuckDBPyRelation:
    stated = {"file": "file", "row": "line - 1", "rules": f"['{UNREADABLE_LINE}']"}
    columns = (
        f"{stated.get(name, f'NULL::{kind}')} AS {identifier(name)}"
        for name, kind in zip(like.columns, like.types, strict=True)
    )
    return rejected.project(", ".join(columns))


def latest_quarantine(root: Path, month: SettlementMonth) -> Path | None:
    """Find the refused lines of a month's delivery that was refused last."""
    files = (root / str(month)).glob(f"*/{_NAME}")
    return max(files, key=lambda file: file.stat().st_mtime_ns, default=None)


def quarantined_lines(file: Path, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Stream refused lines with the named columns, in the order of files and rows."""
    with pyarrow.parquet.ParquetFile(file) as parquet:
        for batch in parquet.iter_batches(columns=list(columns)):
            yield from zip(*(batch.column(name).to_pylist() for name in columns), strict=True)


def broken_in(engine: duckdb.DuckDBPyConnection, quarantine: Path, rule: str) -> Frame:
    """Find the refused lines that broke one rule."""
    refused = nw.from_native(engine.read_parquet(str(quarantine))).lazy()
    return refused.filter(nw.col("rules").list.contains(rule))
