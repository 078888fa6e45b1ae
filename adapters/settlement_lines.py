"""The rows of a delivery's files, for the engine: as they are, or copied and numbered.

The only part of a scan that is an engine's own, with `reading_sql`.
"""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property
from pathlib import Path

import duckdb
import narwhals as nw
import pyarrow as pa

from adapters.delivery import DeliveredFile
from adapters.engine import literal, literal_path
from adapters.file_layout import Format
from adapters.file_problem import FileProblem
from adapters.line_parts import LinePart, ReadAgain, ReadOnce
from adapters.reading_sql import Source, alike, keyed_sql, parquet_sql, table_sql, text_sql
from adapters.scan import Frame, canonical, unreadable
from adapters.simple_texts import NotSimple, typed_schema, typed_tables
from adapters.spreadsheets import header_row, write_as_text
from adapters.text_files import empty_places, is_plain, shape_of, write_plain
from domain.settlement import COLUMNS, Content

_CONVERTED_AT_ONCE = 2


class Reading(Enum):
    """How texts are read, each way slower than the one before, and less easily led astray."""

    SIMPLE = auto()  # those that every reader takes apart alike, without interpreting anything
    TOGETHER = auto()  # by several threads, which may lose broken rows where they meet
    ALONE = auto()  # by one thread

    @property
    def more_careful(self) -> "Reading":
        """The way to read what cannot be trusted to have been read in this one."""
        return {Reading.SIMPLE: Reading.TOGETHER, Reading.TOGETHER: Reading.ALONE}[self]


class ReadingUnfit(Exception):
    """Texts of one content that cannot be trusted to be read as they were.

    Either they are not simple, or several threads, reading one text together, lost rows of it.
    """

    def __init__(self, content: Content) -> None:
        super().__init__(content)
        self.content = content


class FilesDamaged(Exception):
    """Files that turned out to be damaged when they were read to their end."""

    def __init__(self, problems: tuple[tuple[str, FileProblem], ...]) -> None:
        super().__init__(", ".join(name for name, _ in problems))
        self.problems = problems


