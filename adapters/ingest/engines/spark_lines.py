"""Settlement lines in Parquet or in a table, read through a Spark Connect cluster.

The cluster answers what is asked about every line. What is one row a store is fetched into the
embedded engine, which also reads the files that hold lines to refuse, so that row numbers and
refused rows are its own; of a table it reads those lines alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, wraps
from typing import Concatenate, Final, ParamSpec, TypeVar

import narwhals as nw
import pyarrow as pa

from adapters.ingest import questions
from adapters.ingest.delivered_rows import DeliveredRows
from adapters.ingest.engines.cluster import Cluster
from adapters.ingest.engines.lines_in_table import LinesInTable, refuse_changed_tables
from adapters.ingest.engines.spark_files import SparkFiles, fetched
from adapters.ingest.engines.spark_reading import UNJUDGED
from adapters.ingest.engines.troubles import ClusterFailed, EngineUnfit
from adapters.ingest.problems import Problems
from adapters.ingest.questions import LINE_KEY_NUMBER, Check, FileCount, Frame
from adapters.ingest.reading_sql import Source
from adapters.ingest.scanning import SETS, Counts, OpenDelivery, as_frame
from adapters.ingest.word_questions import unknown_words
from domain.columns import Content
from domain.many import many
from domain.profile import UnknownWord
from domain.sentence import sentence

_KEYS: Final = 1_000_000  # the most that are fetched
_SENT: Final = 100_000  # more keys than this may be anywhere


_Asked = ParamSpec("_Asked")
_Result = TypeVar("_Result")


def _answered(
    ask: Callable[Concatenate["SparkLines", _Asked], _Result],
) -> Callable[Concatenate["SparkLines", _Asked], _Result]:
    """Turn errors of the cluster into refusals: any step towards a question may ask it."""

    @wraps(ask)
    def asking(lines: "SparkLines", /, *given: _Asked.args, **named: _Asked.kwargs) -> _Result:
        with lines.cluster.answering():
            return ask(lines, *given, **named)

    return asking


@dataclass
class SparkLines:
    """Lines on a cluster; `opened` holds the delivery's rows in the embedded engine."""

    opened: OpenDelivery
    cluster: Cluster
    _repeated: Frame | None = field(default=None, init=False)

    @_answered
    def totals(self) -> Frame:
        sums = questions.totals_per_seller(self._lines, self._checks)
        fetched = self.opened.engine.from_arrow(self.cluster.fetch(sums.to_native()))
        wide = fetched.project("* REPLACE (amount_krw::HUGEINT AS amount_krw)")
        totals = self.opened.keep("totals", as_frame(wide))
        del fetched, wide
        pa.default_memory_pool().release_unused()
        self._check_judged(totals)
        return totals

    @_answered
    def by_file(self, totals: Frame) -> dict[str, FileCount]:
        whole = questions.whole_total(totals)
        if whole.sound:
            counts = questions.totals_by_file(self._lines)
        else:
            counts = questions.broken_by_file(self._lines, self._checks)
        read, expected = sum(count.rows for count in counts.values()), self._expected
        if (whole.lines, read) != (expected, expected):
            raise ClusterFailed(
                sentence(
                    "the cluster at {address} read {read:,} of {expected:,} settlement lines; "
                    "nothing was written. See the cluster's log, then run the command again.",
                    address=self.cluster.address,
                    read=min(whole.lines, read),
                    expected=expected,
                )
            )
        return counts

    @_answered
    def find_repeated(self) -> None:
        numbers = self._lines.group_by(LINE_KEY_NUMBER).agg(nw.len().alias("copies"))
        numbers = numbers.filter(nw.col("copies") > 1).select(LINE_KEY_NUMBER)
        if questions.result(numbers.head(1)):
            self._repeated = questions.repeated_keys(self._lines, numbers)

    @_answered
    def repeated_keys(self) -> Frame | None:
        if self._repeated is None:
            return None
        keys = self.cluster.fetch(self._repeated.head(_KEYS + 1).to_native())
        if len(keys) > _KEYS:
            why = sentence(
                "more than {most:,} lines have the key of another line, perhaps since a file was "
                "delivered twice",
                most=_KEYS,
            )
            raise EngineUnfit.because(why, in_files=self._files.in_files)
        return as_frame(self.opened.engine.from_arrow(keys))

    @_answered
    def unknown_words(self, check: Check) -> tuple[UnknownWord, ...]:
        return unknown_words(self._lines, check)

    @_answered
    def refusing(self, counts: Counts, sets: Mapping[str, Frame]) -> OpenDelivery:
        if self._files.in_files:
            return self._with_sources(self._files_to_refuse(counts, sets))
        refuse_changed_tables(self.cluster, self.opened.delivery)
        lines = LinesInTable(self.cluster, self._lines, self._checks)
        return self._with_sources(lines.fetch(self._rows, counts[Content.SETTLEMENTS], sets))

    def _with_sources(self, few: tuple[Source, ...]) -> OpenDelivery:
        rows = {**self.opened.rows, Content.SETTLEMENTS: replace(self._rows, sources=few)}
        return replace(self.opened, rows=rows)

    def _files_to_refuse(self, counts: Counts, sets: Mapping[str, Frame]) -> tuple[Source, ...]:
        names = {name for name, count in counts[Content.SETTLEMENTS].items() if count.any_broken}
        for rule in SETS[Content.SETTLEMENTS].keys() & sets.keys():
            names |= self._files_with(sets[rule])
        few, problems = list[Source](), Problems()
        for source in self._rows.sources:
            if source.file.name in names:
                with problems.collecting(source.file.name):
                    few.append(fetched(source, self._rows.work))
        problems.refuse_if_any(self.opened.delivery.period, self.opened.delivery.source)
        return tuple(few)

    @property
    def _rows(self) -> DeliveredRows:
        return self.opened.rows[Content.SETTLEMENTS]

    @property
    def _checks(self) -> Sequence[Check]:
        return self.opened.checks[Content.SETTLEMENTS]

    @cached_property
    def _files(self) -> SparkFiles:
        return SparkFiles(self.cluster, self.opened.engine, self._rows.sources)

    @cached_property
    def _lines(self) -> Frame:
        return self._files.open()

    @property
    def _expected(self) -> int:
        """How many lines there are, as the files state, or as the table was asked before."""
        in_tables = [source.file.in_table for source in self._rows.sources]
        return self._rows.rows_in_parquet() + sum(each.count for each in in_tables if each)

    def _check_judged(self, totals: Frame) -> None:
        """Raise EngineUnfit if there are ids that a cluster may compare otherwise."""
        unjudged = questions.result(totals.filter(nw.col("seller_id") == UNJUDGED))
        if unjudged:
            why = sentence(
                "the ids of {lines} have letters that are composed of others, which a cluster does "
                "not judge",
                lines=many("line", sum(row["lines"] for row in unjudged)),
            )
            raise EngineUnfit.because(why, in_files=self._files.in_files)

    def _files_with(self, keys: Frame) -> set[str]:
        """Return the files that have lines with any of the keys; all if there are many keys."""
        few = keys.head(_SENT + 1).to_native().to_arrow_table()
        if len(few) > _SENT:
            return {source.file.name for source in self._rows.sources}
        sent = nw.from_native(self.cluster.session.createDataFrame(few)).lazy()
        lines = self._lines.join(sent, on=few.column_names, how="semi")
        return {row["file"] for row in questions.result(lines.select("file").unique())}
