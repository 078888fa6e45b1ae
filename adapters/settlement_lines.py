"""Reading delivered files into canonical columns; the only part of a scan that is an engine's own.

Whatever a file holds, a value that cannot be read becomes NULL beside its text as it was written
(`{column}_unreadable`), so that it is counted as a finding instead of stopping the scan.
"""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path

import duckdb
import narwhals as nw

from adapters.delivery import SELLER_FOLDER, DeliveredFile
from adapters.engine import identifier, literal, literal_path
from adapters.file_layout import Format, SourceColumn
from adapters.file_problem import FileProblem
from adapters.scan import LINE_KEY_NUMBER, Frame, canonical, unreadable
from adapters.spreadsheets import write_as_text
from adapters.text_files import TextShape, plain_shape, shape_of, write_plain
from domain.settlement import COLUMNS, LINE_KEY, SPREADSHEET_VALUES, Content, Kind

_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}
_INSTANT = "TIMESTAMP WITH TIME ZONE"
_CONVERTED_AT_ONCE = 2


class RowsLost(Exception):
    """Rows that several threads, reading one text together, did not find."""


class FilesDamaged(Exception):
    """Files that turned out to be damaged when they were read to their end."""

    def __init__(self, problems: tuple[tuple[str, FileProblem], ...]) -> None:
        super().__init__(", ".join(name for name, _ in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class _Source:
    """A delivered file, and where the engine reads it: there, or as a plain text made of it.

    `shape` is that of the text, None for Parquet.
    """

    file: DeliveredFile
    path: Path
    shape: TextShape | None

    @property
    def is_text(self) -> bool:
        return self.file.layout.format is not Format.PARQUET

    @property
    def columns(self) -> tuple[SourceColumn, ...]:
        return self.file.layout.columns

    @property
    def folder(self) -> str:
        """The part of the path that is not the file's name, with its last slash."""
        return str(self.path).removesuffix(self.file.name)


@dataclass(frozen=True)
class DeliveredRows:
    """The rows of all files of one content, for an engine.

    `lines` settles everything about a sound delivery; only when something is wrong, or for few
    rows, are they copied and numbered, as `whole`.
    """

    engine: duckdb.DuckDBPyConnection
    content: Content
    sources: tuple[_Source, ...]
    work: Path
    parallel: bool

    def check_complete(self, read: int) -> None:
        """Hold the number of rows that were read against the lines that the texts have.

        Several threads that read one text skip rows without a word at the places where they meet,
        if those rows are broken. One thread alone does not, but is no judge of quotes that never
        end. So raises RowsLost for texts that one thread can read, FilesDamaged for others.
        """
        if not (self.parallel and self._texts):
            return
        read -= self._rows_in_parquet()
        lines = sum(source.shape.lines - 1 for source in self._texts if source.shape)
        rejected = len(self.rejected)
        if lines <= read + rejected:
            return
        quoted = [s.file.name for s in self._texts if s.shape is not None and s.shape.has_quotes]
        if not quoted:
            raise RowsLost
        # More lines than rows are no loss where a value holds a line end.
        alone = sum(len(self.engine.sql(_text_sql([s], parallel=False))) for s in self._texts)
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

    @property
    def lines(self) -> Frame:
        """Every canonical column of settlements, what could not be read of them, line_key, file."""
        parts = [_parquet_sql(same) for same in _alike(self._parquet)]
        parts += [_text_sql(same, parallel=self.parallel) for same in _alike(self._texts)]
        return self._frame(f"SELECT *, {_KEY} FROM ({_united(parts)})")

    @cached_property
    def whole(self) -> Frame:
        """Every canonical column, each that is not text with its `_unreadable` one, file, row.

        `row` counts from 1, without the header.
        """
        parts = [_parquet_sql(same) for same in _alike(self._parquet)]
        for number, same in enumerate(_alike(self._texts)):
            copy = self.work / f"{self.content}-{number}.parquet"
            # In the file's order, so that a row's number in the copy tells its number in the file.
            self.engine.execute("SET preserve_insertion_order = true")
            self.engine.sql(_text_sql(same, parallel=self.parallel)).write_parquet(str(copy))
            self.engine.execute("SET preserve_insertion_order = false")
            parts.append(self._numbered_sql(copy))
        key = f", {_KEY}" if self.content is Content.SETTLEMENTS else ""
        return self._frame(f"SELECT *{key} FROM ({_united(parts)})")

    @property
    def rejected(self) -> duckdb.DuckDBPyRelation:
        """The rows that could not be taken apart, among all that were read: file, row, why.

        The engine lists several reasons for some rows; one is kept.
        """
        if not self._texts:
            return self.engine.sql("SELECT '' AS file, 0 AS row, '' AS why LIMIT 0")
        paths = (f"({literal(str(s.path))}, {literal(s.file.name)})" for s in self._texts)
        return self.engine.sql(
            "SELECT name AS file, line::BIGINT - 1 AS row, "
            "first(split_part(error_message, chr(10), 1)) AS why "
            "FROM reject_errors JOIN reject_scans USING (scan_id, file_id) "
            f"JOIN (VALUES {', '.join(paths)}) AS names (path, name) ON path = file_path "
            "GROUP BY ALL"
        )

    @property
    def any_rejected(self) -> bool:
        """Say whether any row could not be taken apart."""
        return bool(self.rejected.limit(1).fetchall())

    def damaged(self) -> Iterator[tuple[str, str]]:
        """Read each file by itself, and name those that cannot be read to their end, and why."""
        for source in self.sources:
            sql = _parquet_sql([source])
            if source.is_text:
                sql = _text_sql([source], parallel=self.parallel)
            try:
                self.engine.execute(f"SELECT max(hash(COLUMNS(*))) FROM ({sql})").fetchall()
            except duckdb.Error as error:
                yield source.file.name, str(error).splitlines()[0]
            self.engine.execute("DROP TABLE IF EXISTS reject_errors")
            self.engine.execute("DROP TABLE IF EXISTS reject_scans")

    @property
    def _texts(self) -> list[_Source]:
        return [source for source in self.sources if source.is_text]

    @property
    def _parquet(self) -> list[_Source]:
        return [source for source in self.sources if not source.is_text]

    def _frame(self, sql: str) -> Frame:
        return nw.from_native(self.engine.sql(sql)).lazy()

    def _numbered_sql(self, copy: Path) -> str:
        """Number a copy's rows as in their files, where rejected rows stand between them."""
        columns = [*canonical(COLUMNS[self.content]), *unreadable(COLUMNS[self.content]), "file"]
        read = f"read_parquet({literal_path(copy)}, file_row_number = true)"
        first = f"(SELECT file, min(file_row_number) AS first_row FROM {read} GROUP BY file)"
        numbered = f"SELECT *, file_row_number - first_row + 1 AS row FROM {read} JOIN {first}"
        if not self.any_rejected:
            return f"SELECT {', '.join(columns)}, row FROM ({numbered} USING (file))"
        return (
            f"SELECT {', '.join(columns)}, row + coalesce(rejected_before, 0) AS row "
            f"FROM ({numbered} USING (file)) ASOF LEFT JOIN {self._gaps()} USING (file, row)"
        )

    def _gaps(self) -> str:
        """Tell from which number on how many rejected rows stand before an accepted one."""
        gaps = f"gaps_{self.content}"
        ranked = self.rejected.project(
            "file, row, row_number() OVER (PARTITION BY file ORDER BY row) AS rank"
        )
        first_after = ranked.aggregate("file, row - rank + 1 AS row, max(rank) AS rejected_before")
        first_after.to_table(gaps)
        return gaps


def open_files(
    engine: duckdb.DuckDBPyConnection,
    files: Sequence[DeliveredFile],
    work: Path,
    *,
    parallel: bool,
) -> DeliveredRows:
    """Make files of one content readable for the engine; raises FilesDamaged, naming them all.

    Unless `parallel`, each text is read by one thread.
    """
    problems: list[tuple[str, FileProblem]] = []

    def made_readable(file: DeliveredFile) -> _Source | None:
        try:
            return _readable(file, work / "text")
        except FileProblem as problem:
            problems.append((file.name, problem))
            return None

    with ThreadPoolExecutor(_CONVERTED_AT_ONCE) as pool:
        sources = tuple(source for source in pool.map(made_readable, files) if source is not None)
    if problems:
        raise FilesDamaged(tuple(sorted(problems, key=lambda problem: problem[0])))
    return DeliveredRows(engine, files[0].content, sources, work, parallel)


def _readable(file: DeliveredFile, texts: Path) -> _Source:
    """Give a path that the engine can be trusted to read to its end."""
    layout, text = file.layout, texts / file.name
    if layout.format is Format.PARQUET:
        return _Source(file, file.path, None)
    if layout.format is Format.CSV:
        shape = plain_shape(file.path, layout.encoding)
        if shape is not None:
            return _Source(file, file.path, shape)
    text.parent.mkdir(parents=True, exist_ok=True)
    if layout.format is Format.XLSX:
        write_as_text(file.path, text)
    else:
        write_plain(file.path, layout.encoding, text)
    return _Source(file, text, shape_of(text))


def _united(parts: Iterable[str]) -> str:
    return " UNION ALL BY NAME ".join(parts)


_KEY = f"hash({', '.join(LINE_KEY)}) AS {LINE_KEY_NUMBER}"
_TYPE = {Kind.AMOUNT_KRW: "BIGINT", Kind.DATE: "DATE", Kind.FLAG: "BOOLEAN"}


def _alike(sources: Iterable[_Source]) -> list[list[_Source]]:
    """Group files whose columns have the same names and types, to be read together."""

    def signature(source: _Source) -> tuple[object, ...]:
        columns = tuple((c.name or "", c.type) for c in source.columns)
        names = source.file.layout.names if source.is_text else ()
        return (columns, names, source.folder)

    return [list(same) for _, same in groupby(sorted(sources, key=signature), key=signature)]


def _parquet_sql(same: Sequence[_Source]) -> str:
    paths = ", ".join(literal_path(source.path) for source in same)
    return (
        f"SELECT {_typed(same[0].columns)}, {_FILE} AS file, file_row_number + 1 AS row FROM ("
        f"SELECT *, replace(__path, {literal(same[0].folder)}, '') AS {_FILE} "
        f"FROM read_parquet([{paths}], filename = '__path', file_row_number = true))"
    )


def _text_sql(same: Sequence[_Source], *, parallel: bool) -> str:
    names = same[0].file.layout.names
    # Columns are named by their position: a header may repeat a name that is of no concern here.
    columns = ", ".join(f"'c{place}': 'VARCHAR'" for place, _ in enumerate(names))
    used = {s.name: names.index(s.name) for s in same[0].columns if s.name is not None}
    renamed = "".join(f"c{place} AS {identifier(name)}, " for name, place in used.items())
    paths = ", ".join(literal_path(source.path) for source in same)
    file = f"replace(__path, {literal(same[0].folder)}, '')"
    file = literal(same[0].file.name) if len(same) == 1 else file
    return (
        f"SELECT {_typed(same[0].columns)}, {_FILE} AS file FROM (SELECT {renamed}{file} AS {_FILE}"
        f" FROM read_csv([{paths}], columns = {{{columns}}}, filename = '__path', "
        "auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"', "
        f"compression = 'none', store_rejects = true, parallel = {str(parallel).lower()}))"
    )


_FILE = "__file"
_SELLER_IN_FOLDER = f"url_decode(regexp_extract({_FILE}, '^{SELLER_FOLDER}([^/]*)/', 1))"


def _typed(columns: Sequence[SourceColumn]) -> str:
    return ", ".join(_typed_column(source) for source in columns)


def _typed_column(source: SourceColumn) -> str:
    column = source.column
    if source.name is None:
        return f"{_SELLER_IN_FOLDER} AS {column.name}"
    written = f"{identifier(source.name)}::VARCHAR"
    if column.kind is Kind.TEXT:
        return f"{_code(source, written)} AS {column.name}"
    read = _reading(column.kind, source.name, source.type)
    if read is None:
        ready = f"{identifier(source.name)}::{_TYPE[column.kind]} AS {column.name}"
        return f"{ready}, NULL::VARCHAR AS {column.unreadable}"
    unreadable = f"CASE WHEN {read} IS NULL THEN nullif({written}, '') END"
    return f"{read} AS {column.name}, {unreadable} AS {column.unreadable}"


def _code(source: SourceColumn, written: str) -> str:
    """Give the code of what a spreadsheet writes in words; its header tells that it does."""
    words = SPREADSHEET_VALUES.get(source.column.name, {})
    if source.name is None or source.name.isascii() or not words:
        return written
    cases = " ".join(f"WHEN {literal(word)} THEN {literal(code)}" for word, code in words.items())
    return f"CASE trim({written}) {cases} ELSE {written} END"


def _reading(kind: Kind, name: str, type_: str) -> str | None:
    """Give the expression that reads a value, or None where the file's own type will do.

    Other number types go through text, so that a fraction is seen instead of rounded away.
    """
    ready: dict[Kind, set[str]] = {
        Kind.AMOUNT_KRW: _INTEGERS,
        Kind.DATE: {"DATE"},
        Kind.FLAG: {"BOOLEAN"},
    }
    if type_ in ready[kind]:
        return None
    if kind is Kind.DATE and type_ == _INSTANT:
        return f"date_in_seoul({identifier(name)})"
    macro = {
        Kind.AMOUNT_KRW: "whole_krw",
        Kind.DATE: "calendar_date",
        Kind.FLAG: "yes_or_no",
    }[kind]
    return f"{macro}({identifier(name)}::VARCHAR)"