@dataclass(frozen=True)
class DeliveredRows:
    """The rows of all files of one content, for an engine.

    `parts` settle everything about sound settlements; only when something is wrong with them, or
    for few rows, are they copied and numbered, as `whole`.
    """

    engine: duckdb.DuckDBPyConnection
    content: Content
    sources: tuple[Source, ...]
    work: Path
    reading: Reading

    def check_complete(self, read: int, before: int = 0) -> None:
        """Hold the number of rows that were read against the lines that the texts have.

        When they were read `before`, they must not have been more.

        Several threads that read one text skip rows without a word at the places where they meet,
        if those rows are broken. One thread alone does not, but is no judge of quotes that never
        end. So raises ReadingUnfit for texts that one thread can read, FilesDamaged for others.
        """
        if read < before:
            raise ReadingUnfit(self.content)
        if self.reading is not Reading.TOGETHER or not self._texts:
            return
        read -= self._rows_in_parquet()
        lines = sum(source.lines for source in self._texts)
        rejected = len(self.rejected)
        if lines <= read + rejected or lines - self._empty_lines() <= read + rejected:
            return
        quoted = [s.file.name for s in self._texts if s.shape is not None and s.shape.has_quotes]
        if not quoted:
            raise ReadingUnfit(self.content)
        # More lines than rows are no loss where a value holds a line end.
        alone = sum(len(self.engine.sql(text_sql([s], parallel=False))) for s in self._texts)
        if alone > read or len(self.rejected) > rejected:
            sentence = "its quotes do not pair, so its rows cannot be told apart"
            damage = FileProblem("file_damaged", f"{sentence}; ask its sender for it again")
            raise FilesDamaged(tuple((name, damage) for name in quoted))

    def _rows_in_parquet(self) -> int:
        if not self._parquet:
            return 0
        paths = ", ".join(literal_path(source.path) for source in self._parquet)
        counts = self.engine.sql(f"SELECT sum(num_rows) FROM parquet_file_metadata([{paths}])")
        [(rows,)] = counts.fetchall()
        return int(rows)

    def _empty_lines(self) -> int:
        return sum(len(empty_places(source.path)) for source in self._texts)

    def parts(self) -> Iterator[LinePart]:
        """Give every settlement line, in one part or more, each to be used up at once.

        Raises ReadingUnfit once a part turns out not to be simple.
        """
        simple = self.reading is Reading.SIMPLE
        sql = [parquet_sql(same) for same in alike(self._parquet)]
        if not simple:
            sql += [text_sql(same, parallel=self._parallel) for same in alike(self._texts)]
        if sql:
            yield ReadAgain(self._frame(keyed_sql(_united(sql))))
        for same in alike(self._texts) if simple else []:
            part = ReadOnce(self.engine, same)
            yield part
            if part.not_simple:
                raise ReadingUnfit(self.content) from part.not_simple

    @cached_property
    def whole(self) -> Frame:
        """Every canonical column, each that is not text with its `_unreadable` one, file, row.

        `row` is the number that a spreadsheet shows beside the row: the header has one as well,
        and so has an empty line. In Parquet the first row is row 1. Raises ReadingUnfit.
        """
        sql = [parquet_sql(same) for same in alike(self._parquet)]
        if self.reading is Reading.SIMPLE and not self._has_keys:
            sql += [self._held(n, same) for n, same in enumerate(alike(self._texts))]
        elif self._texts:
            copies = [self._copy(n, same) for n, same in enumerate(alike(self._texts))]
            self._find_gaps()
            sql += map(self._numbered_sql, copies)
        united = _united(sql)
        return self._frame(keyed_sql(united) if self._has_keys else united)

    @property
    def rejected(self) -> duckdb.DuckDBPyRelation:
        """The rows that could not be taken apart, among all that were read: file, row, why.

        The engine lists several reasons for some rows; one is kept.
        """
        if not (self._texts and self._has_rejects):
            return self.engine.sql("SELECT '' AS file, 0 AS row, '' AS why LIMIT 0")
        return self.engine.sql(
            "SELECT name AS file, line::BIGINT - 1 + header_row AS row, "
            "first(split_part(error_message, chr(10), 1)) AS why "
            "FROM reject_errors JOIN reject_scans USING (scan_id, file_id) "
            f"JOIN ({self._names_sql()}) AS names ON path = file_path GROUP BY ALL"
        )

    @property
    def any_rejected(self) -> bool:
        """Say whether any row could not be taken apart."""
        return bool(self.rejected.limit(1).fetchall())

    def damaged(self) -> Iterator[tuple[str, str]]:
        """Read each file by itself, and name those that cannot be read to their end, and why."""
        for source in self.sources:
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
    def _has_rejects(self) -> bool:
        """Say whether any text was read in the way that lists the rows it rejects."""
        found = "SELECT 1 FROM duckdb_tables() WHERE table_name = 'reject_errors'"
        return bool(self.engine.sql(found).fetchall())

    def _frame(self, sql: str) -> Frame:
        return nw.from_native(self.engine.sql(sql)).lazy()

    def _held(self, number: int, same: Sequence[Source]) -> str:
        """Hold simple texts in memory: those of a snapshot, which has a row for each store."""
        names, columns = same[0].file.layout.names, same[0].columns
        table = f"{self.content}_{number}"
        try:
            read = [*typed_tables([source.text for source in same], names, columns)]
        except NotSimple as reason:
            raise ReadingUnfit(self.content) from reason
        empty = typed_schema(names, columns).empty_table()
        self.engine.register(table, pa.concat_tables([empty, *read]))
        return table_sql(same, table)

    def _copy(self, number: int, same: Sequence[Source]) -> Path:
        """Copy texts in the order of their rows, so that a place in the copy tells its row."""
        copy = self.work / f"{self.content}-{number}.parquet"
        self.engine.execute("SET preserve_insertion_order = true")
        self.engine.sql(text_sql(same, parallel=self._parallel)).write_parquet(str(copy))
        self.engine.execute("SET preserve_insertion_order = false")
        return copy

    def _numbered_sql(self, copy: Path) -> str:
        """Number a copy's rows as in their files, where other lines stand between them."""
        columns = [*canonical(COLUMNS[self.content]), *unreadable(COLUMNS[self.content]), "file"]
        read = f"read_parquet({literal_path(copy)}, file_row_number = true)"
        first = f"(SELECT file, min(file_row_number) AS first_row FROM {read} GROUP BY file)"
        placed = f"SELECT *, file_row_number - first_row + 1 AS place FROM {read} JOIN {first}"
        return (
            f"SELECT {', '.join(columns)}, place + coalesce(before, 0) + header_row AS row "
            f"FROM ({placed} USING (file)) ASOF LEFT JOIN {self._gaps} USING (file, place) "
            f"JOIN ({self._names_sql()}) AS names ON name = file"
        )

    def _find_gaps(self) -> None:
        """Tell from which place on how many rejected rows and empty lines stand before a row."""
        rejected = self.rejected.project("file, row AS place").sql_query()
        self.engine.execute(
            f"CREATE TABLE {self._gaps} AS WITH names AS ({self._names_sql()}), "
            f"other AS (SELECT file, place - header_row AS place FROM ({rejected}) "
            f"JOIN names ON name = file UNION SELECT file, place FROM ({self._empty_sql()})), "
            "ranked AS (SELECT *, row_number() OVER (PARTITION BY file ORDER BY place) AS rank "
            "FROM other) SELECT file, place - rank + 1 AS place, max(rank) AS before "
            "FROM ranked GROUP BY ALL"
        )

    @property
    def _gaps(self) -> str:
        return f"gaps_{self.content}"

    def _empty_sql(self) -> str:
        places = [
            f"({literal(source.file.name)}, {place}::BIGINT)"
            for source in self._texts
            for place in empty_places(source.path)
        ]
        if not places:
            return "SELECT '' AS file, 0::BIGINT AS place LIMIT 0"
        return f"SELECT * FROM (VALUES {', '.join(places)}) AS places (file, place)"

    def _names_sql(self) -> str:
        rows = (
            f"({literal(str(s.path))}, {literal(s.file.name)}, {s.header_row})" for s in self._texts
        )
        return f"SELECT * FROM (VALUES {', '.join(rows)}) AS names (path, name, header_row)"


