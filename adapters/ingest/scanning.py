"""Scanning a delivery's rows in an engine, whatever they are: opening, counting, refusing them."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import duckdb
import narwhals as nw

from adapters.ingest import questions
from adapters.ingest.damage import naming_files
from adapters.ingest.delivered_rows import DeliveredRows, open_files
from adapters.ingest.delivery import Delivery
from adapters.ingest.engine import open_engine
from adapters.ingest.opening import Reading, UnreliableReading
from adapters.ingest.quarantine import write_quarantine
from adapters.ingest.questions import Check, FileCount, Frame
from domain import profile as counted
from domain.columns import Content
from domain.delivery import COLUMNS

_FIRST_READING = Reading.SIMPLE

T = TypeVar("T")
Checks = Mapping[Content, Sequence[Check]]
Counts = Mapping[Content, Mapping[str, FileCount]]

# The rules over the whole delivery, each with the column to show in examples.
SETS: Final = {
    Content.SETTLEMENTS: {
        counted.DUPLICATE_LINE: "product_order_id",
        counted.UNKNOWN_SELLER: "seller_id",
    },
    Content.SELLERS: {
        counted.SELLER_TWICE: "seller_id",
        counted.SELLER_LOOKALIKE: "seller_id",
    },
    Content.REWARDS: {
        counted.REPEATED_ENTRY: "event_id",
        counted.POSITION_GAP: "event_id",
        counted.EVENT_OF_STORES: "event_id",
    },
}
UNREADABLE: Final = {
    Content.SETTLEMENTS: counted.UNREADABLE_LINE,
    Content.SELLERS: counted.UNREADABLE_SELLER,
    Content.REWARDS: counted.UNREADABLE_ENTRY,
}


@dataclass(frozen=True, slots=True)
class OpenDelivery:
    """A delivery's rows in an engine, with the rules for a row of each content."""

    engine: duckdb.DuckDBPyConnection
    delivery: Delivery[Any]
    checks: Checks
    rows: Mapping[Content, DeliveredRows]

    def count(self, content: Content) -> dict[str, FileCount]:
        """Count the rows of each file, and those that break each rule."""
        rows = self.rows[content]
        counts = questions.count_by_file(rows.whole, self.checks[content])
        rows.check_complete(sum(count.rows for count in counts.values()))
        return counts

    def keep(self, name: str, frame: Frame) -> Frame:
        """Store an intermediate result in the engine, where it may spill."""
        frame.to_native().create(name)
        return as_frame(self.engine.table(name))

    def kept_sets(self, found: Mapping[str, Frame]) -> dict[str, Frame]:
        """Store the keys of rows that break rules over the whole delivery; none for other rules."""
        kept = {rule: self.keep(rule, keys) for rule, keys in found.items()}
        return {rule: keys for rule, keys in kept.items() if self._holds(rule)}

    def refuse(self, sets: Mapping[str, Frame], counts: Counts, folder: Path) -> Path | None:
        """Write the refused rows; `sets` has the keys of those that break rules over the whole."""
        refused = [
            questions.refused_rows(rows.whole, COLUMNS[content], self.checks[content], keys)
            for content, rows in self.rows.items()
            for keys in [{rule: sets[rule] for rule in SETS[content] if rule in sets}]
            if keys or self._refuses(content, counts[content])
        ]
        rejected = {c: rows.rejected for c, rows in self.rows.items() if rows.any_rejected}
        if not (refused or rejected):
            return None
        with_rule = [
            as_frame(rows).select("file", "row", nw.lit(UNREADABLE[content]).alias("rules"))
            for content, rows in rejected.items()
        ]
        return write_quarantine(self.engine, tuple(self.rows), refused, with_rule, folder)

    def _refuses(self, content: Content, counts: Mapping[str, FileCount]) -> bool:
        refusing = [check.name for check in self.checks[content] if check.refuses]
        return any(file.breaking(name) for file in counts.values() for name in refusing)

    def _holds(self, table: str) -> bool:
        return bool(self.engine.table(table).limit(1).fetchall())


def scan_open(
    delivery: Delivery[Any], checks: Checks, staging: Path, scan: Callable[[OpenDelivery], T]
) -> T:
    """Open a delivery for a scan, and again for a more careful one if its texts need that.

    Raises DeliveryRefused for damaged files, and DeliveryChanged for files that changed meanwhile.
    """
    work = staging / "work"
    work.mkdir(parents=True, exist_ok=True)
    readings = dict.fromkeys(checks, _FIRST_READING)
    try:
        while True:
            try:
                with open_engine(work / "spill") as engine, naming_files(delivery) as rows:
                    for content, reading in readings.items():
                        files = delivery.of(content)
                        rows[content] = open_files(engine, files, work, reading)
                    return scan(OpenDelivery(engine, delivery, checks, rows))
            except UnreliableReading as unfit:
                readings[unfit.content] = readings[unfit.content].more_careful
    finally:
        shutil.rmtree(work, ignore_errors=True)


def as_frame(relation: duckdb.DuckDBPyRelation) -> Frame:
    """Return a relation as a lazy frame."""
    return nw.from_native(relation).lazy()
