"""Parts of a delivery's lines, with their rows, key numbers and counts.

`rows`, with the canonical columns and their `_unreadable` companions, the key number and the file,
is called first and only once. Lines in Parquet are read again for each query. Lines of a text are
streamed into the engine and not kept: key numbers and counts are noted on the way.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import duckdb
import narwhals as nw
import pyarrow as pa
import pyarrow.compute

from adapters.ingest import questions
from adapters.ingest.engine import define_macros
from adapters.ingest.key_numbers import KeyNumbers
from adapters.ingest.questions import LINE_KEY_NUMBER, FileCount, Frame
from adapters.ingest.reading_sql import Source, keyed_sql, table_sql
from adapters.ingest.simple_texts import FILE, NotSimple, typed_schema, typed_tables
from domain.columns import Content
from domain.delivery import SUMMED

_STREAM = "passing_lines"
_NOTED_AT_ONCE = 8 << 20
_NUMBERS_AT_ONCE = 1_000_000
_AMOUNT = SUMMED[Content.SETTLEMENTS]


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """Lines that the engine reads again for each query."""

    rows: Frame
    keys: KeyNumbers

    def note_keys(self) -> None:
        numbers = self.rows.select(LINE_KEY_NUMBER).to_native()
        for batch in numbers.to_arrow_reader(_NUMBERS_AT_ONCE):
            self.keys.add(batch.column(0).to_numpy())

    def by_file(self) -> dict[str, FileCount]:
        return questions.totals_by_file(self.rows)


@dataclass(slots=True)
class ReadOnce:
    """Lines of simple texts with the same columns, streamed into the engine.

    `not_simple` is the reason if the stream ended early.
    """

    engine: duckdb.DuckDBPyConnection
    same: Sequence[Source]
    keys: KeyNumbers
    not_simple: NotSimple | None = None
    _counts: dict[str, FileCount] = field(default_factory=dict)

    @property
    def rows(self) -> Frame:
        schema = typed_schema(self._names, self.same[0].columns)
        lines = pa.RecordBatchReader.from_batches(schema, self._passing())
        self.engine.register(_STREAM, lines)
        return nw.from_native(self.engine.sql(keyed_sql(table_sql(self.same, _STREAM)))).lazy()

    def note_keys(self) -> None:
        """Do nothing: they were noted while the lines passed."""

    def by_file(self) -> dict[str, FileCount]:
        return self._counts

    @property
    def _names(self) -> Sequence[str]:
        return self.same[0].file.layout.names

    def _passing(self) -> Iterator[pa.RecordBatch]:
        # The engine is busy while it pulls lines, so another one computes the notes.
        with duckdb.connect(config={"threads": 1}) as noting:
            define_macros(noting)
            try:
                for tables in self._few_at_once():
                    self._note(noting, tables)
                    yield from tables.to_batches()
            except NotSimple as reason:
                self.not_simple = reason

    def _few_at_once(self) -> Iterator[pa.Table]:
        """Join the tables of small texts, since each note has a fixed cost."""
        texts = [source.text for source in self.same]
        held: list[pa.Table] = []
        size = 0
        for table in typed_tables(texts, self._names, self.same[0].columns):
            held.append(table)
            size += table.nbytes
            self._count(table)
            if size >= _NOTED_AT_ONCE:
                yield pa.concat_tables(held)
                held.clear()
                size = 0
        if held:
            yield pa.concat_tables(held)

    def _note(self, noting: duckdb.DuckDBPyConnection, lines: pa.Table) -> None:
        noting.register(_STREAM, lines)
        keyed = keyed_sql(table_sql(self.same, _STREAM))
        numbers = noting.sql(keyed).project(LINE_KEY_NUMBER).fetchnumpy()
        self.keys.add(numbers[LINE_KEY_NUMBER])
        noting.unregister(_STREAM)

    def _count(self, lines: pa.Table) -> None:
        [amount] = (c for c in self.same[0].columns if c.column.name == _AMOUNT)
        amounts = lines[f"c{self._names.index(str(amount.name))}"]
        # The sum of a few megabytes of sound amounts stays within 64 bits.
        counted = FileCount(len(lines), pa.compute.sum(amounts).as_py() or 0)
        name = lines[FILE][0].as_py()
        self._counts[name] = self._counts.get(name, FileCount()) + counted
