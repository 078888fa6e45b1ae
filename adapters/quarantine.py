"""The quarantine: refused lines on disk, with every rule that each one broke."""

from pathlib import Path

import duckdb

from adapters.engine import literal
from domain.profile import Violations

_NAME = "refused-lines.parquet"
_EXAMPLES = 3


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


def violations_in(
    engine: duckdb.DuckDBPyConnection, quarantine: Path, rule: str, shows: str
) -> Violations:
    """Count the refused lines that broke one rule, file by file, and name a few of them."""
    found = engine.execute(
        f"SELECT file, count(*), "
        f"arg_min(file || ' row ' || row || ' (''' || {shows} || ''')', row, $n) "
        f"FROM read_parquet({literal(str(quarantine))}) WHERE list_contains(rules, $rule) "
        "GROUP BY file ORDER BY file",
        {"rule": rule, "n": _EXAMPLES},
    ).fetchall()
    return Violations(
        rule=rule,
        count=sum(count for _, count, _ in found),
        by_file=tuple((file, count) for file, count, _ in found),
        examples=tuple(example for *_, several in found for example in several)[:_EXAMPLES],
    )
