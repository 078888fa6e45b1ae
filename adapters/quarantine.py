"""The quarantine: refused lines on disk, with every rule that each one broke."""

from pathlib import Path

import duckdb
import narwhals as nw

from adapters.scan import Frame

_NAME = "refused-lines.parquet"


def write_quarantine(refused: duckdb.DuckDBPyRelation, folder: Path) -> Path:
    """Write refused lines, sorted by file and row, as `refused-lines.parquet` in `folder`.

    Columns: file, row, the canonical ones, what could not be read as it was written, and
    `rules`, the list of the names of all rules that the line broke.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / _NAME
    unfinished = folder / f"{_NAME}.unfinished"
    listed = refused.project("* REPLACE (string_split(rules, ';') AS rules)")
    listed.order("file, row").write_parquet(str(unfinished))
    unfinished.replace(target)
    return target


def broken_in(engine: duckdb.DuckDBPyConnection, quarantine: Path, rule: str) -> Frame:
    """Find the refused lines that broke one rule."""
    refused = nw.from_native(engine.read_parquet(str(quarantine))).lazy()
    return refused.filter(nw.col("rules").list.contains(rule))
