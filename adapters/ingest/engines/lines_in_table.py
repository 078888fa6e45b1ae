"""The lines of a table that are fetched: those to refuse, and examples of other broken rules."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_
from typing import Final

import narwhals as nw
import pyarrow as pa
import pyarrow.parquet

from adapters.ingest import questions
from adapters.ingest.damage import DeliveryChanged
from adapters.ingest.delivered_rows import DeliveredRows
from adapters.ingest.delivery import Delivery
from adapters.ingest.engines.cluster import Cluster
from adapters.ingest.engines.spark_files import RAW
from adapters.ingest.engines.tables import newest_version
from adapters.ingest.engines.troubles import EngineUnfit
from adapters.ingest.questions import Check, FileCount, Frame, broken
from adapters.ingest.reading_sql import Source
from adapters.ingest.scanning import SETS
from domain.columns import Content
from domain.months import SettlementMonth
from domain.sentence import sentence
from domain.settlement import LINE_KEY

_REFUSED: Final = 1_000_000  # the most that are fetched
_RULES: Final = "rules"
_FETCHED: Final = "lines-of-table.parquet"


def refuse_changed_tables(cluster: Cluster, delivery: Delivery[SettlementMonth]) -> None:
    """Raise DeliveryChanged if a table has a newer version than the one that was read."""
    read = [file.in_table.at for file in delivery.files if file.in_table is not None]
    newest = {at: newest_version(cluster, at.table) for at in read}
    changed = [at.table for at in read if newest[at].identity != at.identity]
    if changed:
        raise DeliveryChanged(delivery.period, tuple(changed))


@dataclass(frozen=True, slots=True)
class LinesInTable:
    """A table's lines as canonical columns, with all of its own as `RAW`."""

    cluster: Cluster
    lines: Frame
    checks: Sequence[Check]

    def fetch(
        self, rows: DeliveredRows, counts: Mapping[str, FileCount], sets: Mapping[str, Frame]
    ) -> tuple[Source, ...]:
        """Fetch into a file, which takes the place of the table; raises EngineUnfit for too many.

        The lines are numbered in the order of the columns that are read.
        """
        every = counts.values()
        found = [each for each in self.checks if any(c.breaking(each.name) for c in every)]
        refused, rest = self._refused([broken(each) for each in found if each.refuses], sets)
        if sum(map(questions.row_count, refused)) > _REFUSED:
            why = sentence("more than {most:,} lines are to be refused", most=_REFUSED)
            raise EngineUnfit.because(why, in_files=False)
        few = [*refused, *self._examples(rest, [each for each in found if not each.refuses])]
        if not few:
            return rows.sources
        [source] = rows.sources
        lines = pa.concat_tables(map(self._raw, few))
        order = [(each.name, "ascending") for each in source.columns if each.name is not None]
        path = rows.work / _FETCHED
        pyarrow.parquet.write_table(lines.sort_by(order), path)
        return (replace(source, path=path),)

    def _refused(
        self, refusing: Sequence[nw.Expr], sets: Mapping[str, Frame]
    ) -> tuple[list[Frame], Frame]:
        """Return the lines to refuse, in disjoint parts, and the rest."""
        refused, rest = [], self.lines
        if refusing:
            breaks = reduce(or_, refusing)
            refused.append(rest.filter(breaks))
            rest = rest.filter(~breaks)
        for rule in SETS[Content.SETTLEMENTS]:
            if rule in sets:
                keys = self._sent(sets[rule])
                on = keys.collect_schema().names()
                refused.append(rest.join(keys, on=on, how="semi"))
                rest = rest.join(keys, on=on, how="anti")
        return refused, rest

    def _examples(self, rest: Frame, other: Sequence[Check]) -> Iterator[Frame]:
        if not other:
            return
        names = [nw.when(broken(each)).then(nw.lit(each.name)) for each in other]
        rules = nw.concat_str(names, separator=";", ignore_nulls=True).alias(_RULES)
        breaking = rest.filter(reduce(or_, map(broken, other))).with_columns(rules)
        for row in questions.result(breaking.select(_RULES).unique()):
            alike = breaking.filter(nw.col(_RULES) == row[_RULES])
            yield alike.sort(*LINE_KEY).head(questions.EXAMPLES)

    def _sent(self, keys: Frame) -> Frame:
        # Each key has a line to refuse: more of them are refused as too many.
        few = keys.head(_REFUSED + 1).to_native().to_arrow_table()
        sent: Frame = nw.from_native(self.cluster.session.createDataFrame(few)).lazy()
        return sent

    def _raw(self, lines: Frame) -> pa.Table:
        return self.cluster.fetch(lines.select(RAW).to_native().select(f"{RAW}.*"))
