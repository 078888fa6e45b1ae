"""A delivery's settlement lines, in files or in a table, opened on a cluster as one frame."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import duckdb
import narwhals as nw
from pyspark.sql import DataFrame
from pyspark.sql.connect import functions as f

from adapters.ingest.engines.cluster import Cluster, unseen
from adapters.ingest.engines.spark_reading import (
    READ_TYPES,
    Texts,
    canonical_columns,
    column_named,
    is_looked_up,
    is_read,
    united,
    written,
    written_columns,
)
from adapters.ingest.engines.stored_files import GLOB, HASHED
from adapters.ingest.engines.troubles import ClusterAway, ClusterFailed, EngineUnfit
from adapters.ingest.questions import LINE_KEY_NUMBER, Frame
from adapters.ingest.reading_sql import SELLER_IN_FOLDER, Source, alike
from adapters.ingest.simple_texts import FILE
from adapters.ingest.written_values import word
from domain.columns import Kind
from domain.sentence import sentence
from domain.settlement import LINE_COLUMNS, LINE_KEY

_LINES: Final = "lines"
RAW: Final = "raw"
"""All columns of a line in a table, as they are there."""

_TEXTS: Final = 1_000
_WORDS: Final = tuple(each.name for each in LINE_COLUMNS if each.kind is Kind.WORD)
_DATES: Final = tuple(each.name for each in LINE_COLUMNS if each.kind is Kind.DATE)


@dataclass(frozen=True, slots=True)
class SparkFiles:
    """Parquet files, which the cluster sees under the same path as the embedded engine, or a table.

    Lines of a table also have all of its columns, as `RAW`.
    """

    cluster: Cluster
    engine: duckdb.DuckDBPyConnection
    sources: Sequence[Source]

    def open(self) -> Frame:
        """Return all lines: the canonical columns, the file and the key number.

        Raises EngineUnfit, and ClusterAway if the cluster does not see the same files.
        """
        for source in self.sources:
            self._check_columns(source)
        if self.in_files:
            self._check_same_files()
        kept = ["file"] if self.in_files else ["file", RAW]
        lines = united([*self._each()]).select(*canonical_columns(self._texts()), *kept)
        # A view is resolved once, else every question would look at all files again.
        lines.withColumn(LINE_KEY_NUMBER, f.xxhash64(*LINE_KEY)).createOrReplaceTempView(_LINES)
        frame: Frame = nw.from_native(self.cluster.session.table(_LINES)).lazy()
        return frame

    @property
    def in_files(self) -> bool:
        """Whether the lines are in files."""
        return all(source.file.in_table is None for source in self.sources)

    def _each(self) -> Iterable[DataFrame]:
        for source in self.sources:
            columns = written_columns(source.columns, self._seller_of(source))
            if not self.in_files:
                named = [column_named(name) for name in source.file.layout.names]
                columns.append(f.struct(*named).alias(RAW))
            yield self._read([source]).select(*columns, f.lit(source.file.name).alias("file"))

    def _read(self, same: Sequence[Source]) -> DataFrame:
        if (rows := same[0].file.in_table) is not None:
            return rows.at.rows(self.cluster, rows.month)
        return self.cluster.session.read.parquet(*(place_of(source) for source in same))

    def _seller_of(self, source: Source) -> str:
        """Return the seller that a file's folder states; empty for one in no such folder."""
        named = f"SELECT {SELLER_IN_FOLDER} FROM (SELECT ? AS {FILE})"
        [(seller,)] = self.engine.execute(named, [source.file.name]).fetchall()
        return str(seller)

    def _check_same_files(self) -> None:
        """Compare the files that the cluster sees with those that this machine hashed."""
        for source in self.sources:
            _check_path(source)
        here = [source for source in self.sources if source.file.stored is None]
        small = [source for source in here if source.path.stat().st_size <= HASHED]
        if not small:
            return
        files = self.cluster.session.read.format("binaryFile").load([*map(place_of, small)])
        seen = self._hashes(files.select(f.sha2("content", 256).alias("sha256")))
        for source in small:
            if source.file.sha256 not in seen:
                raise ClusterAway(unseen(self.cluster, source.path))

    def _hashes(self, files: DataFrame) -> set[str]:
        """Fetch the hashes of files; none if the cluster finds no such files."""
        try:
            return set(self.cluster.fetch(files)["sha256"].to_pylist())
        except ClusterFailed as failed:
            if "PATH_NOT_FOUND" in str(failed.__cause__):
                return set()
            raise

    def _check_columns(self, source: Source) -> None:
        """Raise EngineUnfit for a column that a cluster may read otherwise."""
        for each in source.columns:
            if not is_read(each):
                why = sentence(
                    "{file}: {column} is of type {type}, and a cluster reads it as {types} only",
                    file=source.file.name,
                    column=each.name,
                    type=each.type,
                    types=", ".join(READ_TYPES[each.column.kind]),
                )
                raise EngineUnfit.because(why, in_files=self.in_files)

    def _texts(self) -> Texts:
        """Look up how the embedded engine reads words, and dates that are texts, of all lines."""
        each = [
            self._read(same).select(
                f.lit(column.column.name).alias("column"), written(column).alias("text")
            )
            for same in alike(self.sources)
            for column in same[0].columns
            if is_looked_up(column)
        ]
        table = self.cluster.fetch(united(each).distinct().limit(_TEXTS + 1))
        if len(table) > _TEXTS:
            why = sentence(
                "the lines have more than {most:,} different line types, settlement types and "
                "texts of dates, which a cluster does not judge",
                most=_TEXTS,
            )
            raise EngineUnfit.because(why, in_files=self.in_files)
        texts = self.engine.from_arrow(table)
        return Texts({name: _words_in(texts, name) for name in _WORDS}, _dates_in(texts))


def _words_in(texts: duckdb.DuckDBPyRelation, name: str) -> dict[str, str | None]:
    known = texts.filter(f"\"column\" = '{name}'").project(f"text, {word(name, 'text')} AS known")
    return dict(known.filter("text IS DISTINCT FROM known").fetchall())


def _dates_in(texts: duckdb.DuckDBPyRelation) -> dict[str, str | None]:
    of_dates = f'text IS NOT NULL AND list_contains({[*_DATES]}, "column")'
    read = texts.filter(of_dates).project("text, calendar_date(text) AS day")
    read = read.filter("day IS NOT NULL OR is_nothing(text)")
    # A cluster has no other days; these two are in no month either.
    within = "WHEN day > DATE '9999-12-31' THEN '9999-12-31' WHEN year(day) < 1 THEN '0001-01-01'"
    return dict(read.project(f"text, CASE {within} ELSE day::VARCHAR END").fetchall())


def place_of(source: Source) -> str:
    """Return where the cluster looks for a file."""
    return source.file.stored.url if source.file.stored else str(source.path)


def fetched(source: Source, work: Path) -> Source:
    """Return a file that the embedded engine can read, copied from an object store if it is there.

    Raises FileProblem.
    """
    if source.file.stored is None:
        return source
    path = work / "fetched" / source.file.name
    source.file.stored.fetch(path)
    return replace(source, path=path)


def _check_path(source: Source) -> None:
    """Raise EngineUnfit for a path that a cluster may take for several."""
    if GLOB.search(place_of(source)):
        raise EngineUnfit(
            sentence(
                "{path} has a character that a cluster takes for a pattern; rename it, or set "
                "GROWTH_POINTS_ENGINE to duckdb://",
                path=place_of(source),
            )
        )
