"""The rows of a delivery's files in the engine, read directly or copied and numbered.

Together with `reading_sql`, the only part of a scan that depends on the engine.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb
import narwhals as nw
import pyarrow as pa

from adapters.ingest.delivery import DeliveredFile
from adapters.ingest.file_problem import FileProblem
from adapters.ingest.key_numbers import KeyNumbers
from adapters.ingest.line_parts import ReadAgain, ReadOnce
from adapters.ingest.numbered_texts import NumberedTexts
from adapters.ingest.opening import FilesDamaged, Reading, UnreliableReading, readable_sources
from adapters.ingest.questions import Frame
from adapters.ingest.quoting import literal_path
from adapters.ingest.reading_sql import Source, alike, keyed_sql, parquet_sql, table_sql, text_sql
from adapters.ingest.simple_texts import NotSimple, typed_schema, typed_tables
from adapters.ingest.text_files import empty_places
from domain.columns import Content
from domain.sentence import sentence


def open_files(
    engine: duckdb.DuckDBPyConnection,
    files: Sequence[DeliveredFile],
    work: Path,
    reading: Reading,
) -> "DeliveredRows":
    """Open the files of one content for the engine; raises FilesDamaged, naming them all."""
    sources = readable_sources(files, work / "text", reading)
    if any(source.shape and not source.shape.is_utf_8 for source in sources):
        # DuckDB (1.5, 2.0) silently skips rows if a column that it does not read is not UTF-8.
        engine.execute("SET disabled_optimizers = 'unused_columns'")
    return DeliveredRows(engine, files[0].content, sources, work, reading)


@dataclass(frozen=True)
class DeliveredRows:
    """The rows of all files of one content.

    `parts` are enough for sound settlements; `whole`, which copies and numbers the rows, is needed
    for examples and refused rows, and used for small tables.
    """

    engine: duckdb.DuckDBPyConnection
    content: Content
    sources: tuple[Source, ...]
    work: Path
    reading: Reading

    def check_complete(self, read: int, before: int = 0) -> None:
        """Compare the number of rows read with the number of lines in the texts.

        A second reading must not have fewer rows than the one `before`. Several threads that read
        one text silently skip broken rows at the borders of their parts. One thread does not, but
        may miss unclosed quotes. Raises UnreliableReading if one thread can read the texts, else
        FilesDamaged.
        """
        if read < before:
            raise UnreliableReading(self.content)
        if self.reading is not Reading.TOGETHER or not self._texts:
            return
        read -= self.rows_in_parquet()
        lines = sum(source.lines for source in self._texts)
        rejected = len(self.rejected)
        if lines <= read + rejected or lines - self._numbered.empty_lines() <= read + rejected:
            return
        if not any(source.shape and source.shape.has_quotes for source in self._texts):
            raise UnreliableReading(self.content)
        self._check_quotes(read, rejected)

    def _check_quotes(self, read: int, rejected: int) -> None:
        """Tell values with line ends, which make more lines than rows, from unclosed quotes."""
        alone = sum(len(self.engine.sql(text_sql([s], parallel=False))) for s in self._texts)
        if alone > read or len(self.rejected) > rejected:
            damage = FileProblem(
                "file_damaged",
                sentence(
                    "its quotes are unbalanced, so its rows cannot be separated; ask its sender "
                    "for it again"
                ),
            )
            quoted = [s.file.name for s in self._texts if s.shape and s.shape.has_quotes]
            raise FilesDamaged(tuple((name, damage) for name in quoted))

    def continuation_lines(self, rows: Mapping[str, int]) -> Iterator[tuple[str, int]]:
        """Count the lines of each CSV that continue a quoted value, given the `rows` of each."""
        rejected = dict(self.rejected.aggregate("file, count(*)").fetchall())
        for source in self._texts:
            if source.shape is None or not source.shape.has_quotes or not source.is_csv:
                continue
            name = source.file.name
            more = source.lines - rows.get(name, 0) - rejected.get(name, 0)
            if more > 0 and (more := more - len(empty_places(source.path))) > 0:
                yield name, more

    def rows_in_parquet(self) -> int:
        """Return how many rows the Parquet files state."""
        if not self._parquet:
            return 0
        paths = ", ".join(literal_path(source.path) for source in self._parquet)
        counts = self.engine.sql(f"SELECT sum(num_rows) FROM parquet_file_metadata([{paths}])")
        [(rows,)] = counts.fetchall()
        return int(rows)

    def parts(self, keys: KeyNumbers) -> Iterator[ReadAgain | ReadOnce]:
        """Yield all settlement lines in parts, each to be consumed before the next.

        Their key numbers are noted in `keys`.

        Raises UnreliableReading if a text turns out not to be simple.
        """
        simple = self.reading is Reading.SIMPLE
        sql = [parquet_sql(same) for same in alike(self._parquet)]
        if not simple:
            sql += [text_sql(same, parallel=self._parallel) for same in alike(self._texts)]
        if sql:
            yield ReadAgain(self._frame(keyed_sql(_united(sql))), keys)
        for same in alike(self._texts) if simple else []:
            part = ReadOnce(self.engine, same, keys)
            yield part
            if part.not_simple:
                raise UnreliableReading(self.content) from part.not_simple

    @cached_property
    def whole(self) -> Frame:
        """All rows: the canonical columns with their `_unreadable` companions, file and row.

        `row` is the number that a spreadsheet shows, counting the header and empty lines; in
        Parquet the first row is 1. Raises UnreliableReading.
        """
        sql = [parquet_sql(same) for same in alike(self._parquet)]
        if self.reading is Reading.SIMPLE and not self._has_keys:
            sql += [self._held(n, same) for n, same in enumerate(alike(self._texts))]
        elif self._texts:
            sql += self._numbered.sql()
        united = _united(sql)
        return self._frame(keyed_sql(united) if self._has_keys else united)

    @property
    def rejected(self) -> duckdb.DuckDBPyRelation:
        """The rows that could not be parsed: file, row, why."""
        return self._numbered.rejected

    @property
    def any_rejected(self) -> bool:
        """Return whether any row could not be parsed."""
        return bool(self.rejected.limit(1).fetchall())

    def damaged(self) -> Iterator[tuple[str, str]]:
        """Read each file separately, and yield those that cannot be read to their end, and why.

        Files that stay in an object store are left out.
        """
        for source in (each for each in self.sources if each.file.stored is None):
            sql = parquet_sql([source])
            if source.is_text:
                sql = text_sql([source], parallel=self._parallel)
            try:
                self.engine.execute(f"SELECT max(hash(COLUMNS(*))) FROM ({sql})").fetchall()
            except duckdb.Error as error:
                yield source.file.name, str(error).splitlines()[0]
            self.engine.execute("DROP TABLE IF EXISTS reject_errors")
            self.engine.execute("DROP TABLE IF EXISTS reject_scans")

    @property
    def _texts(self) -> list[Source]:
        return [source for source in self.sources if source.is_text]

    @property
    def _parquet(self) -> list[Source]:
        return [source for source in self.sources if not source.is_text]

    @property
    def _parallel(self) -> bool:
        return self.reading is not Reading.ALONE

    @property
    def _has_keys(self) -> bool:
        return self.content is Content.SETTLEMENTS

    @property
    def _numbered(self) -> NumberedTexts:
        return NumberedTexts(self.engine, self.content, self._texts, self.work, self._parallel)

    def _frame(self, sql: str) -> Frame:
        return nw.from_native(self.engine.sql(sql)).lazy()

    def _held(self, number: int, same: Sequence[Source]) -> str:
        """Load the simple texts of a snapshot into memory."""
        names, columns = same[0].file.layout.names, same[0].columns
        table = f"{self.content}_{number}"
        try:
            read = [*typed_tables([source.text for source in same], names, columns)]
        except NotSimple as reason:
            raise UnreliableReading(self.content) from reason
        empty = typed_schema(names, columns).empty_table()
        self.engine.register(table, pa.concat_tables([empty, *read]))
        return table_sql(same, table)


def _united(parts: Iterable[str]) -> str:
    return " UNION ALL BY NAME ".join(parts)