def open_files(
    engine: duckdb.DuckDBPyConnection,
    files: Sequence[DeliveredFile],
    work: Path,
    reading: Reading,
) -> DeliveredRows:
    """Make files of one content readable for the engine; raises FilesDamaged, naming them all."""
    problems: list[tuple[str, FileProblem]] = []

    def made_readable(file: DeliveredFile) -> Source | None:
        try:
            return _readable(file, work / "text", reading)
        except FileProblem as problem:
            problems.append((file.name, problem))
            return None

    with ThreadPoolExecutor(_CONVERTED_AT_ONCE) as pool:
        sources = tuple(source for source in pool.map(made_readable, files) if source is not None)
    if problems:
        raise FilesDamaged(tuple(sorted(problems, key=lambda problem: problem[0])))
    return DeliveredRows(engine, files[0].content, sources, work, reading)


def _readable(file: DeliveredFile, texts: Path, reading: Reading) -> Source:
    """Give a path that the engine can be trusted to read to its end.

    What is read as a simple text is looked at while it is read, and only then.
    """
    layout, text = file.layout, texts / file.name
    if layout.format is Format.PARQUET:
        return Source(file, file.path, header_row=0)
    if layout.format is Format.CSV and is_plain(file.path, layout.encoding):
        if reading is Reading.SIMPLE:
            return Source(file, file.path)
        shape = shape_of(file.path)
        if shape.has_like_ends:
            return Source(file, file.path, shape)
    text.parent.mkdir(parents=True, exist_ok=True)
    if layout.format is Format.XLSX:
        write_as_text(file.path, text)
        return Source(file, text, shape_of(text), header_row(file.path))
    write_plain(file.path, layout.encoding, text)
    return Source(file, text, shape_of(text))


def _united(parts: Iterable[str]) -> str:
    return " UNION ALL BY NAME ".join(parts)
