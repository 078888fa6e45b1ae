"""The scan of a month: reads a delivery and returns its profile, totals per seller, refused rows.

The profile says how often each rule is broken; whether that blocks the month is up to the gate.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from adapters.ingest import questions, seller_questions
from adapters.ingest.delivery import Delivery
from adapters.ingest.questions import LINE_KEY_NUMBER, Check, FileCount, Frame
from adapters.ingest.quoting import literal
from adapters.ingest.scanned import Scanned
from adapters.ingest.scanned_month import ScannedMonth
from adapters.ingest.scanning import OpenDelivery, as_frame, scan_open
from adapters.ingest.staged_month import SELLERS, TOTALS, StagedMonth
from domain import profile as counted
from domain.columns import Content
from domain.months import SettlementMonth
from domain.settlement import SELLER_COLUMNS


def scan_delivery(
    delivery: Delivery[SettlementMonth],
    line_checks: Sequence[Check],
    snapshot_checks: Sequence[Check],
    staging: Path,
    quarantine: Path,
) -> StagedMonth:
    """Scan a delivery into the folder `staging`, and its refused rows into `quarantine`.

    Both folders are created if missing. Raises DeliveryRefused for damaged files, and
    DeliveryChanged for files that changed meanwhile.
    """
    checks = {Content.SETTLEMENTS: line_checks, Content.SELLERS: snapshot_checks}
    return scan_open(
        delivery, checks, staging, lambda opened: _Scan(opened).run(staging, quarantine)
    )


@dataclass(frozen=True, slots=True)
class _LinesRead:
    """What is kept of each part of the lines; counts by file only if there are several files."""

    totals: list[Frame]
    key_numbers: list[NDArray[np.uint64]]
    by_file: list[dict[str, FileCount]]


@dataclass(frozen=True, slots=True)
class _Scan:
    """The passes over a month's rows."""

    opened: OpenDelivery

    def run(self, staging: Path, quarantine: Path) -> StagedMonth:
        """Run all queries, and write the totals and refused rows."""
        opened, delivery = self.opened, self.opened.delivery
        counts = {Content.SELLERS: opened.count(Content.SELLERS)}
        read = self._read_lines()
        with ThreadPoolExecutor(1) as beside:  # sorting numbers uses one processor
            repeated = beside.submit(questions.repeated, read.key_numbers)
            totals = self._added_up(read.totals)
            counts[Content.SETTLEMENTS] = self._line_counts(read, totals)
            snapshot = opened.rows[Content.SELLERS].whole
            stores = opened.keep("stores", seller_questions.stores(snapshot))
            sellers = opened.keep("selling", seller_questions.selling(totals, stores))
            self._write(staging, totals)
        sets = self._sets(repeated.result(), stores, sellers)
        refused = opened.refuse(sets, counts, quarantine)
        found = ScannedMonth(Scanned(opened, counts, refused), totals, sellers)
        return StagedMonth(
            settlement_month=delivery.period,
            content_hash=delivery.content_hash,
            source=delivery.source,
            directory=staging,
            quarantine=refused,
            profile=found.profile(),
        )

    def _read_lines(self) -> _LinesRead:
        """Read every line once, and keep what a sound delivery needs."""
        opened, checks = self.opened, self.opened.checks[Content.SETTLEMENTS]
        several = len(opened.delivery.of(Content.SETTLEMENTS)) > 1
        read = _LinesRead([], [], [])
        for number, part in enumerate(opened.rows[Content.SETTLEMENTS].parts()):
            totals = questions.totals_per_seller(part.rows, checks)
            read.totals.append(opened.keep(f"totals_{number}", totals))
            read.key_numbers.extend(part.key_numbers())
            read.by_file.append(part.by_file() if several else {})
        return read

    def _line_counts(self, read: _LinesRead, totals: Frame) -> dict[str, FileCount]:
        """Count by file; rules are counted separately only if any is broken."""
        rows, whole = self.opened.rows[Content.SETTLEMENTS], questions.whole_total(totals)
        rows.check_complete(whole.lines)
        if not whole.sound:
            checks = self.opened.checks[Content.SETTLEMENTS]
            counts = questions.broken_by_file(rows.whole, checks)
            rows.check_complete(sum(count.rows for count in counts.values()), whole.lines)
            return counts
        files = self.opened.delivery.of(Content.SETTLEMENTS)
        if len(files) == 1:
            return {files[0].name: FileCount(whole.lines, whole.amount_krw)}
        counts = questions.added_by_file(read.by_file)
        if sum(count.rows for count in counts.values()) != whole.lines:
            raise AssertionError("lines by file are not all lines")
        return counts

    def _added_up(self, totals: Sequence[Frame]) -> Frame:
        if len(totals) == 1:
            return totals[0]
        return self.opened.keep("totals", questions.added_up(totals))

    def _sets(
        self, repeated: NDArray[np.uint64], stores: Frame, sellers: Frame
    ) -> Mapping[str, Frame]:
        """Return, for each rule over the whole delivery, the keys of the rows to refuse."""
        found = {
            counted.UNKNOWN_SELLER: seller_questions.unknown_sellers(sellers),
            counted.SELLER_TWICE: seller_questions.repeated_sellers(stores),
            counted.SELLER_LOOKALIKE: self._lookalikes(),
        }
        if repeated.size:
            numbers = as_frame(self.opened.engine.from_arrow(pa.table({LINE_KEY_NUMBER: repeated})))
            whole = self.opened.rows[Content.SETTLEMENTS].whole
            found[counted.DUPLICATE_LINE] = questions.repeated_keys(whole, numbers)
        return self.opened.kept_sets(found)

    def _lookalikes(self) -> Frame:
        """Find the stores whose ids have the same `lookalike_key`."""
        keys = "SELECT lookalike_key(seller_id) AS key FROM stores GROUP BY ALL HAVING count(*) > 1"
        alike = f"SELECT seller_id FROM stores WHERE lookalike_key(seller_id) IN ({keys})"
        return as_frame(self.opened.engine.sql(alike))

    def _write(self, staging: Path, totals: Frame) -> None:
        # A sum beyond bigint is a critical finding already and must not stop the report.
        self.opened.engine.execute(
            "COPY (SELECT seller_id, line_type, lines::BIGINT AS lines, "
            f"TRY_CAST(amount_krw AS BIGINT) AS amount_krw FROM ({totals.to_native().sql_query()}) "
            "ORDER BY 1, 2) "
            f"TO {literal(str(staging / TOTALS))} (FORMAT parquet)"
        )
        columns = questions.canonical(SELLER_COLUMNS)
        sellers = self.opened.rows[Content.SELLERS].whole.select(*columns).sort("seller_id")
        sellers.to_native().write_parquet(str(staging / SELLERS))
