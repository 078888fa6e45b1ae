"""The scan: reads a delivery and returns its profile, totals per seller and refused rows.

The profile says how often each rule is broken; whether that blocks the month is up to the gate.
"""

import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import duckdb
import narwhals as nw
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from adapters.ingest import questions, seller_questions
from adapters.ingest.damage import naming_files
from adapters.ingest.delivered_rows import DeliveredRows, open_files
from adapters.ingest.delivery import Delivery
from adapters.ingest.engine import open_engine
from adapters.ingest.opening import Reading, UnreliableReading
from adapters.ingest.quarantine import write_quarantine
from adapters.ingest.questions import LINE_KEY_NUMBER, Check, FileCount, Frame
from adapters.ingest.quoting import literal
from adapters.ingest.scanned import SETS, UNREADABLE, Counts, Scanned
from adapters.ingest.staged_month import SELLERS, TOTALS, StagedMonth
from domain import profile as counted
from domain.settlement import COLUMNS, SELLER_COLUMNS, Content

_FIRST_READING = Reading.SIMPLE


def scan_delivery(
    delivery: Delivery,
    line_checks: Sequence[Check],
    snapshot_checks: Sequence[Check],
    staging: Path,
    quarantine: Path,
) -> StagedMonth:
    """Scan a delivery into the folder `staging`, and its refused rows into `quarantine`.

    Both folders are created if missing. Raises DeliveryRefused for damaged files, and
    DeliveryChanged for files that changed meanwhile.
    """
    work = staging / "work"
    work.mkdir(parents=True, exist_ok=True)
    checks = {Content.SETTLEMENTS: line_checks, Content.SELLERS: snapshot_checks}
    readings = dict.fromkeys(Content, _FIRST_READING)
    try:
        while True:
            try:
                with open_engine(work / "spill") as engine, naming_files(delivery) as rows:
                    for content in Content:
                        files, reading = delivery.of(content), readings[content]
                        rows[content] = open_files(engine, files, work, reading)
                    return _Scan(engine, delivery, checks, rows).run(staging, quarantine)
            except UnreliableReading as unfit:
                readings[unfit.content] = readings[unfit.content].more_careful
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _frame(relation: duckdb.DuckDBPyRelation) -> Frame:
    return nw.from_native(relation).lazy()


@dataclass(frozen=True, slots=True)
class _LinesRead:
    """What is kept of each part of the lines; counts by file only if there are several files."""

    totals: list[Frame]
    key_numbers: list[NDArray[np.uint64]]
    by_file: list[dict[str, FileCount]]


