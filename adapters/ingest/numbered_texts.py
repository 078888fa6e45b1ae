"""Texts read carefully: rows numbered as in a spreadsheet, rejected rows kept separately."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from adapters.ingest.questions import canonical, unreadable
from adapters.ingest.quoting import literal, literal_path
from adapters.ingest.reading_sql import Source, alike, text_sql
from adapters.ingest.text_files import empty_places
from domain.columns import Content
from domain.delivery import COLUMNS

# The engine's message, except for the most common error.
_WHY = (
    "CASE WHEN error_type IN ('MISSING COLUMNS', 'TOO MANY COLUMNS') THEN regexp_replace("
    "split_part(error_message, chr(10), 1), '.*Columns: ([0-9]+) Found: ([0-9]+).*', "
    "'it has \\2 values where the header has \\1') ELSE split_part(error_message, chr(10), 1) END"
)


@dataclass(frozen=True, slots=True)
class NumberedTexts:
    """All texts of one content, in an engine; `work` is a folder for copies of their rows."""

    engine: duckdb.DuckDBPyConnection
    content: Content
    texts: Sequence[Source]
    work: Path
    parallel: bool

    @property
    def rejected(self) -> duckdb.DuckDBPyRelation:
        """The rows that could not be parsed: file, row, why.

        The engine lists several reasons for some rows; one is kept.
        """
        if not (self.texts and self._has_rejects):
            return self.engine.sql("SELECT '' AS file, 0 AS row, '' AS why LIMIT 0")
        return self.engine.sql(
            "SELECT name AS file, line::BIGINT - 1 + header_row AS row, "
            f"min({_WHY}) AS why "
            "FROM reject_errors JOIN reject_scans USING (scan_id, file_id) "
            f"JOIN ({self._names_sql()}) AS names ON path = file_path GROUP BY ALL"
        )

    def sql(self) -> list[str]:
        """Copy the texts, and return queries on the copies with the columns of `whole`."""
        copies = [self._copy(number, same) for number, same in enumerate(alike(self.texts))]
        self._find_gaps()
        return [self._numbered_sql(copy) for copy in copies]

    def empty_lines(self) -> int:
        """Count the empty lines, which are not rows."""
        return sum(len(empty_places(source.path)) for source in self.texts)

    @property
    def _has_rejects(self) -> bool:
        """Return whether any text was read with `store_rejects`."""
        found = "SELECT 1 FROM duckdb_tables() WHERE table_name = 'reject_errors'"
        return bool(self.engine.sql(found).fetchall())

    def _copy(self, number: int, same: Sequence[Source]) -> Path:
        """Copy texts in the order of their rows, so that row numbers can be computed."""
        copy = self.work / f"{self.content}-{number}.parquet"
        self.engine.execute("SET preserve_insertion_order = true")
        self.engine.sql(text_sql(same, parallel=self.parallel)).write_parquet(str(copy))
        self.engine.execute("SET preserve_insertion_order = false")
        return copy

    def _numbered_sql(self, copy: Path) -> str:
        """Number a copy's rows as in their files, including the lines that are not rows."""
        columns = [*canonical(COLUMNS[self.content]), *unreadable(COLUMNS[self.content]), "file"]
        options = "file_row_number = true, hive_partitioning = false"
        read = f"read_parquet({literal_path(copy)}, {options})"
        first = f"(SELECT file, min(file_row_number) AS first_row FROM {read} GROUP BY file)"
        placed = f"SELECT *, file_row_number - first_row + 1 AS place FROM {read} JOIN {first}"
        return (
            f"SELECT {', '.join(columns)}, place + coalesce(before, 0) + header_row AS row "
            f"FROM ({placed} USING (file)) ASOF LEFT JOIN {self._gaps} USING (file, place) "
            f"JOIN ({self._names_sql()}) AS names ON name = file"
        )

    def _find_gaps(self) -> None:
        """Compute how many rejected rows and empty lines precede each row."""
        rejected = self.rejected.project("file, row AS place").sql_query()
        empty = self._empty_lines_table()
        self.engine.execute(
            f"CREATE TABLE {self._gaps} AS WITH names AS ({self._names_sql()}), "
            f"other AS (SELECT file, place - header_row AS place FROM ({rejected}) "
            f"JOIN names ON name = file UNION SELECT file, place FROM {empty}), "
            "ranked AS (SELECT *, row_number() OVER (PARTITION BY file ORDER BY place) AS rank "
            "FROM other) SELECT file, place - rank + 1 AS place, max(rank) AS before "
            "FROM ranked GROUP BY ALL"
        )

    @property
    def _gaps(self) -> str:
        return f"gaps_{self.content}"

    def _empty_lines_table(self) -> str:
        """Register the positions of empty lines, which may be many, with the engine."""
        schema = pa.schema([("file", pa.string()), ("place", pa.int64())])
        tables = [schema.empty_table()]
        for source in self.texts:
            places = pa.array(empty_places(source.path), pa.int64())
            names = pa.repeat(source.file.name, len(places))
            tables.append(pa.table([names, places], schema))
        name = f"empty_{self.content}"
        self.engine.register(name, pa.concat_tables(tables))
        return name

    def _names_sql(self) -> str:
        rows = (
            f"({literal(str(s.path))}, {literal(s.file.name)}, {s.header_row})" for s in self.texts
        )
        return f"SELECT * FROM (VALUES {', '.join(rows)}) AS names (path, name, header_row)"
