"""The scan of a month: reads a delivery and returns its profile, totals per seller, refused rows.

The profile says how often each rule is broken; whether that blocks the month is up to the gate.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from adapters.ingest import questions, seller_questions
from adapters.ingest.delivery import Delivery
from adapters.ingest.engines.address import EMBEDDED
from adapters.ingest.engines.choosing import reading_lines
from adapters.ingest.engines.lines import Lines
from adapters.ingest.questions import Frame
from adapters.ingest.quoting import literal
from adapters.ingest.scanned import Scanned
from adapters.ingest.scanned_month import ScannedMonth
from adapters.ingest.scanning import Checks, OpenDelivery, as_frame, scan_open
from adapters.ingest.staged_month import SELLERS, TOTALS, StagedMonth
from domain import profile as counted
from domain.columns import Content
from domain.months import SettlementMonth
from domain.settlement import SELLER_COLUMNS


def scan_delivery(
    delivery: Delivery[SettlementMonth],
    checks: Checks,
    staging: Path,
    quarantine: Path,
    engine: str = EMBEDDED,
) -> StagedMonth:
    """Scan a delivery into the folder `staging`, and its refused rows into `quarantine`.

    Both folders are created if missing; `engine` is the address of what reads the lines. Raises
    DeliveryRefused for damaged files, DeliveryChanged for files that changed meanwhile, and
    EngineUnfit, ClusterAway and ClusterFailed for an engine that cannot read them.
    """
    with reading_lines(delivery, engine) as lines_of:
        return scan_open(
            delivery,
            checks,
            staging,
            lambda opened: _Scan(opened, lines_of(opened)).run(staging, quarantine),
        )


@dataclass(frozen=True, slots=True)
class _Scan:
    """The passes over a month's rows."""

    opened: OpenDelivery
    lines: Lines

    def run(self, staging: Path, quarantine: Path) -> StagedMonth:
        """Run all queries, and write the totals and refused rows."""
        opened, lines = self.opened, self.lines
        counts = {Content.SELLERS: opened.count(Content.SELLERS)}
        totals = lines.totals()
        with ThreadPoolExecutor(1) as beside:  # sorting numbers uses one processor
            repeated = beside.submit(lines.find_repeated)
            counts[Content.SETTLEMENTS] = lines.by_file(totals)
            snapshot = opened.rows[Content.SELLERS].whole
            stores = opened.keep("stores", seller_questions.stores(snapshot))
            sellers = opened.keep("selling", seller_questions.selling(totals, stores))
            self._write(staging, totals)
        repeated.result()
        sets = self._sets(lines.repeated_keys(), stores, sellers)
        opened = lines.refusing(counts, sets)
        refused = opened.refuse(sets, counts, quarantine)
        found = ScannedMonth(Scanned(opened, counts, refused), lines, totals, sellers)
        return StagedMonth(
            settlement_month=opened.delivery.period,
            content_hash=opened.delivery.content_hash,
            source=opened.delivery.source,
            directory=staging,
            quarantine=refused,
            profile=found.profile(),
        )

    def _sets(self, repeated: Frame | None, stores: Frame, sellers: Frame) -> Mapping[str, Frame]:
        """Return, for each rule over the whole delivery, the keys of the rows to refuse."""
        found = {
            counted.UNKNOWN_SELLER: seller_questions.unknown_sellers(sellers),
            counted.SELLER_TWICE: seller_questions.repeated_sellers(stores),
            counted.SELLER_LOOKALIKE: self._lookalikes(),
        }
        if repeated is not None:
            found[counted.DUPLICATE_LINE] = repeated
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