@dataclass(frozen=True, slots=True)
class _Scan:
    """A delivery's rows in the engine, and the passes over them."""

    engine: duckdb.DuckDBPyConnection
    delivery: Delivery
    checks: Mapping[Content, Sequence[Check]]
    rows: Mapping[Content, DeliveredRows]

    def run(self, staging: Path, quarantine: Path) -> StagedMonth:
        """Run all queries, and write the totals and refused rows."""
        counts = {Content.SELLERS: self._seller_counts()}
        read = self._read_lines()
        with ThreadPoolExecutor(1) as beside:  # sorting numbers uses one processor
            repeated = beside.submit(questions.repeated, read.key_numbers)
            totals = self._added_up(read.totals)
            counts[Content.SETTLEMENTS] = self._line_counts(read, totals)
            stores = self._keep("stores", seller_questions.stores(self.rows[Content.SELLERS].whole))
            sellers = self._keep("selling", seller_questions.selling(totals, stores))
            self._write(staging, totals)
        sets = self._sets(repeated.result(), stores, sellers)
        refused = self._refuse(sets, counts, quarantine)
        found = Scanned(
            self.engine, self.delivery, self.checks, self.rows, counts, totals, sellers, refused
        )
        return StagedMonth(
            settlement_month=self.delivery.settlement_month,
            content_hash=self.delivery.content_hash,
            source=self.delivery.source,
            directory=staging,
            quarantine=refused,
            profile=found.profile(),
        )

    def _read_lines(self) -> _LinesRead:
        """Read every line once, and keep what a sound delivery needs."""
        several = len(self.delivery.of(Content.SETTLEMENTS)) > 1
        read = _LinesRead([], [], [])
        for number, part in enumerate(self.rows[Content.SETTLEMENTS].parts()):
            totals = questions.totals_per_seller(part.rows, self.checks[Content.SETTLEMENTS])
            read.totals.append(self._keep(f"totals_{number}", totals))
            read.key_numbers.extend(part.key_numbers())
            read.by_file.append(part.by_file() if several else {})
        return read

    def _line_counts(self, read: _LinesRead, totals: Frame) -> dict[str, FileCount]:
        """Count by file; rules are counted separately only if any is broken."""
        rows, whole = self.rows[Content.SETTLEMENTS], questions.whole_total(totals)
        rows.check_complete(whole.lines)
        if not whole.sound:
            counts = questions.broken_by_file(rows.whole, self.checks[Content.SETTLEMENTS])
            rows.check_complete(sum(count.rows for count in counts.values()), whole.lines)
            return counts
        files = self.delivery.of(Content.SETTLEMENTS)
        if len(files) == 1:
            return {files[0].name: FileCount(whole.lines, whole.amount_krw)}
        counts = questions.added_by_file(read.by_file)
        if sum(count.rows for count in counts.values()) != whole.lines:
            raise AssertionError("lines by file are not all lines")
        return counts

    def _seller_counts(self) -> dict[str, FileCount]:
        rows = self.rows[Content.SELLERS]
        counts = questions.count_by_file(rows.whole, self.checks[Content.SELLERS])
        rows.check_complete(sum(count.rows for count in counts.values()))
        return counts

    def _added_up(self, totals: Sequence[Frame]) -> Frame:
        return totals[0] if len(totals) == 1 else self._keep("totals", questions.added_up(totals))

    def _keep(self, name: str, frame: Frame) -> Frame:
        """Store an intermediate result in the engine, where it may spill."""
        frame.to_native().create(name)
        return _frame(self.engine.table(name))

    def _sets(
        self, repeated: NDArray[np.uint64], stores: Frame, sellers: Frame
    ) -> dict[str, Frame]:
        """Return, for each rule over the whole delivery, the keys of the rows to refuse."""
        found = {
            counted.UNKNOWN_SELLER: seller_questions.unknown_sellers(sellers),
            counted.SELLER_TWICE: seller_questions.repeated_sellers(stores),
            counted.SELLER_LOOKALIKE: self._lookalikes(),
        }
        if repeated.size:
            numbers = _frame(self.engine.from_arrow(pa.table({LINE_KEY_NUMBER: repeated})))
            whole = self.rows[Content.SETTLEMENTS].whole
            found[counted.DUPLICATE_LINE] = questions.repeated_keys(whole, numbers)
        kept = {rule: self._keep(rule, keys) for rule, keys in found.items()}
        return {rule: keys for rule, keys in kept.items() if self._holds(rule)}

    def _lookalikes(self) -> Frame:
        """Find the stores whose ids have the same `lookalike_key`."""
        keys = "SELECT lookalike_key(seller_id) AS key FROM stores GROUP BY ALL HAVING count(*) > 1"
        alike = f"SELECT seller_id FROM stores WHERE lookalike_key(seller_id) IN ({keys})"
        return _frame(self.engine.sql(alike))

    def _refuse(self, sets: Mapping[str, Frame], counts: Counts, folder: Path) -> Path | None:
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
            _frame(rows).select("file", "row", nw.lit(UNREADABLE[content]).alias("rules"))
            for content, rows in rejected.items()
        ]
        return write_quarantine(self.engine, refused, with_rule, folder)

    def _refuses(self, content: Content, counts: Mapping[str, FileCount]) -> bool:
        refusing = [check.name for check in self.checks[content] if check.refuses]
        return any(file.breaking(name) for file in counts.values() for name in refusing)

    def _holds(self, table: str) -> bool:
        return bool(self.engine.table(table).limit(1).fetchall())

    def _write(self, staging: Path, totals: Frame) -> None:
        # A sum beyond bigint is a critical finding already and must not stop the report.
        self.engine.execute(
            "COPY (SELECT seller_id, line_type, lines::BIGINT AS lines, "
            f"TRY_CAST(amount_krw AS BIGINT) AS amount_krw FROM ({totals.to_native().sql_query()}) "
            "ORDER BY 1, 2) "
            f"TO {literal(str(staging / TOTALS))} (FORMAT parquet)"
        )
        columns = questions.canonical(SELLER_COLUMNS)
        sellers = self.rows[Content.SELLERS].whole.select(*columns).sort("seller_id")
        sellers.to_native().write_parquet(str(staging / SELLERS))
